import type { LogMetrics } from "../pipeline/processors/log_metrics.ts";
import type { RunnableSource } from "./collector.ts";

const intervalMs = 15_000;

/** Hands on the series that processors make of log records, as any source does its own; none while there are none. */
export function logMetricsSource(store: LogMetrics): RunnableSource {
  return {
    type: "log_metrics",
    name: "log_metrics",
    fingerprint: "",
    run: async (context) => {
      for await (const timestampMs of context.every(intervalMs)) {
        const batch = store.collect(timestampMs);
        if (batch !== undefined) await context.emitMetrics(batch);
      }
    },
  };
}
