import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type {
  ConfigurationState,
  GrowingLabel,
  IntegrationState,
  LaneState,
  SeriesLimit,
  SourceState,
  TargetCount,
  TargetState,
  UpdateState,
} from "#proto/gen/v1/control_pb.js";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import { QueryService, type Agent, type LaneAccount } from "#proto/gen/v1/query_pb.js";
import { call, options } from "./rpc.ts";
import type { Told, ToldAs } from "./told.ts";

/** The agents and their loss account: the RPC side of the aggregator's API. */
export type Inventory = {
  /** Without targets and services. */
  listAgents(signal?: AbortSignal): Promise<AgentRow[]>;
  /** One with all that it tells of; none where it is not known. */
  agent(id: string, signal?: AbortSignal): Promise<AgentRow[]>;
  lossAccount(signal?: AbortSignal): Promise<Lane[]>;
  /** Those that refuse first, then the fullest. */
  seriesLimits(signal?: AbortSignal): Promise<SeriesLimitRow[]>;
};

export type AgentRow = {
  readonly agent: string;
  /** The host's name: the `instance` and `host` label of what it sends. */
  readonly name: string;
  readonly live: boolean;
  readonly version: string;
  readonly lastSeenMs: number;
  readonly clockOffsetMs: number;
  readonly startedMs: number;
  readonly facts: Readonly<Record<string, string>>;
  /** What its configuration puts on all that it sends. */
  readonly labels: Readonly<Record<string, string>>;
  readonly spoolBytes: number;
  readonly spoolBytesMax: number;
  /** Faults that the agent itself tells of: a full spool, a failing source. */
  readonly faults: readonly string[];
  readonly targets: readonly Target[];
  /** Targets that the heartbeat had no room for; those that are down come before them. */
  readonly targetsLeftOut: number;
  /** All its targets by health: up, down, unknown, dropped. As told last, where it is silent. */
  readonly targetCounts: Readonly<Record<string, number>>;
  readonly configuration: ConfigurationRow | undefined;
  /** Scrape jobs as they are in effect, secrets left out; none of listAgents(). */
  readonly jobs: readonly { readonly name: string; readonly configYaml: string }[];
  readonly spools: readonly SpoolRow[];
  readonly sources: readonly SourceRow[];
  /** Undefined where it has none that run out. */
  readonly credentials: { readonly expiresMs: number; readonly lastError: string } | undefined;
  /** Undefined where it does not bring itself up to date. */
  readonly update: UpdateRow | undefined;
  /** Of listAgents() those that need a person alone, without reasons and lines for the configuration. */
  readonly services: readonly Service[];
  readonly lanes: readonly Lane[];
};

/** What waits on an agent's disk, of one signal. */
export type SpoolRow = {
  readonly signal: string;
  readonly bytes: number;
  readonly bytesMax: number;
  readonly items: number;
  /** ok, full, disk_error. */
  readonly state: string;
  readonly lastError: string;
  /** What an outage left, which is sent beside what is new; and when its oldest was made, 0 for none. */
  readonly backlogItems: number;
  readonly backlogBytes: number;
  readonly backlogOldestMs: number;
};

/** Something that an agent collects from. */
export type SourceRow = Told<SourceState>;

/** The release that an agent runs, and what became of the last one that it was told to take. */
export type UpdateRow = Told<UpdateState>;

/** Which configuration an agent runs, and the one that it was told last and refused. */
export type ConfigurationRow = Told<ConfigurationState>;

export type Target = {
  readonly pool: string;
  readonly url: string;
  readonly labels: Readonly<Record<string, string>>;
  /** up, down, unknown, dropped; unwatched while the agent is silent. */
  readonly health: string;
  readonly lastError: string;
  readonly lastScrapeMs: number;
  readonly durationSeconds: number;
  readonly samples: number;
};

/** A service of a host that is named in its configuration or was found. */
export type Service = Pick<
  Told<IntegrationState>,
  | "integration"
  | "title"
  | "instance"
  | "job"
  | "state"
  | "origin"
  | "lastError"
  | "because"
  | "snippet"
> & {
  /** Keys that its entry lacks. */
  readonly needs: readonly string[];
};

/** The loss account of one agent and signal, in items. */
export type Lane = Told<LaneAccount>;

/** A limit on active series. What was refused is counted since its process began. */
export type SeriesLimitRow = ToldAs<
  SeriesLimit,
  {
    /** The agent that keeps it; empty for a tenant's. */
    agent: string;
    fastest: Told<GrowingLabel> | undefined;
  }
