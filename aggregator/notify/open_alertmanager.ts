import { NotificationTemplates } from "#aggregator/channels/templates/notification_templates.ts";
import { Alertmanager, type AlertmanagerParts } from "./alertmanager.ts";
import { AlertDetails, type AlertDetailsParts } from "./charts/alert_details.ts";
import { PublishedCharts } from "./charts/published_charts.ts";
import { renderChart } from "./charts/render_chart.ts";
import { templateFiles } from "./config/template_files.ts";
import { knownChannels } from "./known_channels.ts";
import { PushBook } from "./push/push_book.ts";
import type { Settings } from "./read_settings.ts";

type Config = Settings & { readonly tenant: string };
type Parts = Pick<AlertmanagerParts, "clock" | "log" | "metrics" | "catalog"> & {
  /** Without it, messages have no details. */
  readonly charts?: Pick<AlertDetailsParts, "askChart" | "askChanges">;
};

/** The Alertmanager of a configuration, with all channels. Only charts in messages use a query engine: it works on while queries are overloaded. */
export async function openAlertmanager(config: Config, parts: Parts): Promise<Alertmanager> {
  const { clock, metrics, charts, catalog } = parts;
  const { tenant, alertmanager: keys } = config;
  const log = parts.log.child({ room: "notify" });
  const now = () => clock.now();
  const externalUrl = () => (keys.external_url || config.rules.external_url).replace(/\/+$/, "");
  const published = await PublishedCharts.open({ catalog, tenant, now, externalUrl, log, metrics });
  const drawing = { render: renderChart, published, now, log, metrics };
  const details = charts && new AlertDetails({ ...charts, ...drawing });
  const push = await PushBook.open({ catalog, tenant, now, hosts: keys.push_hosts });
  return Alertmanager.open(config, {
    ...parts,
    web: { push, charts: published },
    log,
    tenant,
    channels: knownChannels,
    channelParts: async (templates, configFile) => {
      const read = new NotificationTemplates(await templateFiles(templates, configFile));
      return {
        textsOf: (notification) => read.textsOf(notification, clock.now()),
        fetch,
        now,
        ...(details && { detailsOf: (notification) => details.of(notification) }),
        areScriptsAllowed: keys.scripts,
        push,
      };
    },
  });
}
