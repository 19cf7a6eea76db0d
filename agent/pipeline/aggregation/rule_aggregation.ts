import { CellBudget } from "#shared/model/cell_budget.ts";
import { ExponentialCounts } from "#shared/model/exponential_counts.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, isStale, wordsOf } from "#shared/model/special_values.ts";
import type { AggregationRule } from "./config.ts";
import { groupLabels } from "./grouping.ts";
import { InputSeries, noSeries } from "./input_series.ts";
import { Results } from "./results.ts";
import { Window } from "./window.ts";

/** Intervals that take samples at the same time. */
const windowsMax = 16;
/** A series without samples for so long is forgotten. */
const forgetMs = 3_600_000;
const sweepEveryMs = 5 * 60_000;
/** Resolution of histograms (bounds 2.2 % apart), buckets of a sign, and of all histograms of a rule: 32 MiB. */
const observedSchema = 5;
const observedSpan = 320;
const cellsMax = 4 * 1024 ** 2;

/** Counts of samples since the rule began, by what became of them. */
export type RuleCounts = {
  aggregated: number;
  /** Not newer than the series' newest one, or of an interval that is over; or too far ahead. */
  late: number;
  /** NaNs, which nothing can be made of. */
  nan: number;
  /** Passed as they are, for there is no room for more series. */
  overLimit: number;
};

/** The columns of a schema that a rule is about. */
type Columns = {
  generation: number;
  /** Columns of the schema that were looked at. */
  resolved: number;
  /** By column of the schema. */
  series: number[];
  /** The columns that have a series. */
  readonly matched: number[];
};

/**
 * One rule with what it knows: the last value of each series, and figures of each group for each interval that is still open. A sample
 * belongs to the interval (end - interval, end] that its own time is in; an interval is over when `delay` has passed since its end.
 */
export class RuleAggregation {
  readonly rule: AggregationRule;
  readonly counts: RuleCounts = { aggregated: 0, late: 0, nan: 0, overLimit: 0 };
  readonly #series: InputSeries;
  readonly #groups = new Map<string, number>();
  readonly #results: Results;
  readonly #columns = new WeakMap<SeriesSchema, Columns>();
  /** Open ones, the earliest first. */
  #windows: Window[] = [];
  #spare: Window | undefined;
  #observed = new Map<Window, (ExponentialCounts | undefined)[]>();
  readonly #budget = new CellBudget(cellsMax);
  readonly #observes: boolean;
  /** End of the last interval that is written. */
  #closedMs = -Infinity;
  /** End of the last interval in which ended results were looked for. */
  #passedMs = -Infinity;
  #sweptMs = -Infinity;
  #generation = 0;

