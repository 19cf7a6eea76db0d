import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import { canonicalFloat } from "#shared/text/exposition/go_float.ts";

export type LogMetric = {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly unit: string;
  /** Upper bounds, ascending, without +Inf; of a histogram. */
  readonly buckets: readonly number[];
};

/** Takes a value for one set of labels, by their values in the order of their names: empty ones are left out. False beyond the bound on series. */
export type RecordValue = (values: readonly string[], value: number, nowMs: number) => boolean;

/** What was recorded for one set of labels. */
type Point = {
  readonly labels: Labels;
  /** The value of a counter or gauge; of a histogram the observations of each bucket alone, and their sum. */
  readonly numbers: Float64Array;
  changedMs: number;
};

/** All of one name. */
type Family = {
  metric: LogMetric;
  /** By labelsKey(). */
  points: Map<string, Point>;
};

/** A series that nothing was counted in for so long is told no more. */
const idleMs = 3_600_000;
const histogramSuffixes = ["_bucket", "_sum", "_count"];

/**
 * Series made of log records, for all chains of an agent. They count on over a change of the configuration, and begin at 0 with the
 * process, as counters do.
 */
export class LogMetrics {
  readonly #seriesMax: number;
  readonly #families = new Map<string, Family>();
  #size = 0;
  /** Changes when points go, which those who know some by heart must forget then. */
  #generation = 0;
  #schema: { schema: SeriesSchema; order: (readonly [Family, Point])[] } | undefined;

