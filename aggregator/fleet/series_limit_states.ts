import { create } from "@bufbuild/protobuf";
import type { SeriesLimit } from "#proto/gen/v1/control_pb.js";
import { SeriesLimitSchema } from "#proto/gen/v1/control_pb.js";
import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import type { Agents } from "./agents.ts";

export type SeriesLimitState = {
  /** The agent that keeps the limit; empty for a tenant's. */
  readonly agent: string;
  readonly limit: SeriesLimit;
};

/** The tenant's limit on series, and those that its live agents told of: those that refuse first, then the fullest. */
export function seriesLimitStates(
  tenant: string,
  tenants: { reports(): readonly SeriesLimitReport[] },
  agents: Pick<Agents, "list" | "isLive">,
): SeriesLimitState[] {
  const own = tenants
    .reports()
    .filter(({ name }) => name === tenant)
    .map((report) => ({ agent: "", limit: create(SeriesLimitSchema, report) }));
  const told = agents
    .list(tenant)
    .filter((record) => agents.isLive(record))
    .flatMap(({ heartbeat }) =>
      heartbeat.seriesLimits.map((limit) => ({ agent: heartbeat.agent, limit })),
    );
  const fullness = ({ limit }: SeriesLimitState) => limit.active / limit.limit;
  return [...own, ...told].toSorted(
    (a, b) => b.limit.lastRefusedMs - a.limit.lastRefusedMs || fullness(b) - fullness(a),
  );
}
