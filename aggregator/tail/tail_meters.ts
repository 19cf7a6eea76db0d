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
  const waiting = metrics.gauge(
    "lapwing_tail_histories_waiting",
    "Readers of tails that wait for the history that they asked for.",
  );
  const held = metrics.gauge(
    "lapwing_tail_history_bytes",
    "Histories of tails that are read and not sent to the end.",
  );
  metrics.onCollect(() => {
    const histories = tails.histories.size();
    waiting.set(histories.waiting);
    held.set(histories.heldBytes);
    const size = tails.size();
    readers.set(size.followers);
    queries.set(size.queries);
  });
  return (entries) => dropped.inc(entries);
}
