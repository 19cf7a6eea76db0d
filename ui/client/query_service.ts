import { ConnectError, createClient, type CallOptions, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { IntegrationState, TargetState } from "#proto/gen/v1/control_pb.js";
import { QueryService, type Agent, type LaneAccount } from "#proto/gen/v1/query_pb.js";
import { OperatingError } from "#shared/errors.ts";

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
  readonly spoolBytes: number;
  readonly spoolBytesMax: number;
  /** Faults that the agent itself tells of: a full spool, a failing source. */
  readonly faults: readonly string[];
  readonly targets: readonly Target[];
  /** Targets that the heartbeat had no room for; those that are down come before them. */
  readonly targetsLeftOut: number;
  readonly services: readonly Service[];
  readonly lanes: readonly Lane[];
};

export type Target = {
  readonly pool: string;
  readonly url: string;
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

function options(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal };
}

async function call<T>(request: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await request();
  } catch (thrown) {
    if (signal?.aborted === true) throw thrown;
    const error = ConnectError.from(thrown);
    throw new OperatingError("unavailable", failure(error), { cause: error });
  }
}

function failure(error: ConnectError): string {
  if (error.cause instanceof TypeError) return "the aggregator does not answer";
  // An answer that is no RPC at all, of a proxy for example, leaves us its status alone.
  const status = /^HTTP (\d+)$/.exec(error.rawMessage)?.[1];
  return status === undefined ? error.rawMessage : `the aggregator answered status ${status}`;
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
    spoolBytes: lanes.reduce((sum, state) => sum + state.spoolBytes, 0),
    spoolBytesMax: lanes.reduce((sum, state) => sum + state.spoolBytesMax, 0),
    faults,
    targets: (heartbeat?.targets ?? []).map((state) => target(state, status === "live")),
    targetsLeftOut: heartbeat?.targetsLeftOut ?? 0,
    services: (heartbeat?.integrations ?? []).map(service),
    lanes: account.map(lane),
  };
}

/** Of an agent that is silent nobody knows how its targets are: they may be well, and only unwatched. */
function target(state: TargetState, isLive: boolean): Target {
  return {
    pool: state.pool,
    url: state.url,
    health: isLive ? state.health : "unwatched",
    lastError: isLive ? state.lastError : "the agent is silent",
    lastScrapeMs: state.lastScrapeMs,
    durationSeconds: state.lastDurationSeconds,
    samples: state.samples,
  };
}

function service(told: IntegrationState): Service {
  const { integration, title, instance, state, origin, lastError, because, snippet } = told;
  const needs = told.needs.map(({ key }) => key);
  return { integration, title, instance, state, origin, lastError, because, needs, snippet };
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
