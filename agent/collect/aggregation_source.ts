import type { StreamAggregator } from "../pipeline/aggregation/stream_aggregator.ts";
import type { RunnableSource } from "./collector.ts";

/** Hands on the results of stream aggregation, as any source does its own, as soon as their intervals are over. */
export function aggregationSource(aggregators: readonly StreamAggregator[]): RunnableSource {
  return {
    type: "stream_aggregation",
    name: "stream_aggregation",
    fingerprint: "",
    run: async (context) => {
      const { clock, signal } = context;
      while (!signal.aborted) {
        const nowMs = clock.now();
        const dueMs = Math.min(...aggregators.map((one) => one.dueMs(nowMs)));
        await clock.sleep(dueMs - nowMs, signal);
        if (signal.aborted) return;
        for (const aggregator of aggregators) {
          const batch = aggregator.collect(clock.now());
          if (batch !== undefined) await context.emitMetrics(batch);
        }
      }
    },
  };
}
