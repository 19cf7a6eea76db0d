import { NotificationTemplates } from "#aggregator/channels/templates/notification_templates.ts";
import { Alertmanager, type AlertmanagerParts } from "./alertmanager.ts";
import { AlertDetails, type AlertDetailsParts } from "./charts/alert_details.ts";
import { renderChart } from "./charts/render_chart.ts";
import { templateFiles } from "./config/template_files.ts";
import { knownChannels } from "./known_channels.ts";
import type { Settings } from "./read_settings.ts";

type Config = Settings & { readonly tenant: string };
type Parts = Pick<AlertmanagerParts, "clock" | "log" | "metrics" | "catalog"> & {
  /** Without it, messages have no details. */
  readonly charts?: Pick<AlertDetailsParts, "askChart" | "askChanges">;
};

/** The Alertmanager of a configuration, with all channels. Only charts in messages use a query engine: it works on while queries are overloaded. */
export function openAlertmanager(config: Config, parts: Parts): Promise<Alertmanager> {
  const { clock, metrics, charts } = parts;
  const log = parts.log.child({ room: "notify" });
  const now = () => clock.now();
  const details = charts && new AlertDetails({ ...charts, render: renderChart, now, log, metrics });
  return Alertmanager.open(config, {
    ...parts,
    log,
    tenant: config.tenant,
    channels: knownChannels,
    channelParts: async (templates, configFile) => {
      const read = new NotificationTemplates(await templateFiles(templates, configFile));
      return {
        textsOf: (notification) => read.textsOf(notification, clock.now()),
        fetch,
        now,
        ...(details && { detailsOf: (notification) => details.of(notification) }),
        areScriptsAllowed: config.alertmanager.scripts,
      };
    },
  });
}
