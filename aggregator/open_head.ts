import type { LaneId } from "#proto/bus/agent_port.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { AggregatorSignal } from "./aggregator_signal.ts";
import { AgentFeeds } from "./fleet/missing/agent_feeds.ts";
import { createHead } from "./head/head.ts";
import type { HeldLabels } from "./head/series_keys.ts";
import type { TenantLimits } from "./head/tenant_limits.ts";
import type { PatternWatch } from "./patterns/pattern_watch.ts";
import type { Tails } from "./tail/tails.ts";

type Rooms = {
  readonly tenant: string;
  readonly seriesLimits: TenantLimits;
  readonly tails: Tails;
  readonly patterns: PatternWatch;
};
type Parts = {
  readonly clock: Clock;
  readonly heldLabels?: HeldLabels;
  readonly hasOwnAgent?: boolean;
  readonly signals?: readonly AggregatorSignal[];
};

/** The head, and what looks at the data that arrive in it. */
export function openHead(
  { tenant, seriesLimits, tails, patterns }: Rooms,
  { clock, heldLabels, hasOwnAgent = false, signals = [] }: Parts,
) {
  const feeds = new AgentFeeds(tenant, () => clock.monotonic());
  const watch = hasOwnAgent ? undefined : feeds;
  const onLogs = (lane: LaneId, batch: LogsBatch, isBacklog: boolean) => {
    watch?.logsArrived(lane, batch);
    // Who follows what happens now does not want to see what happened hours ago between.
    if (!isBacklog) tails.arrived(lane.tenant, batch);
    patterns.arrived(lane, batch, isBacklog);
  };
  const head = createHead({
    seriesLimits,
    onLogs,
    onMetrics: (lane, decoded) => watch?.metricsArrived(lane, decoded),
    heldLabels,
    added: signals.map((one) => one.head),
  });
  return { head, feeds };
}
