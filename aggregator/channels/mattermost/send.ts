import { ownOrGlobal } from "../global_secret.ts";
import { httpChannel, sent } from "../http_channel.ts";
import { mattermostMessage } from "./message.ts";
import { MattermostConfig } from "./schema.ts";

/** Messages in Mattermost, by an incoming webhook. */
export const mattermost = httpChannel<MattermostConfig>({
  name: "mattermost",
  title: "Mattermost",
  schema: MattermostConfig,
  complete: (config, global) => {
    const { text, file, mistakes } = ownOrGlobal(
      { text: config.webhook_url, file: config.webhook_url_file },
      { text: global.mattermost_webhook_url, file: global.mattermost_webhook_url_file },
      "Mattermost webhook URL",
    );
    return { config: { ...config, webhook_url: text, webhook_url_file: file }, mistakes };
  },
  send: async (config, { texts, secret, ask, details }) => {
    const url = await secret(config.webhook_url, config.webhook_url_file);
    return sent(await ask({ url, json: mattermostMessage(config, texts, await details()) }));
  },
});
