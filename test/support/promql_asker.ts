import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { denseBuckets, emptyHistogram } from "#shared/model/histogram.ts";
import type { CounterResetHint, Histogram } from "#shared/model/histogram.ts";
import {
  createPromqlEngine,
  PromqlConfig,
  type PromqlEngine,
} from "#aggregator/query/promql/engine.ts";
import type { PromqlError } from "#shared/query_language/promql/errors.ts";
import { queryDataJson } from "#aggregator/query/promql/json.ts";

export type Samples = readonly (readonly [
  seconds: number,
  value: number | "stale" | Histogram,
  /** Since when it counts. */
  start?: number,
])[];

export const tenant = "default";

/** Exponential buckets from the first; the sum is twice the count. */
export function histogramOf(
  counts: readonly number[],
  hint: CounterResetHint = "unknown",
): Histogram {
  const count = counts.reduce((a, b) => a + b, 0);
  const positive = denseBuckets(0, counts);
  return { ...emptyHistogram, count, sum: 2 * count, positive, counterResetHint: hint };
}

/** An engine over series by name, and short questions to it; times and look-backs are seconds. */
export class Asker {
  readonly engine: PromqlEngine;

  constructor(all: Readonly<Record<string, Samples>>, config: Partial<PromqlConfig> = {}) {
    const metrics = new MemoryMetrics();
    for (const [name, samples] of Object.entries(all))
      for (const [seconds, value, start = 0] of samples)
        metrics.add({ __name__: name }, seconds * 1_000, value, start * 1_000);
    this.engine = createPromqlEngine(metrics, { ...PromqlConfig.parse({}), ...config });
  }

  async instant(query: string, seconds: number, lookback?: number) {
    const lookbackMs = lookback === undefined ? undefined : lookback * 1_000;
    const result = await this.engine.instant(query, {
      tenant,
      timeMs: seconds * 1_000,
      lookbackMs,
    });
    const rows = JSON.parse([...queryDataJson(result.data)].join("")).result;
    return { rows, notes: [...result.warnings, ...result.infos] };
  }

  /** The number of the only series; null without one. */
  async valueOf(query: string, seconds: number, lookback?: number): Promise<number | null> {
    const { rows } = await this.instant(query, seconds, lookback);
    const text = rows[0]?.value?.[1];
    return text === undefined ? null : Number(text);
  }

  async failureOf(query: string, seconds = 120): Promise<string> {
    return this.engine.instant(query, { tenant, timeMs: seconds * 1_000 }).then(
      () => "answered",
      (error: PromqlError) => `${error.errorType}: ${error.message}`,
    );
  }
}
