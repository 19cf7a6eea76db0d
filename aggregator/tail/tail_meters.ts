import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Tails } from "./tails.ts";

/** Own metrics of tails. Gives what counts entries that readers were not sent. */
export function createTailMeters(metrics: SelfMetrics, tails: Tails): (entries: number) => void {
  const dropped = metrics.counter(
    "lapwing_tail_dropped_entries_total",
    "Log entries that readers of tails were not sent, because they or the query were too slow.",
  );
  const readers = metrics.gauge("lapwing_tail_readers", "Readers of tails.");
  const queries = metrics.gauge("lapwing_tail_queries", "Queries that readers of tails follow.");
  metrics.onCollect(() => {
    const size = tails.size();
    readers.set(size.followers);
    queries.set(size.queries);
  });
  return (entries) => dropped.inc(entries);
}
