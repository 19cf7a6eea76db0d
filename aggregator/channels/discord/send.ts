import { httpChannel, sent } from "../http_channel.ts";
import { discordMessage } from "./message.ts";
import { DiscordConfig } from "./schema.ts";

/** Messages in a channel of Discord, by a webhook. */
export const discord = httpChannel<DiscordConfig>({
  name: "discord",
  title: "Discord",
  schema: DiscordConfig,
  send: async (config, { notification, texts, secret, ask }) => {
    const url = await secret(config.webhook_url, config.webhook_url_file);
    return sent(await ask({ url, json: discordMessage(config, notification, texts) }));
  },
});
