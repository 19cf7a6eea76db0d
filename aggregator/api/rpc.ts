import { create } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import type { Hono } from "hono";
import type { Heartbeat } from "#proto/gen/v1/control_pb.js";
import type { LaneAccount } from "#shared/model/account.ts";
import {
  AgentSchema,
  LaneAccountSchema,
  QueryService,
  SeriesLimitStateSchema,
} from "#proto/gen/v1/query_pb.js";
import type { Agents } from "../fleet/agents.ts";
import type { SeriesLimitState } from "../fleet/series_limit_states.ts";
import type { LaneLag } from "../ingest/lanes.ts";
import type { SqlResult } from "../query/sql.ts";
import { type QueryParts, logqlParts, promqlParts } from "./columns/query_answers.ts";
import { sqlParts } from "./columns/sql_parts.ts";
import { connectRoutes } from "./connect_routes.ts";

export type RpcParts = {
  readonly tenant: string;
  readonly agents: Agents;
  account(agent?: string): readonly LaneAccount[];
  /** How far a lane lags, and what an outage has left of it. */
  lag(account: LaneAccount): LaneLag;
  seriesLimits(): SeriesLimitState[];
  readonly queries: QueryParts;
  sql(text: string, rowsMax: number, signal: AbortSignal): Promise<SqlResult>;
};

/** lapwing.v1.QueryService as Connect, gRPC-Web and gRPC (proto/v1/query.proto). */
export function rpcRoutes(parts: RpcParts): Hono {
  return connectRoutes((router) => registerQueryService(router, parts));
}

/** Of a heartbeat, in a summary: most of its bytes, which no list of agents shows. */
const leftOut = { targets: [], scrapePools: [], seriesLimits: [] };
const wellStates: ReadonlySet<string> = new Set(["running", "starting", "excluded"]);

/** A heartbeat as a list of agents needs it: of its services only those that need a person, in brief. */
function summaryOf(heartbeat: Heartbeat) {
  const integrations = heartbeat.integrations
    .filter(({ state }) => !wellStates.has(state))
    .map((each) => ({ ...each, because: [], metrics: [], logs: [], snippet: "" }));
  return { ...heartbeat, ...leftOut, integrations };
}

function registerQueryService(router: ConnectRouter, parts: RpcParts): void {
  const wire = (account: LaneAccount) =>
    create(LaneAccountSchema, {
      agent: account.agent,
      signal: account.signal,
      collected: account.collected,
      stored: account.stored,
      inFlight: account.inFlight,
      dropped: { ...account.dropped },
      ...parts.lag(account),
    });
  router.service(QueryService, {
    listAgents: ({ summary, agent }) => ({
      agents: parts.agents.list(parts.tenant, agent).map((record) =>
        create(AgentSchema, {
          heartbeat: summary ? summaryOf(record.heartbeat) : record.heartbeat,
          lastSeenMs: record.lastSeenMs,
          clockOffsetMs: record.clockOffsetMs,
          status: parts.agents.isLive(record) ? "live" : "silent",
          account: parts.account(record.heartbeat.agent).map(wire),
        }),
      ),
    }),
    getLossAccount: ({ agent }) => ({
      lanes: parts.account(agent === "" ? undefined : agent).map(wire),
    }),
    listSeriesLimits: () => ({
      limits: parts
        .seriesLimits()
        .map(({ agent, limit }) => create(SeriesLimitStateSchema, { agent, limit })),
    }),
    queryPromql: (request, { signal }) => promqlParts(parts.queries, request, signal),
    queryLogql: (request, { signal }) => logqlParts(parts.queries, request, signal),
    querySql: ({ sql, rowsMax }, { signal }) => sqlParts(() => parts.sql(sql, rowsMax, signal)),
  });
}
