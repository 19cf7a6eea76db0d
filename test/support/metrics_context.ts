import type { SourceContext } from "#agent/collect/source.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";

/** What a source of metrics is lent that keeps time by itself; `emit` is handed its batches. */
export function metricsContext(
  clock: Clock,
  signal: AbortSignal,
  emit: (batch: MetricsBatch) => void,
): SourceContext {
  return {
    clock,
    log: silentLogger,
    signal,
    hostname: "web-1",
    every: never,
    emitMetrics: async (batch) => emit(batch),
    emitLogs: never,
    checkpoint: () => undefined,
    checkpoints: () => new Map(),
    drop: never,
    degraded: never,
  };
}

function never(): never {
  throw new Error("not for a source of metrics alone");
}
