import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type {
  ConfigurationState,
  IntegrationState,
  LaneState,
  TargetCount,
  TargetState,
} from "#proto/gen/v1/control_pb.js";
import { Signal } from "#proto/gen/v1/frame_pb.js";
import { QueryService, type Agent, type LaneAccount } from "#proto/gen/v1/query_pb.js";
import { call, options } from "./rpc.ts";

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
export type SourceRow = {
  readonly type: string;
  /** running, degraded, stopped. */
  readonly state: string;
  readonly message: string;
  readonly items: number;
};

/** The release that an agent runs, and what became of the last one that it was told to take. */
export type UpdateRow = {
  readonly revision: string;
  /** idle, downloading, restarting, trial, failed. */
  readonly state: string;
  readonly wantedRevision: string;
  readonly error: string;
};

/** Which configuration an agent runs, and the one that it was told last and refused. */
export type ConfigurationRow = {
  /** local, merged, remote. */
  readonly source: string;
  /** Of what the aggregator wants: what runs; empty where that is the host's own file alone. */
  readonly runningId: string;
  readonly layers: readonly { readonly name: string; readonly revision: string }[];
  readonly failedId: string;
  readonly failedReason: string;
  /** 0 where there was none since the start. */
  readonly appliedMs: number;
};

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
export type Service = {
  readonly integration: string;
  readonly title: string;
  /** Empty where this is about all of its kind. */
  readonly instance: string;
  readonly job: string;
  /** As proto/v1/control.proto names them. */
  readonly state: string;
  readonly origin: string;
  readonly lastError: string;
  readonly because: readonly string[];
  /** Keys that its entry lacks. */
  readonly needs: readonly string[];
  /** YAML to add to the configuration. */
  readonly snippet: string;
};

/** The loss account of one agent and signal, in items. */
export type Lane = {
  readonly agent: string;
  readonly signal: string;
  readonly collected: number;
  readonly stored: number;
  readonly inFlight: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly behindMs: number;
  /** Of `inFlight`: what an outage left, which comes beside what is new; and the age of the oldest. */
  readonly backlogItems: number;
  readonly backlogAgeMs: number;
};

/** A limit on active series. What was refused is counted since its process began. */
export type SeriesLimitRow = {
  readonly scope: string;
  /** The agent that keeps it; empty for a tenant's. */
  readonly agent: string;
  readonly name: string;
  readonly limit: number;
  readonly active: number;
  readonly refusedSeries: number;
  readonly refusedSamples: number;
  /** 0 where nothing was refused. */
  readonly lastRefusedMs: number;
  readonly fastest:
    | {
        /** Empty where the label is `__name__`. */
        readonly metric: string;
        readonly label: string;
        readonly distinctValues: number;
        readonly growth: number;
      }
    | undefined;
};

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
      call(async () => (await client.getLossAccount({}, options(signal))).lanes.map(lane), signal),
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
    configuration: configurationOf(heartbeat?.configuration),
    jobs: (heartbeat?.scrapePools ?? []).map(({ name, configYaml }) => ({ name, configYaml })),
    spools: lanes.map(spool),
    sources: (heartbeat?.sources ?? []).map(({ type, state, message, items }) => ({
      type,
      state,
      message,
      items,
    })),
    credentials: heartbeat?.credentials,
    update: heartbeat?.update,
    services: (heartbeat?.integrations ?? []).map(service),
    lanes: account.map(lane),
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

function configurationOf(state: ConfigurationState | undefined): ConfigurationRow | undefined {
  if (state === undefined) return undefined;
  const { source, runningId, running, failedId, failedReason, appliedMs } = state;
  const layers = running.map(({ name, revision }) => ({ name, revision }));
  return { source, runningId, layers, failedId, failedReason, appliedMs };
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

function lane(account: LaneAccount): Lane {
  return {
    agent: account.agent,
    signal: account.signal,
    collected: account.collected,
    stored: account.stored,
    inFlight: account.inFlight,
    dropped: account.dropped,
    behindMs: account.behindMs,
    backlogItems: account.backlogItems,
    backlogAgeMs: account.backlogAgeMs,
  };
}
