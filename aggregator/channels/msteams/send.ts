import { httpChannel, sent } from "../http_channel.ts";
import { messageCard } from "./message.ts";
import { MsTeamsConfig } from "./schema.ts";

/** Cards in Microsoft Teams, by a connector of Office 365. */
export const msteams = httpChannel<MsTeamsConfig>({
  name: "msteams",
  title: "Microsoft Teams (connector)",
  schema: MsTeamsConfig,
  send: async (config, { notification, texts, secret, ask, details }) => {
    const url = await secret(config.webhook_url, config.webhook_url_file);
    const json = messageCard(config, notification, texts, await details());
    return sent(await ask({ url, json }));
  },
});
