import { httpChannel, sent } from "../http_channel.ts";
import { adaptiveCard } from "./message.ts";
import { MsTeamsV2Config } from "./schema.ts";

/** Adaptive cards in Microsoft Teams, by a workflow. */
export const msteamsv2 = httpChannel<MsTeamsV2Config>({
  name: "msteamsv2",
  title: "Microsoft Teams",
  schema: MsTeamsV2Config,
  send: async (config, { notification, texts, secret, ask, details }) => {
    const url = await secret(config.webhook_url, config.webhook_url_file);
    const json = adaptiveCard(config, notification, texts, await details());
    return sent(await ask({ url, json }));
  },
});
