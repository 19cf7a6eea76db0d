import { Hono } from "hono";
import { formatDuration } from "#shared/text/duration.ts";
import { version } from "#shared/version.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { AggregatorConfig } from "../config/config.ts";
import type { Dashboards } from "../dashboards/dashboards.ts";
import type { Transactions } from "../dashboards/saved_dashboards.ts";
import type { EventBook } from "../events/event_book.ts";
import type { Agents } from "../fleet/agents.ts";
import type { SeriesLimitState } from "../fleet/series_limit_states.ts";
import type { Head } from "../read/head.ts";
import type { Ingest } from "../ingest/ingest.ts";
import type { PatternWatch } from "../patterns/pattern_watch.ts";
import { storageUrl } from "../inventory/storage.ts";
import { logqlLimits } from "../query/logql/evaluate.ts";
import { QueryMemory } from "../read/memory/query_memory.ts";
import { measureRefusals } from "../query/refusals.ts";
import { createPromqlEngine } from "../query/promql/engine.ts";
import type { Sources } from "../query/sources.ts";
import type { SqlEngine } from "../query/sql.ts";
import type { RulesView } from "../rules/rules_view.ts";
import type { StoredSignals } from "../blocks/signals/stored_signal.ts";
import type { Block } from "../read/store.ts";
import { createTailMeters } from "../tail/tail_meters.ts";
import type { Tails } from "../tail/tails.ts";
import { compressed } from "./compressed.ts";
import { connectRoutes } from "./connect_routes.ts";
import { registerDashboardService } from "./dashboard_rpc.ts";
import { type DataRpcParts, registerDataService } from "./data_rpc.ts";
import { registerEventService } from "./event_rpc.ts";
import type { Alertmanager } from "../notify/alertmanager.ts";
import { rulerRoutes } from "./routes/ruler/ruler_routes.ts";
import type { StoredRules } from "../rules/stored/stored_rules.ts";
import { alertmanagerRoutes } from "./routes/alertmanager/routes.ts";
import { grafanaRoutes } from "./routes/dashboards/grafana_routes.ts";
import { dashboardRoutes } from "./routes/dashboards/routes.ts";
import { flushRoutes } from "./routes/flush_routes.ts";
import { type DeleteParts, deleteRoutes } from "./routes/delete_routes.ts";
import { adminRoutes, type AdminParts } from "./routes/prometheus/admin_routes.ts";
import { deleteLogsRoutes } from "./routes/loki/delete_routes.ts";
import type { LokiParts } from "./routes/loki/context.ts";
import { lokiRoutes } from "./routes/loki/loki.ts";
import { type MonitoringParts, monitoringRoutes } from "./routes/monitoring/routes.ts";
import { historyRoutes } from "./routes/monitoring/history_routes.ts";
import { chartRoutes } from "./routes/monitoring/chart_routes.ts";
import { pushRoutes } from "./routes/monitoring/push_routes.ts";
import { recurringRoutes } from "./routes/monitoring/recurring_routes.ts";
import { dependencyRoutes } from "./routes/monitoring/dependency_routes.ts";
import { routingRoutes } from "./routes/monitoring/routing_routes.ts";
import { prometheusRoutes } from "./routes/prometheus/routes.ts";
import { shownConfig } from "#shared/runtime/config/shown_config.ts";
import { blockMetas, flagsOf } from "./prometheus_status.ts";
import { rpcRoutes } from "./rpc.ts";
import { poolsOf, targetsOf } from "./targets.ts";

export type ApiParts = {
  readonly config: AggregatorConfig;
  readonly clock: Clock;
  readonly agents: Agents;
  readonly ingest: Ingest;
  readonly head: Pick<Head, "overview" | "size">;
  readonly seriesLimits: (tenant: string) => SeriesLimitState[];
  /** Those that are visible now, of all tenants and signals. */
  readonly blocks: () => readonly Block[];
  readonly sources: Sources;
  readonly sql: SqlEngine;
  readonly tails: Tails;
  readonly patterns: Pick<PatternWatch, "find">;
  readonly rules: () => RulesView;
  readonly storedRules: StoredRules;
  readonly rulesConfig: MonitoringParts["rulesConfig"];
  readonly alertmanager: Alertmanager;
  readonly admin: Omit<AdminParts, "tenant"> &
    Pick<DeleteParts, "delete"> & { readonly flush: () => Promise<void> };
  readonly deletions: Pick<DeleteParts, "cancel" | "list">;
  /** Those that are stored. */
  readonly signals: StoredSignals;
  readonly dashboards: Dashboards;
  readonly catalog: Transactions;
  readonly events: EventBook;
  /** How the store is. */
  readonly storeState: Pick<DataRpcParts, "cacheBytes" | "maintenance">;
  readonly lifecycle: Lifecycle;
  readonly metrics: SelfMetrics;
  /** As of the last reload. */
  readonly shownConfig: () => unknown;
};

