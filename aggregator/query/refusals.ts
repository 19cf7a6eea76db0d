import { type QueryLimit, limitOf, queryLimits } from "#shared/errors.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

/** Of this process: query errors become answers in several APIs. */
const refused = new Map<QueryLimit, number>();

/** Counts an error that is about to be answered, if it is about a limit of queries. */
export function countRefusal(thrown: unknown): void {
  const limit = limitOf(thrown);
  if (limit !== undefined) refused.set(limit, (refused.get(limit) ?? 0) + 1);
}

export function measureRefusals(metrics: SelfMetrics): void {
  const counter = metrics.counter(
    "lapwing_query_refused_total",
    "PromQL and LogQL queries that failed at a limit (docs/query_limits.md); those refused for lack of memory are counted apart.",
    ["reason"],
  );
  metrics.onCollect(() => {
    counter.reset();
    for (const reason of queryLimits) counter.inc({ reason }, refused.get(reason) ?? 0);
  });
}
