import { httpChannel, sent } from "../http_channel.ts";
import { gotifyMessage } from "./message.ts";
import { GotifyConfig } from "./schema.ts";

/** Messages of Gotify. */
export const gotify = httpChannel<GotifyConfig>({
  name: "gotify",
  title: "Gotify",
  schema: GotifyConfig,
  send: async (config, { texts, secret, ask, details }) => {
    const headers = { "X-Gotify-Key": await secret(config.token, config.token_file) };
    const url = `${config.url.replace(/\/$/, "")}/message`;
    return sent(await ask({ url, headers, json: gotifyMessage(config, texts, await details()) }));
  },
});
