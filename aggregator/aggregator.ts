import { join } from "node:path";
import type { Hono } from "hono";
import type { Receiver } from "#proto/bus/agent_port.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Lifecycle } from "#shared/runtime/lifecycle.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { measureSeriesLimits } from "#shared/runtime/series_limit_meters.ts";
import { closeDataFolder } from "#shared/runtime/process/private_folder.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { noFleetRoutes } from "./api/routes/fleet/no_fleet_routes.ts";
import { resolutionRoutes } from "./api/routes/fleet/resolution_routes.ts";
import type { AggregatorSignal } from "./aggregator_signal.ts";
import { adminActs } from "./admin_acts.ts";
import { apiRoutes } from "./api/server.ts";
import { staticUi } from "./api/static_ui.ts";
import { withExternalUrl } from "./config/external_url.ts";
import type { AggregatorConfig } from "./config/config.ts";
import type { LoadBoards } from "./dashboards/built_in.ts";
import type { ProvisionedFolders } from "./dashboards/provisioned/folders.ts";
import { EventBook } from "./events/event_book.ts";
import { EventWatch } from "./events/event_watch.ts";
import { AgentSeries } from "./fleet/agent_series.ts";
import { Agents } from "./fleet/agents.ts";
import type { CheckDocument } from "./fleet/configuration/configurations.ts";
import { type Fleet, openFleet } from "./api/routes/fleet/fleet.ts";
import { type Rollouts, openRollouts } from "./api/routes/fleet/open_rollouts.ts";
import { seriesLimitStates } from "./fleet/series_limit_states.ts";
import { openHead } from "./open_head.ts";
import type { HeldLabels } from "./head/series_keys.ts";
import { TenantLimits } from "./head/tenant_limits.ts";
import { Ingest } from "./ingest/ingest.ts";
import { ownDataOf } from "./read/own_data.ts";
import { PatternWatch } from "./patterns/pattern_watch.ts";
import type { SqlEngine } from "./query/sql.ts";
import type { Alertmanager } from "./notify/alertmanager.ts";
import { applyingAll } from "./applying_all.ts";
import type { LoadProvidedRules } from "./rules/integration_rules/provided_rules.ts";
import { openAlerting } from "./open_alerting.ts";
import type { BlockStore } from "./blocks/block_store.ts";
import { openStore } from "./blocks/open_store.ts";
import { storedSignals } from "./blocks/signals/stored_signals.ts";
import { openDashboards } from "./open_dashboards.ts";
import { openQueries } from "./open_queries.ts";
import { Tails } from "./tail/tails.ts";

export type AggregatorParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  /** The end of the uplink that frames come from. */
  readonly receiver: Receiver;
  /** The stages of the process, for those who ask how it is. */
  readonly lifecycle: Lifecycle;
  /** Folder of the built interface, or undefined to serve none. */
  readonly uiFolder: string | undefined;
  /** Where agents are reached over NATS: finds the mistakes of what they are to collect. */
  readonly checkDocument?: CheckDocument;
  /** Signals beside the built-in ones; the receiver must read their streams, too. */
  readonly signals?: readonly AggregatorSignal[];
  /** Label sets that an agent in the same process holds, by hashOf() their labelsKey(). */
  readonly heldLabels?: HeldLabels;
  /** The only agent is in the same process, so its data are never missing. */
  readonly hasOwnAgent?: boolean;
  /** More dashboards that come with Lapwing than the aggregator's own. */
  readonly boards?: LoadBoards;
  /** Rules that come with Lapwing. */
  readonly providedRules?: LoadProvidedRules;
};

type Rooms = {
  readonly store: BlockStore;
  readonly ingest: Ingest;
  readonly agents: Agents;
  readonly sql: Pick<SqlEngine, "prepare" | "close">;
  readonly fleet: Fleet | undefined;
  readonly rollouts: Rollouts | undefined;
  readonly folders: ProvisionedFolders;
  readonly rules: Awaited<ReturnType<typeof openAlerting>>["rules"];
  readonly alertmanager: Alertmanager;
  readonly told: { readonly events: EventBook; readonly watch: EventWatch };
  readonly routes: Hono;
  readonly shown: { config: AggregatorConfig };
};

/** The whole aggregator, in the order of the data's way: receiver, ingest, head, store, query, API. */
export class Aggregator {
  readonly routes: Hono;
  /** The built interface: takes every path that nothing else does. */
  readonly ui: Hono | undefined;
  readonly #receiver: Receiver;
  readonly #rooms: Rooms;

