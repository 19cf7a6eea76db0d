import { withExternalUrl } from "./config/external_url.ts";
import type { AggregatorConfig } from "./config/config.ts";
import type { EventBook } from "./events/event_book.ts";
import type { AgentFeeds } from "./fleet/missing/agent_feeds.ts";
import type { Agents } from "./fleet/agents.ts";
import { foundKinds } from "./fleet/found_kinds.ts";
import { FeedArchive } from "./fleet/missing/feed_archive.ts";
import { MissingAgents } from "./fleet/missing/missing_agents.ts";
import { chartQueries } from "./open_charts.ts";
import type { Ingest } from "./ingest/ingest.ts";
import type { AlertHistory } from "./notify/history/alert_history.ts";
import { openAlertmanager } from "./notify/open_alertmanager.ts";
import type { SqlEngine } from "./query/sql.ts";
import type { Sources } from "./query/sources.ts";
import type { DueData } from "./read/own_data.ts";
import type { BlockStore } from "./blocks/block_store.ts";
import type { GroupEvaluation } from "./rules/group_evaluation.ts";
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
  readonly sql: Pick<SqlEngine, "query" | "reads">;
  readonly agents: Agents;
  readonly feeds: AgentFeeds;
  readonly events: Pick<EventBook, "list">;
};
type Parts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly providedRules?: LoadProvidedRules;
};

/** Gives the history what the rules of a group have made of their alerts. */
function recordChanges(
  history: AlertHistory,
  { group, rules, timeMs }: GroupEvaluation,
): Promise<void> {
  const observed = rules.flatMap(({ rule, alerting, health }) => {
    if (alerting === undefined) return [];
    const isSettled = alerting.isRestored && health === "ok";
    return [{ name: rule.name, alerts: alerting.all, isSettled }];
  });
  return history.evaluated({ file: group.file, name: group.name }, observed, timeMs);
}

/** Rules, and the Alertmanager that gets their alerts. */
export async function openAlerting(
  config: AggregatorConfig,
  { store, ingest, sources, sql, agents, feeds, events }: Rooms,
  { clock, log, metrics, providedRules }: Parts,
) {
  const { catalog } = store.backupTools;
  const linked = withExternalUrl(config);
  const charts = chartQueries(config, { sources, events }, clock);
  const alertmanager = await openAlertmanager(linked, { clock, log, metrics, catalog, charts });
  const { tenant } = config;
  const known = () => new Set(agents.list(tenant).map(({ heartbeat }) => heartbeat.agent));
  const fleetLog = log.child({ room: "fleet" });
  const archive = await FeedArchive.open({ catalog, tenant, clock, feeds, known, log: fleetLog });
  const missing = new MissingAgents({
    tenant,
    clock,
    agents,
    feeds,
    archive,
    lag: (agent, signal, nowMs) => ingest.lanes.lag(tenant, { agent, signal }, nowMs),
  });
  const rules = await openRules(linked, {
    clock,
    metrics,
    sources,
    sql,
    catalog,
    missing,
    provided: providedRules,
    foundKinds: () => foundKinds(agents.all(), tenant),
    append: (of: string, data: DueData) => ingest.append(of, data),
    notifierTrouble: () => alertmanager.trouble(),
    sendOwn: (alerts: readonly SentAlert[]) => void alertmanager.put(alerts, "rules"),
    onEvaluated: (evaluation) => recordChanges(alertmanager.history, evaluation),
    log: log.child({ room: "rules" }),
  });
  alertmanager.history.followGroups(() =>
    rules.rules.evaluations.map(({ group }) => ({ file: group.file, name: group.name })),
  );
  const start = () => {
    archive.start();
    rules.start();
  };
  const close = async () => {
    await rules.close();
    await archive.close();
  };
  return { alertmanager, rules: { ...rules, start, close } };
}
