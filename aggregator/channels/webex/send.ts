import { httpChannel, sent } from "../http_channel.ts";
import { webexMessage } from "./message.ts";
import { WebexConfig } from "./schema.ts";

/** Messages in a room of Webex, by a bot. */
export const webex = httpChannel<WebexConfig>({
  name: "webex",
  title: "Webex",
  schema: WebexConfig,
  complete: (config, global) => ({
    config: { ...config, api_url: config.api_url ?? global.webex_api_url },
    mistakes:
      config.http_config?.authorization === undefined
        ? ["missing http_config.authorization: expected the bot's token"]
        : [],
  }),
  send: async (config, { texts, ask }) =>
    sent(await ask({ url: config.api_url ?? "", json: webexMessage(config, texts) })),
});