  /** Opens catalog and blocks, and reads positions; takes no frame before start(). */
  static async open(config: AggregatorConfig, parts: AggregatorParts): Promise<Aggregator> {
    const { clock, log, metrics, receiver } = parts;
    const dataDir = await ownFolder(config);
    let known: Agents | undefined;
    const { signals: added = [] } = parts;
    const signals = storedSignals(added.map(({ stored }) => stored));
    const store = await openStore(config.storage, {
      dataDir,
      signals,
      clock,
      metrics,
      log: log.child({ room: "store" }),
      onLost: (reason) => parts.lifecycle.fail(reason),
      agentOffsets: () => known?.otherMachinesOffsets() ?? [],
    });
    const seriesLimits = seriesLimitsOf(config, parts);
    const tails = new Tails();
    const patterns = await PatternWatch.open(config.ingest.patterns, {
      store,
      clock,
      metrics,
      log: log.child({ room: "patterns" }),
    });
    const watching = { tenant: config.tenant, seriesLimits, tails, patterns };
    const { head, feeds } = openHead(watching, parts);
    const { agents, agentSeries } = await openAgents(config, store, parts);
    known = agents;
    const ingest = await Ingest.open(config.ingest, {
      receiver,
      head,
      store,
      clock,
      metrics,
      log: log.child({ room: "ingest" }),
      own: ownDataOf([patterns, agentSeries]),
      quarantineFolder: join(dataDir, "quarantine"),
      onHeartbeat: (heartbeat) => agents.heard(heartbeat),
    });
    agentSeries.tellAccounts((tenant) => ingest.lanes.account(tenant));
    const { sources, sql } = await openQueries(config, { store, head }, parts);
    const { catalog } = store.backupTools;
    const events = eventsOf(store, parts);
    const read = { store, ingest, sources, sql, agents, feeds, events };
    const { alertmanager, rules } = await openAlerting(config, read, parts);
    const shown = { config };
    const limits = (tenant: string) => seriesLimitStates(tenant, seriesLimits, agents);
    const { stored: storedRules } = rules.rules;
    const shownRules = { rules: () => rules.rules, storedRules, rulesConfig: rules.config };
    const seen = { head, sources, sql, tails, patterns, alertmanager, ...shownRules };
    const blocks = () => store.view().blocks;
    const rooms = { agents, ingest, blocks, ...seen, seriesLimits: limits };
    const status = { lifecycle: parts.lifecycle, metrics, shownConfig: () => shown.config };
    const { dashboards, folders } = await openDashboards(config, { ...parts, catalog }, events);
    const acts = adminActs(store, ingest, join(dataDir, "snapshots"));
    const stored = { dashboards, catalog, events, signals, ...storeStateOf(store), ...acts };
    const routes = apiRoutes({ config, clock, ...rooms, ...status, ...stored });
    routes.route("/", finerSamples(config, agents, receiver));
    const fleet = await fleetOf(config, store, parts);
    const rollouts = rolloutsOf(config, { store, agents, fleet }, parts);
    for (const each of [fleet, rollouts]) if (each !== undefined) routes.route("/", each.routes);
    if (rollouts === undefined) routes.route("/", noFleetRoutes());
    const ui = parts.uiFolder === undefined ? undefined : staticUi(parts.uiFolder);
    const watch = watchOf(config, { store, agents, ingest, events }, parts);
    const more = { folders, rules, alertmanager, told: { events, watch }, routes, shown };
    const opened = { store, ingest, agents, sql, fleet, rollouts, ...more };
    return new Aggregator(receiver, ui, opened);
  }

  private constructor(receiver: Receiver, ui: Hono | undefined, rooms: Rooms) {
    this.ui = ui;
    this.#receiver = receiver;
    this.#rooms = rooms;
    this.routes = rooms.routes;
  }

  async start(): Promise<void> {
    await this.#rooms.ingest.start();
    this.#rooms.sql.prepare();
    this.#rooms.fleet?.start();
    this.#rooms.rollouts?.start();
    this.#rooms.told.watch.start();
    this.#rooms.alertmanager.start();
    this.#rooms.rules.start();
  }

  /** Reads what can change while it runs, and gives what puts it in force. Throws OperatingError where there are mistakes. */
  async prepare(config: AggregatorConfig): Promise<() => void> {
    const { rules, alertmanager } = this.#rooms;
    const linked = withExternalUrl(config);
    return applyingAll([rules.rules.prepare(linked.rules), alertmanager.prepare(linked)]);
  }

  /** What is shown as the configuration in effect, after a reload. */
  showConfig(config: AggregatorConfig): void {
    this.#rooms.shown.config = config;
  }

  notReady(): string[] {
    const { connected, detail } = this.#receiver.status();
    const { trouble } = this.#rooms.ingest;
    const { catalogTrouble } = this.#rooms.store;
    return [
      ...(connected ? [] : [`uplink: ${detail}`]),
      ...(trouble === undefined ? [] : [`store: ${trouble}`]),
      ...(catalogTrouble === undefined ? [] : [`catalog: ${catalogTrouble}`]),
    ];
  }

