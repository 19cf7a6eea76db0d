import type { ExponentialCounts } from "#shared/model/exponential_counts.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import { histogramQuantile } from "#shared/model/histogram_estimate.ts";
import { HistogramSum } from "#shared/model/histogram_sum.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily, MetricType, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import type { AggregationRule, Output } from "./config.ts";
import { resultName } from "./grouping.ts";
import type { Window } from "./window.ts";

/** Where a group is without columns. */
const noColumn = -1;

type Group = {
  labels: Labels;
  /** Its first column; it has one for each result. */
  column: number;
  /** Of the last interval with samples, its end. */
  sampledMs: number;
  /** Of its last sample. */
  writtenMs: number;
  /** Of all increases since the group began. */
  total: number;
  histogram: HistogramSum | undefined;
  /** fresh: nothing is written yet; live: the last that is written is no stale marker. */
  state: "fresh" | "live" | "ended";
};

/** The series that a rule makes, and their samples until they are taken. */
export class Results {
  readonly #rule: AggregationRule;
  /** Results of a group. */
  readonly #stride: number;
  readonly #total: number;
  #groups: (Group | undefined)[] = [];
  #free: number[] = [];
  #schema: SeriesSchema = { series: [], families: [] };
  #deadColumns = 0;
  #rows = new Map<number, Float64Array>();
  #histograms: { column: number; timestampMs: number; histogram: Histogram }[] = [];

  constructor(rule: AggregationRule) {
    this.#rule = rule;
    this.#stride = rule.outputs.reduce((sum, output) => sum + seriesOf(output), 0);
    const at = rule.outputs.findIndex(({ kind }) => kind === "total");
    this.#total =
      at < 0 ? noColumn : rule.outputs.slice(0, at).reduce((sum, one) => sum + seriesOf(one), 0);
  }

  /** Numbers of groups are below it. */
  get capacity(): number {
    return this.#groups.length;
  }

  get groupCount(): number {
    return this.#groups.length - this.#free.length;
  }

