import { httpChannel, sent } from "../http_channel.ts";
import { isGiven } from "../key_checks.ts";
import { ntfyMessage } from "./message.ts";
import { NtfyConfig } from "./schema.ts";

/** Messages of ntfy. */
export const ntfy = httpChannel<NtfyConfig>({
  name: "ntfy",
  title: "ntfy",
  schema: NtfyConfig,
  send: async (config, { texts, secret, ask }) => {
    const isClosed = isGiven(config.token) || isGiven(config.token_file);
    const headers = isClosed
      ? { Authorization: `Bearer ${await secret(config.token, config.token_file)}` }
      : {};
    return sent(await ask({ url: config.url, headers, json: ntfyMessage(config, texts) }));
  },
});
