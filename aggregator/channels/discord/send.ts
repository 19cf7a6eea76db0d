import { httpChannel, orWithoutChart, sent } from "../http_channel.ts";
import { discordForm, discordMessage } from "./message.ts";
import { DiscordConfig } from "./schema.ts";

/** Messages in a channel of Discord, by a webhook. */
export const discord = httpChannel<DiscordConfig>({
  name: "discord",
  title: "Discord",
  schema: DiscordConfig,
  send: async (config, { notification, texts, secret, ask, details }) => {
    const url = await secret(config.webhook_url, config.webhook_url_file);
    const more = await details();
    return orWithoutChart(more, async (chart) => {
      const shown = more && { ...more, chart };
      const message = discordMessage(config, notification, texts, shown);
      if (chart === undefined) return sent(await ask({ url, json: message }));
      return sent(await ask({ url, body: discordForm(message, chart) }));
    });
  },
});
