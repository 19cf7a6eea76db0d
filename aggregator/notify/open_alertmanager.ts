import { NotificationTemplates } from "#aggregator/channels/templates/notification_templates.ts";
import { Alertmanager, type AlertmanagerParts } from "./alertmanager.ts";
import { templateFiles } from "./config/template_files.ts";
import { knownChannels } from "./known_channels.ts";
import type { Settings } from "./read_settings.ts";

type Config = Settings & { readonly tenant: string };
type Parts = Pick<AlertmanagerParts, "clock" | "log" | "metrics" | "catalog">;

/** The Alertmanager of a configuration, with all channels. It uses no query engine: it works on while queries are overloaded. */
export function openAlertmanager(config: Config, parts: Parts): Promise<Alertmanager> {
  const { clock, log } = parts;
  return Alertmanager.open(config, {
    ...parts,
    log: log.child({ room: "notify" }),
    tenant: config.tenant,
    channels: knownChannels,
    channelParts: async (templates, configFile) => {
      const read = new NotificationTemplates(await templateFiles(templates, configFile));
      return {
        textsOf: (notification) => read.textsOf(notification, clock.now()),
        fetch,
        now: () => clock.now(),
        areScriptsAllowed: config.alertmanager.scripts,
      };
    },
  });
}