  /** A new group, by its labels; its number. */
  open(labels: Labels): number {
    const number = this.#free.pop() ?? this.#groups.length;
    this.#groups[number] = {
      labels,
      column: this.#addColumns(labels),
      sampledMs: -Infinity,
      writtenMs: -Infinity,
      total: 0,
      histogram: undefined,
      state: "fresh",
    };
    return number;
  }

  /** False where its results have not ended yet. */
  forget(number: number): boolean {
    if (this.#groups[number]?.state === "live") return false;
    this.#groups[number] = undefined;
    this.#free.push(number);
    this.#deadColumns += this.#stride;
    return true;
  }

  /** What came of the groups in an interval. */
  write(
    window: Window,
    timestampMs: number,
    observed: readonly (ExponentialCounts | undefined)[],
  ): void {
    for (const [number, group] of this.#groups.entries()) {
      if (group === undefined) continue;
      const [samples = 0, gain = 0] = [window.samples[number], window.increase[number]];
      if (samples === 0 && gain === 0) continue;
      if (group.state === "fresh" && this.#total !== noColumn)
        this.#put(timestampMs - this.#rule.intervalMs, group.column + this.#total, 0);
      group.total += gain;
      group.sampledMs = window.endMs;
      group.writtenMs = timestampMs;
      group.state = "live";
      this.#writeGroup(window, number, group, timestampMs, observed[number]);
    }
  }

  #writeGroup(
    window: Window,
    number: number,
    group: Group,
    timestampMs: number,
    observed: ExponentialCounts | undefined,
  ): void {
    let { column } = group;
    const samples = window.samples[number] ?? 0;
    for (const output of this.#rule.outputs) {
      if (output.kind === "quantiles") {
        const histogram = observed?.histogram();
        for (const phi of output.phis) {
          if (histogram !== undefined)
            this.#put(timestampMs, column, quantileOf(phi, histogram, observed));
          column++;
        }
        continue;
      }
      if (output.kind === "histogram") {
        if (observed !== undefined) this.#addHistogram(group, observed, timestampMs, column);
      } else if (samples > 0 || output.kind === "total" || output.kind === "increase")
        this.#put(timestampMs, column, figureOf(output.kind, window, number, group.total));
      column++;
    }
  }

  #addHistogram(
    group: Group,
    observed: ExponentialCounts,
    timestampMs: number,
    column: number,
  ): void {
    const own = observed.histogram();
    if (group.histogram === undefined) group.histogram = new HistogramSum(own);
    else group.histogram.add(own);
    this.#histograms.push({ column, timestampMs, histogram: group.histogram.result() });
  }

  /** An interval is over: totals of groups without samples go on, and results end whose inputs have. `live`: by group, series that have not ended. */
  pass(overMs: number, live: Int32Array): void {
    for (const [number, group] of this.#groups.entries()) {
      if (group?.state !== "live" || group.sampledMs >= overMs) continue;
      const isOver = overMs - group.sampledMs >= this.#rule.stalenessMs;
      if (isOver || (live[number] ?? 0) === 0) this.#end(group, overMs);
      else if (this.#total !== noColumn) {
        this.#put(overMs, group.column + this.#total, group.total);
        group.writtenMs = overMs;
      }
    }
  }

  endAll(timestampMs: number): void {
    for (const group of this.#groups)
      if (group?.state === "live") this.#end(group, Math.max(timestampMs, group.writtenMs + 1));
  }

  #end(group: Group, timestampMs: number): void {
    group.state = "ended";
    const words = wordsOf(this.#row(timestampMs));
    for (let i = 0; i < this.#stride; i++) setStale(words, group.column + i);
  }

  #put(timestampMs: number, column: number, value: number): void {
    this.#row(timestampMs)[column] = value;
  }

  #row(timestampMs: number): Float64Array {
    let row = this.#rows.get(timestampMs);
    if (row === undefined) {
      row = new Float64Array(this.#schema.series.length);
      const words = wordsOf(row);
      for (let i = 0; i < row.length; i++) setAbsent(words, i);
      this.#rows.set(timestampMs, row);
    }
    return row;
  }

  /** What was written since the last call. */
  take(): MetricsPart | undefined {
    if (this.#rows.size === 0 && this.#histograms.length === 0) return undefined;
    const rows = [...this.#rows]
      .map(([timestampMs, values]) => ({ timestampMs, values }))
      .toSorted((a, b) => a.timestampMs - b.timestampMs);
    const own = this.#histograms;
    const histograms = {
      columns: Uint32Array.from(own, ({ column }) => column),
      timestampsMs: Float64Array.from(own, ({ timestampMs }) => timestampMs),
      histograms: own.map(({ histogram }) => histogram),
    };
    const part = { schema: this.#schema, rows, ...(own.length === 0 ? {} : { histograms }) };
    this.#rows = new Map();
    this.#histograms = [];
    if (2 * this.#deadColumns > this.#schema.series.length) this.#renew();
    return part;
  }

  /** A schema without the columns of groups that are gone. */
  #renew(): void {
    this.#schema = { series: [], families: [] };
    this.#deadColumns = 0;
    for (const group of this.#groups)
      if (group !== undefined) group.column = this.#addColumns(group.labels);
  }

  #addColumns(labels: Labels): number {
    const { series, families } = this.#schema;
    const column = series.length;
    const { [metricNameLabel]: metric = "", ...rest } = labels;
    for (const output of this.#rule.outputs) {
      const name = resultName(metric, this.#rule, output.kind);
      // What has its inputs' name has their type and help.
      if (this.#rule.groupOf === undefined && !families.some((family) => family.name === name))
        families.push(familyOf(name, output));
      const own = { ...rest, [metricNameLabel]: name };
      if (output.kind !== "quantiles") series.push(own);
      else for (const phi of output.phis) series.push({ ...own, quantile: String(phi) });
    }
    return column;
  }
}

function seriesOf(output: Output): number {
  return output.kind === "quantiles" ? output.phis.length : 1;
}

function familyOf(name: string, { kind }: Output): MetricFamily {
  const type: MetricType =
    kind === "total" ? "counter" : kind === "histogram" ? "histogram" : "gauge";
  return { name, type, help: "", unit: "" };
}

function quantileOf(phi: number, histogram: Histogram, observed?: ExponentialCounts): number {
  const { value } = histogramQuantile(phi, histogram);
  return Math.min(Math.max(value, observed?.min ?? value), observed?.max ?? value);
}

function figureOf(
  kind: Exclude<Output["kind"], "quantiles" | "histogram">,
  window: Window,
  group: number,
  total: number,
): number {
  const samples = window.samples[group] ?? 0;
  switch (kind) {
    case "sum":
      return window.lastSum[group] ?? 0;
    case "sum_samples":
      return window.sum[group] ?? 0;
    case "count_samples":
      return samples;
    case "count_series":
      return window.series[group] ?? 0;
    case "min":
      return window.min[group] ?? 0;
    case "max":
      return window.max[group] ?? 0;
    case "avg":
      return (window.sum[group] ?? 0) / samples;
    case "last":
      return window.last[group] ?? 0;
    case "increase":
      return window.increase[group] ?? 0;
    case "total":
      return total;
  }
}