/** Everything that the aggregator answers over HTTP, but for the pages of its interface. */
export function apiRoutes(parts: ApiParts): Hono {
  const { config, clock, agents, ingest, sources, sql, tails } = parts;
  const { tenant } = config;
  const engine = createPromqlEngine(sources.metrics, config.query.promql, clock);
  const onDropped = createTailMeters(parts.metrics, tails);
  const limits = logqlLimits(config.query.logql);
  const blocksFolder = storageUrl(config).replace(/^file:\/\//, "");
  const logs = { logs: sources.logs, tails, onDropped, limits };
  const build = { version, revision: "", branch: "", buildUser: "", buildDate: "" };
  const memory = new QueryMemory({ bytesMax: config.query.memory_max });
  memory.measure(parts.metrics);
  measureRefusals(parts.metrics);
  const app = new Hono();
  app.use("*", (c, next) => memory.run(c.req.raw.signal, next));
  app.use(compressed);
  app.use("*", async (c, next) => {
    // The interface and the command line ask by RPC, and may ask for SQL next.
    if (c.req.path.startsWith("/lapwing.v1.")) sql.standBy();
    await next();
  });
  app.route(
    "/",
    prometheusRoutes({
      engine,
      clock,
      metrics: sources.metrics,
      blocksFolder,
      exemplars: sources.exemplars,
      tenant: () => tenant,
      build,
      startedMs: clock.now(),
      storageRetention: formatDuration(config.storage.retention.metrics),
      targets: () => targetsOf(agents, tenant),
      pools: () => poolsOf(agents, tenant),
      config: parts.shownConfig,
      lifecycle: parts.lifecycle,
      selfMetrics: parts.metrics,
      flags: flagsOf(config),
      delayedNameRemoval: config.query.promql.delayed_name_removal,
      lookbackMs: config.query.promql.lookback,
      head: () => parts.head.overview(tenant),
      seriesLimits: () => parts.seriesLimits(tenant),
      rules: parts.rules,
      blocks: () => blockMetas(parts.blocks(), tenant),
    }),
  );
  app.route("/", flushRoutes(parts.admin.flush));
  app.route("/", adminRoutes({ ...parts.admin, tenant: () => tenant }));
  const { admin, deletions, signals } = parts;
  app.route("/", deleteRoutes({ ...admin, ...deletions, tenant: () => tenant, signals }));
  app.route("/", restRoutes(parts, { ...logs, engine }));
  app.route("/", lokiApi(parts, { ...logs, build }));
  app.route(
    "/",
    rpcRoutes({
      tenant,
      agents,
      account: (agent) => ingest.lanes.account(tenant, agent),
      lag: (account) => ingest.lanes.lag(tenant, account, clock.now()),
      seriesLimits: () => parts.seriesLimits(tenant),
      queries: { engine, logs: sources.logs, limits, tenant, blocksFolder },
      sql: (text, rowsMax, signal) => sql.query({ tenant, sql: text, rowsMax, signal }),
    }),
  );
  app.route("/", storedRoutes(parts));
  app.route("/", stateRoutes(parts));
  return app;
}

type QueryParts = Pick<MonitoringParts, "engine" | "logs" | "limits" | "tails" | "onDropped">;

/** Our own plain REST. */
function restRoutes(parts: ApiParts, queries: QueryParts): Hono {
  const { config, clock, rules, storedRules, rulesConfig, alertmanager } = parts;
  return monitoringRoutes({
    ...queries,
    metrics: parts.sources.metrics,
    sql: parts.sql,
    promql: config.query.promql,
    clock,
    tenant: () => config.tenant,
    version,
    rules,
    storedRules,
    rulesConfig,
    routing: () => alertmanager.pipeline.config,
    notifications: (limit, query) => alertmanager.state.history(limit, query),
  });
}

/** Loki's API. */
function lokiApi(
  parts: ApiParts,
  given: Omit<QueryParts, "engine"> & Pick<LokiParts, "build">,
): Hono {
  const { config, clock, patterns, rules, admin, deletions } = parts;
  const tenant = () => config.tenant;
  const now = () => clock.now();
  const shown = () => shownConfig(parts.shownConfig());
  const knownPattern = (text: string) => patterns.find(config.tenant, text);
  return new Hono()
    .route("/", deleteLogsRoutes({ ...deletions, delete: admin.delete, tenant, now }))
    .route(
      "/",
      lokiRoutes({ ...given, tenant: tenant(), now, config: shown, knownPattern, rules }),
    );
}

/** What people make: dashboards, annotations, saved queries, rules. */
function storedRoutes({ config, clock, dashboards, catalog, storedRules }: ApiParts): Hono {
  const { tenant } = config;
  const rpc = { tenant, dashboards, catalog, clock };
  const http = { tenant: () => tenant, dashboards };
  return new Hono()
    .route(
      "/",
      connectRoutes((router) => registerDashboardService(router, rpc)),
    )
    .route("/", dashboardRoutes(http))
    .route("/", grafanaRoutes(http))
    .route("/", rulerRoutes(storedRules));
}

/** What is stored, what happened, and what alerts. */
function stateRoutes({ sources, ingest, storeState, alertmanager, ...parts }: ApiParts): Hono {
  const { tenant } = parts.config;
  const trouble = () => ingest.trouble;
  const data = { ...parts, ...storeState, metrics: sources.metrics, trouble };
  const rpc = connectRoutes((router) => {
    registerDataService(router, data);
    registerEventService(router, { tenant, events: parts.events, clock: parts.clock });
  });
  const now = () => parts.clock.now();
  return rpc
    .route("/", alertmanagerRoutes({ alertmanager, now }))
    .route("/", routingRoutes({ alertmanager, clock: parts.clock }))
    .route("/", dependencyRoutes({ alertmanager }))
    .route("/", recurringRoutes({ alertmanager, clock: parts.clock }))
    .route("/", pushRoutes({ alertmanager }))
    .route("/", chartRoutes({ alertmanager }))
    .route("/", historyRoutes({ alertmanager }));
}
