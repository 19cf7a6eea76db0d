import { z } from "zod";
import { ActiveSeries } from "#shared/cardinality/active_series.ts";
import { DistinctCount } from "#shared/cardinality/distinct_count.ts";
import { hashOf } from "#shared/cardinality/series_hash.ts";
import type { SeriesLimitReport } from "#shared/cardinality/series_limit.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricType, MetricsBatch, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import { duration } from "#shared/text/duration.ts";
import type { AggregationRule } from "./config.ts";
import { type Aggregated, StreamAggregator } from "./stream_aggregator.ts";

const valuesMax = z.lazy(() => z.number().int().nonnegative().max(1_000_000));

/** `cardinality`: a bound on the values of each label of each metric. */
export const CardinalityConfig = z.lazy(() =>
  z.strictObject({
    /** Values of a label that were met within the hour; series with new ones beyond it are added up without the label. 0 is none. */
    label_values_max: valuesMax.default(0),
    /** The same for some metrics, by name; those of a histogram are `NAME`, without _bucket, _sum, _count. */
    metrics: z.record(z.string(), valuesMax).default({}),
    /** What is added up is written so often. */
    interval: duration.prefault("1m").refine((ms) => ms >= 1_000, "expected 1s or more"),
  }),
);
export type CardinalityConfig = z.output<typeof CardinalityConfig>;

type Pair = {
  readonly metric: string;
  readonly label: string;
  readonly max: number;
  /** Values that go on. */
  readonly known: ActiveSeries;
  readonly all: DistinctCount;
  readonly merged: DistinctCount;
  mergedMs: number;
};

type LabelGuardParts = {
  readonly clock: Pick<Clock, "now">;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
};

/** Labels that a series can't be told from its neighbours without, or whose values are given by the metric's form. */
const sparedLabels = new Set([metricNameLabel, "job", "instance", "le", "quantile"]);
/** Labels of metrics that are watched; each takes 0.8 KB, 5 KB once it has many values, and 24 bytes a value. */
const pairsMax = 10_000;
const seriesMax = 500_000;
const originsMax = 100_000;
const touchEveryMs = 5 * 60_000;
const reportsMax = 50;

/**
 * Bounds the values of each label of each metric. Series with new values of a label that is full are added up without it: counters
 * by what they gain, all else by its last values, so that sums over the metric stay what they were.
 */
export class LabelGuard {
  readonly aggregator = new StreamAggregator();
  readonly #parts: LabelGuardParts;
  readonly #pairs = new Map<string, Pair>();
  readonly #seen = new WeakMap<
    SeriesSchema,
    { columns: number; families: number; touchedMs: number }
  >();
  #config: CardinalityConfig = CardinalityConfig.parse({});
  /** Since when each is known. */
  readonly #origins = new Map<string, number>();
  readonly #types = new Map<string, MetricType>();