>;

const signalNames: ReadonlyMap<Signal, string> = new Map([
  [Signal.METRICS, "metrics"],
  [Signal.LOGS, "logs"],
]);

/** The aggregator at `baseUrl` (an origin). */
export function connectInventory(baseUrl: string): Inventory {
  return createInventory(createConnectTransport({ baseUrl, defaultTimeoutMs: 15_000 }));
}

function createInventory(transport: Transport): Inventory {
  const client = createClient(QueryService, transport);
  return {
    listAgents: (signal) =>
      call(
        async () =>
          (await client.listAgents({ summary: true }, options(signal))).agents.map(agentRow),
        signal,
      ),
    agent: (agent, signal) =>
      call(
        async () => (await client.listAgents({ agent }, options(signal))).agents.map(agentRow),
        signal,
      ),
    lossAccount: (signal) =>
      call(async () => (await client.getLossAccount({}, options(signal))).lanes, signal),
    seriesLimits: (signal) =>
      call(
        async () =>
          (await client.listSeriesLimits({}, options(signal))).limits.flatMap(({ agent, limit }) =>
            limit === undefined ? [] : [{ ...limit, agent, fastest: limit.fastest }],
          ),
        signal,
      ),
  };
}

function agentRow({ heartbeat, lastSeenMs, clockOffsetMs, status, account }: Agent): AgentRow {
  const lanes = heartbeat?.lanes ?? [];
  const faults = lanes
    .filter((state) => state.state !== "" && state.state !== "ok")
    .map((state) => `spool ${state.state.replaceAll("_", " ")}: ${state.lastError}`);
  for (const source of heartbeat?.sources ?? []) {
    if (source.state !== "running") {
      faults.push(`${source.type} ${source.state}: ${source.message}`);
    }
  }
  return {
    agent: heartbeat?.agent ?? "",
    name: heartbeat?.name ?? "",
    live: status === "live",
    version: heartbeat?.version ?? "",
    lastSeenMs,
    clockOffsetMs,
    startedMs: heartbeat?.startedMs ?? 0,
    facts: heartbeat?.facts ?? {},
    labels: heartbeat?.labels ?? {},
    spoolBytes: lanes.reduce((sum, state) => sum + state.spoolBytes, 0),
    spoolBytesMax: lanes.reduce((sum, state) => sum + state.spoolBytesMax, 0),
    faults,
    targets: (heartbeat?.targets ?? []).map((state) => target(state, status === "live")),
    targetsLeftOut: heartbeat?.targetsLeftOut ?? 0,
    targetCounts: countsOf(heartbeat?.targetCounts ?? []),
    configuration: heartbeat?.configuration,
    jobs: (heartbeat?.scrapePools ?? []).map(({ name, configYaml }) => ({ name, configYaml })),
    spools: lanes.map(spool),
    sources: heartbeat?.sources ?? [],
    credentials: heartbeat?.credentials,
    update: heartbeat?.update,
    services: (heartbeat?.integrations ?? []).map(service),
    lanes: account,
  };
}

function spool(state: LaneState): SpoolRow {
  return {
    signal: signalNames.get(state.signal) ?? "unknown",
    bytes: state.spoolBytes,
    bytesMax: state.spoolBytesMax,
    items: state.spoolItems,
    state: state.state,
    lastError: state.lastError,
    backlogItems: state.backlogItems,
    backlogBytes: state.backlogBytes,
    backlogOldestMs: state.backlogOldestMs,
  };
}

function countsOf(counts: readonly TargetCount[]): Record<string, number> {
  const byHealth: Record<string, number> = {};
  for (const { health, count } of counts) byHealth[health] = (byHealth[health] ?? 0) + count;
  return byHealth;
}

/** Of an agent that is silent nobody knows how its targets are: they may be well, and only unwatched. */
function target(state: TargetState, isLive: boolean): Target {
  return {
    pool: state.pool,
    url: state.url,
    labels: state.labels,
    health: isLive ? state.health : "unwatched",
    lastError: isLive ? state.lastError : "the agent is silent",
    lastScrapeMs: state.lastScrapeMs,
    durationSeconds: state.lastDurationSeconds,
    samples: state.samples,
  };
}

function service(told: IntegrationState): Service {
  const { integration, title, instance, job, state, origin, lastError, because, snippet } = told;
  const needs = told.needs.map(({ key }) => key);
  return { integration, title, instance, job, state, origin, lastError, because, needs, snippet };
}