  constructor(rule: AggregationRule) {
    this.rule = rule;
    this.#series = new InputSeries(rule.seriesMax);
    this.#results = new Results(rule);
    this.#observes = rule.outputs.some(({ kind }) => kind === "quantiles" || kind === "histogram");
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  /** Changes when series are forgotten: who remembers columns looks them up anew. */
  get generation(): number {
    return this.#generation;
  }

  get resultCount(): number {
    return this.#results.groupCount;
  }

  /** Whether the column is the rule's: it is selected, and there is room. */
  owns(schema: SeriesSchema, column: number): boolean {
    return (this.#resolve(schema).series[column] ?? noSeries) !== noSeries;
  }

  /** Takes the samples of its columns; tells the column of each that is late. */
  add(part: MetricsPart, onLate: (column: number) => void): void {
    const columns = this.#resolve(part.schema);
    const { matched, series } = columns;
    for (const { timestampMs, values } of matched.length === 0 ? [] : part.rows) {
      const words = wordsOf(values);
      for (let i = 0; i < matched.length; i++) {
        const column = matched[i] ?? 0;
        if (column >= values.length || isAbsent(words, column)) continue;
        const index = series[column] ?? noSeries;
        if (isStale(words, column)) this.#end(index, timestampMs);
        else if (!this.#take(index, timestampMs, values[column] ?? 0)) onLate(column);
      }
    }
    const { sparse } = part;
    if (sparse === undefined || matched.length === 0) return;
    const words = wordsOf(sparse.values);
    for (let i = 0; i < sparse.columns.length; i++) {
      const column = sparse.columns[i] ?? 0;
      const index = series[column] ?? noSeries;
      if (index === noSeries) continue;
      const timestampMs = sparse.timestampsMs[i] ?? 0;
      if (isStale(words, i)) this.#end(index, timestampMs);
      else if (!this.#take(index, timestampMs, sparse.values[i] ?? 0)) onLate(column);
    }
  }

  #resolve(schema: SeriesSchema): Columns {
    let columns = this.#columns.get(schema);
    if (columns === undefined || columns.generation !== this.#generation) {
      columns = { generation: this.#generation, resolved: 0, series: [], matched: [] };
      this.#columns.set(schema, columns);
    }
    for (; columns.resolved < schema.series.length; columns.resolved++) {
      const labels = schema.series[columns.resolved] ?? {};
      const index = this.rule.selects(labels) ? this.#open(labels) : noSeries;
      columns.series.push(index);
      if (index !== noSeries) columns.matched.push(columns.resolved);
    }
    return columns;
  }

  #open(labels: Labels): number {
    const known = this.#series.indexOf(labels);
    if (known !== noSeries) return known;
    const group = groupLabels(labels, this.rule);
    const key = labelsKey(group);
    let number = this.#groups.get(key);
    if (this.#series.isFull) {
      this.counts.overLimit++;
      return noSeries;
    }
    if (number === undefined) {
      number = this.#results.open(group);
      this.#groups.set(key, number);
      for (const window of this.#windows)
        if (window.samples.length <= number) window.grow(2 * number + 1);
    }
    return this.#series.open(labels, number, this.rule.originMs?.(labels));
  }

  #end(index: number, timestampMs: number): void {
    if (timestampMs < (this.#series.lastMs[index] ?? 0)) return;
    this.#series.ended[index] = 1;
  }

  /** False where the sample is late. */
  #take(index: number, timestampMs: number, value: number): boolean {
    const { counts } = this;
    const { lastMs, last, windowMs, group, ended } = this.#series;
    if (Number.isNaN(value)) {
      counts.nan++;
      return true;
    }
    const beforeMs = lastMs[index] ?? Number.NaN;
    if (timestampMs <= beforeMs) return this.#isLate();
    const { intervalMs } = this.rule;
    const endMs = Math.ceil(timestampMs / intervalMs) * intervalMs;
    const isLate = endMs <= this.#closedMs;
    // What a counter gained is not lost with its interval: it goes to the next one.
    const window = this.#windowOf(isLate ? this.#closedMs + intervalMs : endMs);
    if (window === undefined) return this.#isLate();
    const own = group[index] ?? 0;
    const before = last[index] ?? 0;
    const gain = Number.isNaN(beforeMs)
      ? this.#series.isBorn(index, timestampMs, intervalMs)
        ? value
        : 0
      : value >= before
        ? value - before
        : value;
    // Infinities have no difference.
    if (gain > 0 && gain < Infinity) window.increase[own] = (window.increase[own] ?? 0) + gain;
    if (isLate) {
      this.#settle(index);
      lastMs[index] = timestampMs;
      last[index] = value;
      return this.#isLate();
    }
    if (windowMs[index] !== endMs) {
      this.#settle(index);
      windowMs[index] = endMs;
      window.series[own] = (window.series[own] ?? 0) + 1;
    }
    lastMs[index] = timestampMs;
    last[index] = value;
    ended[index] = 0;
    window.add(own, timestampMs, value);
    if (this.#observes) this.#observe(window, own, value);
    counts.aggregated++;
    return true;
  }

  #isLate(): false {
    this.counts.late++;
    return false;
  }

  #observe(window: Window, group: number, value: number): void {
    if (!Number.isFinite(value)) return;
    let groups = this.#observed.get(window);
    if (groups === undefined) this.#observed.set(window, (groups = []));
    groups[group] ??= new ExponentialCounts(observedSchema, observedSpan, this.#budget);
    groups[group]?.add(value, 1);
  }

  /** The last value of the series goes to the interval that it was in. */
  #settle(index: number): void {
    const { windowMs, group, last } = this.#series;
    const endMs = windowMs[index] ?? 0;
    windowMs[index] = 0;
    const window = endMs === 0 ? undefined : this.#windows.find((one) => one.endMs === endMs);
    if (window === undefined) return;
    const own = group[index] ?? 0;
    window.lastSum[own] = (window.lastSum[own] ?? 0) + (last[index] ?? 0);
  }

  #windowOf(endMs: number): Window | undefined {
    for (const window of this.#windows) if (window.endMs === endMs) return window;
    if (this.#windows.length >= windowsMax) return undefined;
    const window = this.#spare ?? new Window();
    this.#spare = undefined;
    window.reset(endMs, Math.max(8, this.#results.capacity));
    this.#windows.push(window);
    this.#windows.sort((a, b) => a.endMs - b.endMs);
    return window;
  }

  /** When the next interval is over, by Unix time; at most an interval and the delay from now. */
  dueMs(nowMs: number): number {
    const { intervalMs, delayMs } = this.rule;
    return (Math.floor((nowMs - delayMs) / intervalMs) + 1) * intervalMs + delayMs;
  }

  /** Results of the intervals that are over; with `all`, of those that are open, too, as of now. */
  collect(nowMs: number, all = false): MetricsPart | undefined {
    this.#finish(nowMs, all);
    if (nowMs - this.#sweptMs >= sweepEveryMs) this.#sweep(nowMs);
    return this.#results.take();
  }

  #finish(nowMs: number, all: boolean): void {
    const { intervalMs, delayMs } = this.rule;
    const overMs = Math.floor((nowMs - delayMs) / intervalMs) * intervalMs;
    // After a jump of the clock back, intervals begin anew.
    if (this.#closedMs > overMs + intervalMs) {
      this.#closedMs = overMs;
      this.#passedMs = overMs;
    }
    for (;;) {
      const [window] = this.#windows;
      if (window === undefined || (!all && window.endMs > overMs)) break;
      this.#close(window, Math.min(window.endMs, all ? nowMs : Infinity));
    }
    if (overMs > this.#passedMs) {
      this.#results.pass(overMs, this.#liveSeries());
      this.#passedMs = overMs;
      this.#closedMs = Math.max(this.#closedMs, overMs);
    }
  }

  /** What ends with the rule. */
  end(nowMs: number): MetricsPart | undefined {
    this.#finish(nowMs, true);
    this.#results.endAll(nowMs);
    return this.#results.take();
  }

  #close(window: Window, timestampMs: number): void {
    for (let index = 0; index < this.#series.size; index++)
      if (this.#series.windowMs[index] === window.endMs) this.#settle(index);
    const observed = this.#observed.get(window) ?? [];
    this.#results.write(window, timestampMs, observed);
    for (const one of observed) one?.close();
    this.#observed.delete(window);
    this.#windows.shift();
    this.#closedMs = Math.max(this.#closedMs, window.endMs);
    this.#spare = window;
  }

  /** By group, how many series have not ended. */
  #liveSeries(): Int32Array {
    const live = new Int32Array(this.#results.capacity);
    const { group, ended } = this.#series;
    for (let index = 0; index < this.#series.size; index++)
      if (ended[index] === 0) live[group[index] ?? 0] = (live[group[index] ?? 0] ?? 0) + 1;
    return live;
  }

  /** Forgets series that are idle; at once many, for all columns are looked up anew afterwards. */
  #sweep(nowMs: number): void {
    this.#sweptMs = nowMs;
    const isFull = 2 * this.#series.size >= this.rule.seriesMax;
    const isMany = (idle: number, size: number) => idle > 0 && (isFull || 4 * idle >= size);
    if (!this.#series.sweep(nowMs - forgetMs, isMany)) return;
    this.#generation++;
    const used = new Uint8Array(this.#results.capacity);
    const { group } = this.#series;
    for (let index = 0; index < this.#series.size; index++) used[group[index] ?? 0] = 1;
    for (const window of this.#windows)
      for (let one = 0; one < used.length; one++) if ((window.samples[one] ?? 0) > 0) used[one] = 1;
    for (const [key, number] of this.#groups)
      if (used[number] !== 1 && this.#results.forget(number)) this.#groups.delete(key);
  }
}