  constructor(parts: LabelGuardParts) {
    this.#parts = parts;
    const samples = parts.metrics.gauge(
      "lapwing_cardinality_merged_samples",
      "Samples of series with label values over their limit, since the limit was set.",
    );
    const values = parts.metrics.gauge(
      "lapwing_cardinality_merged_values",
      "Different values of labels that are over their limit, added up without the label.",
      ["metric", "label"],
    );
    parts.metrics.onCollect(() => {
      values.reset();
      samples.set(this.aggregator.aggregated);
      for (const { metric, label, merged } of this.#full())
        values.set({ metric, label }, merged.value);
    });
  }

  configure(config: CardinalityConfig): void {
    if (Bun.deepEquals(config, this.#config)) return;
    this.#config = config;
    this.#pairs.clear();
    const isOn = config.label_values_max > 0 || Object.keys(config.metrics).length > 0;
    const nowMs = this.#parts.clock.now();
    this.aggregator.setRules(isOn ? [this.#rule("total"), this.#rule("sum")] : [], nowMs);
  }

  #rule(kind: "total" | "sum"): AggregationRule {
    const { interval } = this.#config;
    return {
      name: kind,
      text: JSON.stringify([kind, this.#config]),
      selects: (labels) => this.#isCounter(labels) === (kind === "total") && this.#merges(labels),
      groupOf: (labels) => this.#without(labels),
      originMs: (labels) => this.#origins.get(originOf(labels)) ?? Number.NaN,
      intervalMs: interval,
      stalenessMs: 5 * interval,
      delayMs: Math.min(10_000, Math.ceil(interval / 6)),
      outputs: [{ kind }],
      by: undefined,
      without: undefined,
      dropsInput: true,
      record: undefined,
      seriesMax,
    };
  }

  /** The batch without the series that are added up. The batch given is not to be used any more. */
  apply(batch: MetricsBatch): Aggregated {
    if (this.aggregator.isIdle) return { batch, aggregated: 0, late: 0 };
    for (const part of [batch, ...(batch.also ?? [])]) this.#touch(part);
    return this.aggregator.apply(batch);
  }

  /** Keeps the values known that are in use. */
  #touch({ schema }: MetricsPart): void {
    const nowMs = this.#parts.clock.now();
    let seen = this.#seen.get(schema);
    if (seen === undefined)
      this.#seen.set(schema, (seen = { columns: 0, families: 0, touchedMs: nowMs }));
    for (; seen.families < schema.families.length; seen.families++) {
      const family = schema.families[seen.families];
      if (family !== undefined && this.#types.size < pairsMax)
        this.#types.set(family.name, family.type);
    }
    for (; seen.columns < schema.series.length; seen.columns++) {
      const origin = originOf(schema.series[seen.columns] ?? {});
      if (!this.#origins.has(origin) && this.#origins.size < originsMax)
        this.#origins.set(origin, nowMs);
    }
    if (Math.abs(nowMs - seen.touchedMs) < touchEveryMs) return;
    seen.touchedMs = nowMs;
    for (const labels of schema.series)
      for (const [name, value] of Object.entries(labels)) {
        const pair = sparedLabels.has(name) ? undefined : this.#pairOf(labels, name);
        const hash = hashOf(value);
        if (pair?.known.has(hash) === true) pair.known.touch(hash, nowMs);
      }
  }

  #isCounter(labels: Labels): boolean {
    const name = labels[metricNameLabel] ?? "";
    const type = this.#types.get(name);
    if (type === "counter" || type === "gauge") return type === "counter";
    return /_(?:total|bucket|sum|count)$/.test(name);
  }

  /** Whether the series has a new value of a full label; values that are let in are known from now on. */
  #merges(labels: Labels): boolean {
    const names = Object.keys(labels).filter((name) => !sparedLabels.has(name));
    const full = names.filter((name) => !this.#hasRoom(labels, name));
    const nowMs = this.#parts.clock.now();
    for (const name of names) {
      const pair = this.#pairOf(labels, name);
      if (pair === undefined) continue;
      const hash = hashOf(labels[name] ?? "");
      pair.all.add(hash);
      if (full.includes(name)) this.#merge(pair, hash, nowMs);
      // What is added up without one label keeps its others.
      else pair.known.touch(hash, nowMs);
    }
    return full.length > 0;
  }

  #merge(pair: Pair, hash: number, nowMs: number): void {
    if (pair.merged.value === 0)
      this.#parts.log.warn("label has reached its limit of values, new ones are added up", {
        metric: pair.metric,
        label: pair.label,
        limit: pair.max,
      });
    pair.merged.add(hash);
    pair.mergedMs = nowMs;
  }

  #without(labels: Labels): Labels {
    return Object.fromEntries(
      Object.entries(labels).filter(
        ([name]) => sparedLabels.has(name) || this.#hasRoom(labels, name),
      ),
    );
  }

  /** Whether the value of the label is known, or may be. */
  #hasRoom(labels: Labels, name: string): boolean {
    const pair = this.#pairOf(labels, name);
    if (pair === undefined || pair.known.has(hashOf(labels[name] ?? ""))) return true;
    if (pair.known.size >= pair.max) pair.known.expire(this.#parts.clock.now());
    return pair.known.size < pair.max;
  }

  #pairOf(labels: Labels, label: string): Pair | undefined {
    // All series of a histogram are of one metric, so that they are treated alike.
    const metric = (labels[metricNameLabel] ?? "").replace(/_(?:bucket|sum|count)$/, "");
    const { metrics, label_values_max } = this.#config;
    const max = (Object.hasOwn(metrics, metric) ? metrics[metric] : undefined) ?? label_values_max;
    if (max === 0) return undefined;
    const key = `${metric}\u00ff${label}`;
    let pair = this.#pairs.get(key);
    if (pair === undefined && this.#pairs.size < pairsMax) {
      const [all, merged] = [new DistinctCount(), new DistinctCount()];
      pair = { metric, label, max, known: new ActiveSeries(), all, merged, mergedMs: 0 };
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  /** Labels that have reached their limit, those with the most values over it first. */
  #full(): Pair[] {
    return [...this.#pairs.values()]
      .filter(({ mergedMs }) => mergedMs > 0)
      .toSorted((a, b) => b.merged.value - a.merged.value)
      .slice(0, reportsMax);
  }

  /** The labels over their limits, as limits on series are told; samples are not told apart by label. */
  reports(): SeriesLimitReport[] {
    return this.#full().map(({ metric, label, max, known, all, merged, mergedMs }) => ({
      scope: "label",
      name: `${metric} ${label}`,
      limit: max,
      active: known.size,
      refusedSeries: merged.value,
      refusedSamples: 0,
      lastRefusedMs: mergedMs,
      fastest: { metric, label, distinctValues: all.value, growth: merged.value },
    }));
  }
}

function originOf({ job = "", instance = "" }: Labels): string {
  return `${job}\u00ff${instance}`;
}
