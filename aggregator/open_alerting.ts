import { withExternalUrl } from "./config/external_url.ts";
import type { AggregatorConfig } from "./config/config.ts";
import type { Agents } from "./fleet/agents.ts";
import { foundKinds } from "./fleet/found_kinds.ts";
import type { Ingest } from "./ingest/ingest.ts";
import { openAlertmanager } from "./notify/open_alertmanager.ts";
import type { Sources } from "./query/sources.ts";
import type { DueData } from "./read/own_data.ts";
import type { BlockStore } from "./blocks/block_store.ts";
import { openRules } from "./rules/open_rules.ts";
import type { LoadProvidedRules } from "./rules/integration_rules/provided_rules.ts";
import type { SentAlert } from "./rules/sent_alerts.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

type Rooms = {
  readonly store: BlockStore;
  readonly ingest: Ingest;
  readonly sources: Sources;
  readonly agents: Agents;
};
type Parts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly providedRules?: LoadProvidedRules;
};

/** Rules, and the Alertmanager that gets their alerts. */
export async function openAlerting(
  config: AggregatorConfig,
  { store, ingest, sources, agents }: Rooms,
  { clock, log, metrics, providedRules }: Parts,
) {
  const { catalog } = store.backupTools;
  const linked = withExternalUrl(config);
  const alertmanager = await openAlertmanager(linked, { clock, log, metrics, catalog });
  const rules = await openRules(linked, {
    clock,
    metrics,
    sources,
    catalog,
    provided: providedRules,
    foundKinds: () => foundKinds(agents.all(), config.tenant),
    append: (tenant: string, data: DueData) => ingest.append(tenant, data),
    notifierTrouble: () => alertmanager.trouble(),
    sendOwn: (alerts: readonly SentAlert[]) => void alertmanager.put(alerts),
    log: log.child({ room: "rules" }),
  });
  return { alertmanager, rules };
}
