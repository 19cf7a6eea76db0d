import { AdaptiveResolution } from "#agent/adaptive/adaptive_resolution.ts";
import { AdaptiveConfig } from "#agent/adaptive/config.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricType, MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, isStale, setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { metricsContext } from "./metrics_context.ts";

export type ShippedSample = {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number | "stale";
  readonly isFine: boolean;
};

type Cell = number | "stale" | "absent";

/** Where the clocks of stages begin, on the begin of a window. */
export const startMs = 1_760_000_040_000;

/** Adaptive resolution on a clock that only the test moves, and all samples that it ships, in their order. */
export class AdaptiveStage {
  readonly shipped: ShippedSample[] = [];
  readonly metrics = createSelfMetrics();
  readonly adaptive: AdaptiveResolution;
  nowMs: number;
  readonly #beginMs: number;
  readonly #clock: Clock;
  readonly #abort = new AbortController();
  #wake: () => void = () => {};
  #running: Promise<void> = Promise.resolve();

  constructor(config: Readonly<Record<string, unknown>>, beginMs = startMs) {
    this.nowMs = beginMs;
    this.#beginMs = beginMs;
    this.#clock = {
      now: () => this.nowMs,
      monotonic: () => this.nowMs - beginMs,
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          this.#wake = resolve;
          if (signal?.aborted === true) resolve();
          signal?.addEventListener("abort", () => resolve(), { once: true });
        }),
    };
    this.adaptive = new AdaptiveResolution(AdaptiveConfig.parse(config), {
      clock: this.#clock,
      log: silentLogger,
      metrics: this.metrics,
      labels: () => ({ site: "north" }),
    });
    for (const source of this.adaptive.over([]))
      this.#running = source.run(
        metricsContext(this.#clock, this.#abort.signal, (batch) => this.note(batch)),
      );
  }

  /** A second after the other, from `from` to `to` since the start: the row that `take` gives. */
  run(from: number, to: number, take: (second: number) => void): void {
    for (let second = from; second <= to; second++) {
      this.nowMs = this.#beginMs + 1_000 * second;
      take(second);
    }
  }

  /** A row of the schema, as a source emits it; its time is the clock's. */
  row(schema: SeriesSchema, cells: readonly Cell[], rest: Partial<MetricsPart> = {}): void {
    const values = new Float64Array(cells.length);
    const words = wordsOf(values);
    for (const [i, cell] of cells.entries()) {
      if (cell === "absent") setAbsent(words, i);
      else if (cell === "stale") setStale(words, i);
      else values[i] = cell;
    }
    const rows = [{ timestampMs: this.nowMs, values }];
    this.note(this.adaptive.take({ schema, rows, ...rest }));
  }

  note(batch: MetricsBatch | undefined): void {
    for (const { schema, rows } of batch === undefined ? [] : [batch, ...(batch.also ?? [])])
      for (const { timestampMs, values, isFine = false } of rows) {
        const words = wordsOf(values);
        for (let i = 0; i < values.length; i++)
          if (!isAbsent(words, i))
            this.shipped.push({
              labels: schema.series[i] ?? {},
              timestampMs,
              value: isStale(words, i) ? "stale" : (values[i] ?? 0),
              isFine,
            });
      }
  }

  /** What was shipped of a series, as seconds since `sinceMs` and values. */
  of(name: string, sinceMs = 0): [number, number | "stale"][] {
    return this.shipped
      .filter(({ labels }) => labels[metricNameLabel] === name)
      .map(({ timestampMs, value }) => [(timestampMs - sinceMs) / 1_000, value]);
  }

  /** Lets what ships for orders have its turn. */
  async pump(): Promise<void> {
    this.#wake();
    // It awaits nothing but what it emits, which is there at once.
    for (let i = 0; i < 50; i++) await Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#wake();
    await this.#running;
    this.note(this.adaptive.finish());
  }
}

/** One job and instance, and the type of each metric. */
export function schemaOf(metrics: Readonly<Record<string, MetricType>>): SeriesSchema {
  return {
    series: Object.keys(metrics).map((name) => ({
      [metricNameLabel]: name,
      job: "app",
      instance: "a:1",
    })),
    families: Object.entries(metrics).map(([name, type]) => ({ name, type, help: "", unit: "" })),
  };
}