  constructor(seriesMax = 10_000) {
    this.#seriesMax = seriesMax;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * What takes the values of a metric with labels of these names: adds them to a counter, puts them into a gauge, has them observed by a histogram. Of several of
   * one name with other kinds or buckets the last one holds for all, and counts anew. One whose series would be those of another metric takes nothing.
   */
  recorder(metric: LogMetric, labelNames: readonly string[]): RecordValue {
    if (this.#clashes(metric)) return () => false;
    const family = this.#family(metric);
    const known = new Map<string, Point>();
    let generation = this.#generation;
    return (values, value, nowMs) => {
      if (generation !== this.#generation) {
        known.clear();
        generation = this.#generation;
      }
      const key = keyOf(values);
      let point = known.get(key);
      if (point === undefined) {
        point = this.#find(family, labelsOf(labelNames, values), nowMs);
        if (point === undefined) return false;
        known.set(key, point);
      }
      point.changedMs = nowMs;
      take(family.metric, point.numbers, value);
      return true;
    };
  }

  /** Whether a series of this metric could be one of another: a counter of the name that a histogram's sum has. */
  #clashes({ name, kind }: LogMetric): boolean {
    if (kind === "histogram")
      return histogramSuffixes.some((end) => this.#families.has(name + end));
    const owner = histogramSuffixes.find((end) => name.endsWith(end));
    if (owner === undefined) return false;
    return this.#families.get(name.slice(0, -owner.length))?.metric.kind === "histogram";
  }

  #family(metric: LogMetric): Family {
    const { name, kind, buckets } = metric;
    const family = this.#families.get(name);
    if (family === undefined) {
      const created = { metric, points: new Map<string, Point>() };
      this.#families.set(name, created);
      return created;
    }
    const { metric: old } = family;
    if (old.kind !== kind || old.buckets.join() !== buckets.join()) {
      this.#size -= family.points.size * seriesOf(old);
      family.points.clear();
      this.#forget();
    }
    family.metric = metric;
    return family;
  }

  #find(family: Family, labels: Labels, nowMs: number): Point | undefined {
    const key = labelsKey(labels);
    const known = family.points.get(key);
    if (known !== undefined) return known;
    const { metric } = family;
    const count = seriesOf(metric);
    if (this.#size + count > this.#seriesMax) return undefined;
    // A histogram's numbers are its buckets with +Inf, and the sum; the count follows from them.
    const numbers = new Float64Array(metric.kind === "histogram" ? count - 1 : 1);
    const point = { labels, numbers, changedMs: nowMs };
    family.points.set(key, point);
    this.#size += count;
    if (this.#schema !== undefined) {
      addSeries(this.#schema.schema, family, point);
      this.#schema.order.push([family, point]);
    }
    return point;
  }

  #forget(): void {
    this.#schema = undefined;
    this.#generation++;
  }

  /** All series as of now; undefined while there are none. */
  collect(nowMs: number): MetricsBatch | undefined {
    for (const { metric, points } of this.#families.values())
      for (const [key, { changedMs }] of points) {
        if (nowMs - changedMs <= idleMs) continue;
        points.delete(key);
        this.#size -= seriesOf(metric);
        this.#forget();
      }
    if (this.#size === 0) return undefined;
    this.#schema ??= this.#allSeries();
    const { schema, order } = this.#schema;
    const values = new Float64Array(schema.series.length);
    let at = 0;
    for (const [{ metric }, { numbers }] of order) at = writeValues(metric, numbers, values, at);
    return { schema, rows: [{ timestampMs: nowMs, values }] };
  }

  #allSeries() {
    const schema: SeriesSchema = { series: [], families: [] };
    const order: (readonly [Family, Point])[] = [];
    for (const family of this.#families.values())
      for (const point of family.points.values()) {
        addSeries(schema, family, point);
        order.push([family, point]);
      }
    return { schema, order };
  }
}

/** Equal for equal values, and only for those. */
function keyOf(values: readonly string[]): string {
  let key = "";
  for (const value of values) key += `${value.length}:${value}`;
  return key;
}

function labelsOf(names: readonly string[], values: readonly string[]): Labels {
  const labels: Record<string, string> = {};
  for (const [i, name] of names.entries()) {
    const value = values[i] ?? "";
    if (value !== "") labels[name] = value;
  }
  return labels;
}

/** How many series one set of labels is. */
function seriesOf({ kind, buckets }: LogMetric): number {
  return kind === "histogram" ? buckets.length + 3 : 1;
}

function take({ kind, buckets }: LogMetric, numbers: Float64Array, value: number): void {
  if (kind === "histogram") {
    let bucket = 0;
    while (bucket < buckets.length && value > (buckets[bucket] ?? 0)) bucket++;
    numbers[bucket] = (numbers[bucket] ?? 0) + 1;
    numbers[buckets.length + 1] = (numbers[buckets.length + 1] ?? 0) + value;
  } else numbers[0] = kind === "gauge" ? value : (numbers[0] ?? 0) + value;
}

/** The point's series: of a histogram the buckets, sum and count. Bounds are written as scrapes give them ("1.0"). */
function addSeries(schema: SeriesSchema, { metric }: Family, { labels }: Point): void {
  const { name, kind, help, unit, buckets } = metric;
  const add = (suffix: string, more: Labels): void =>
    void schema.series.push({ [metricNameLabel]: name + suffix, ...labels, ...more });
  if (kind === "histogram") {
    for (const bound of [...buckets, Number.POSITIVE_INFINITY])
      add("_bucket", { le: canonicalFloat(bound) });
    add("_sum", {});
    add("_count", {});
  } else add("", {});
  const family: MetricFamily = { name, type: kind, help, unit };
  if (!schema.families.some((own) => own.name === name)) schema.families.push(family);
}

/** Writes the values of the point's series from place `at` on, and gives the place behind them. */
function writeValues(
  { kind, buckets }: LogMetric,
  numbers: Float64Array,
  values: Float64Array,
  at: number,
): number {
  if (kind !== "histogram") {
    values[at] = numbers[0] ?? 0;
    return at + 1;
  }
  let below = 0;
  for (let bucket = 0; bucket <= buckets.length; bucket++) {
    below += numbers[bucket] ?? 0;
    values[at + bucket] = below;
  }
  const behind = at + buckets.length + 1;
  values[behind] = numbers[buckets.length + 1] ?? 0;
  values[behind + 1] = below;
  return behind + 2;
}