  /** Takes no more frames, writes what was taken to blocks, closes the rest. */
  async stop(): Promise<void> {
    const { ingest, agents, fleet, rollouts, folders, rules, told, sql, store } = this.#rooms;
    await rules.close();
    await this.#rooms.alertmanager.stop();
    await folders.close();
    await told.watch.close();
    await told.events.close();
    await rollouts?.close();
    await fleet?.close();
    await ingest.stop();
    await agents.close();
    await sql.close();
    await store.close();
  }
}

/** How the store is, as the API shows it. */
function storeStateOf(store: BlockStore) {
  return {
    storeState: { cacheBytes: () => store.cacheBytes, maintenance: () => store.maintenanceState },
  };
}

/** Of the data directory, which others can't read. */
async function ownFolder({ data_dir: dataDir }: AggregatorConfig): Promise<string> {
  await closeDataFolder(dataDir);
  return join(dataDir, "aggregator");
}

function finerSamples({ tenant }: AggregatorConfig, agents: Agents, receiver: Receiver): Hono {
  const request: Receiver["requestResolution"] = (agent, order) =>
    receiver.requestResolution(agent, order);
  return resolutionRoutes({ tenant: () => tenant, agents, request });
}

function fleetOf(
  config: AggregatorConfig,
  store: BlockStore,
  { clock, log, metrics }: AggregatorParts,
): Promise<Fleet | undefined> {
  const { catalog } = store.backupTools;
  const isClockTrusted = () => store.maintenanceState.isClockTrusted;
  const parts = { catalog, clock, isClockTrusted, metrics, log: log.child({ room: "fleet" }) };
  return openFleet(config, parts);
}

/** Who is there, as a list and as series. */
async function openAgents(
  { fleet }: AggregatorConfig,
  store: BlockStore,
  { clock, log, receiver }: AggregatorParts,
) {
  const { silent_after: silentAfterMs, forget_after: forgetAfterMs, interval: intervalMs } = fleet;
  const times = { silentAfterMs, forgetAfterMs };
  const isClockTrusted = () => store.maintenanceState.isClockTrusted;
  const more = { clock, isClockTrusted, log: log.child({ room: "fleet" }) };
  const agents = await Agents.open(store, times, more);
  const isListening = () => receiver.status().connected;
  const agentSeries = new AgentSeries({ agents, clock, isListening, intervalMs, silentAfterMs });
  return { agents, agentSeries };
}

/** Limits on the active series of tenants, told as metrics. */
function seriesLimitsOf(
  { ingest }: AggregatorConfig,
  { clock, log, metrics }: AggregatorParts,
): TenantLimits {
  const { series_limit: seriesLimit, series_limit_by_tenant: byTenant } = ingest;
  const limits = new TenantLimits({
    limitOf: (tenant) => byTenant[tenant] ?? seriesLimit,
    clock,
    log: log.child({ room: "head" }),
  });
  measureSeriesLimits(metrics, "tenant_", () => limits.reports());
  return limits;
}

function eventsOf(store: BlockStore, { clock, log }: AggregatorParts): EventBook {
  const { catalog } = store.backupTools;
  const isClockTrusted = () => store.maintenanceState.isClockTrusted;
  return new EventBook({ catalog, clock, isClockTrusted, log: log.child({ room: "events" }) });
}

/** What looks for events in the other rooms. */
function watchOf(
  { tenant, fleet }: AggregatorConfig,
  rooms: { store: BlockStore; agents: Agents; ingest: Ingest; events: EventBook },
  { clock, log, receiver }: AggregatorParts,
): EventWatch {
  const { store, agents, ingest, events } = rooms;
  return new EventWatch({
    tenant,
    book: events,
    agents,
    silentAfterMs: fleet.silent_after,
    isListening: () => receiver.status().connected,
    storageTrouble: () => ingest.trouble,
    maintenanceFault: () => store.maintenanceState.fault,
    catalog: store.backupTools.catalog,
    clock,
    log: log.child({ room: "events" }),
  });
}

/** undefined where agent and aggregator are one process: that has its own file. */
function rolloutsOf(
  config: AggregatorConfig,
  rooms: { store: BlockStore; agents: Agents; fleet: Fleet | undefined },
  { clock, log, receiver, checkDocument }: AggregatorParts,
): Rollouts | undefined {
  if (checkDocument === undefined) return undefined;
  const { store, agents, fleet } = rooms;
  const { catalog } = store.backupTools;
  const isConnected = () => receiver.status().connected;
  const more = fleet === undefined ? [] : [fleet.binary];
  const onRevoked = fleet && (() => fleet.revoke());
  const lent = { catalog, agents, isConnected, checkDocument, more, onRevoked, clock };
  return openRollouts(config, { ...lent, log: log.child({ room: "fleet" }) });
}
