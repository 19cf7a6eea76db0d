import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";

export type LogMetric = {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly unit: string;
  /** Upper bounds, ascending, without +Inf; of a histogram. */
  readonly buckets: readonly number[];
};

type Series = {
  readonly family: string;
  readonly labels: Labels;
  value: number;
  changedMs: number;
};

/** A series that nothing was counted in for so long is told no more. */
const idleMs = 3_600_000;

/**
 * Series made of log records, for all chains of an agent. They count on over a change of the configuration, and begin at 0 with the
 * process, as counters do.
 */
export class LogMetrics {
  readonly #seriesMax: number;
  readonly #families = new Map<string, MetricFamily>();
  readonly #series = new Map<string, Series>();
  #schema: { schema: SeriesSchema; order: Series[] } | undefined;

  constructor(seriesMax = 10_000) {
    this.#seriesMax = seriesMax;
  }

  get size(): number {
    return this.#series.size;
  }

  /** Takes a value for a metric: what is added to a counter, put into a gauge, observed by a histogram. False beyond the bound. */
  record(metric: LogMetric, labels: Labels, value: number, nowMs: number): boolean {
    const { name, kind, help, unit, buckets } = metric;
    if (!this.#families.has(name)) this.#families.set(name, { name, type: kind, help, unit });
    if (kind === "histogram") return this.#observe(metric, labels, value, nowMs, buckets);
    const series = this.#find(name, name, labels, nowMs);
    if (series === undefined) return false;
    series.value = kind === "gauge" ? value : series.value + value;
    return true;
  }

  #observe(
    { name }: LogMetric,
    labels: Labels,
    value: number,
    nowMs: number,
    buckets: readonly number[],
  ): boolean {
    const isNew = !this.#series.has(labelsKey({ ...labels, [metricNameLabel]: `${name}_count` }));
    if (isNew && this.#series.size + buckets.length + 3 > this.#seriesMax) return false;
    for (const bound of [...buckets, Number.POSITIVE_INFINITY]) {
      const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
      const bucket = this.#find(name, `${name}_bucket`, { ...labels, le }, nowMs);
      if (bucket !== undefined && value <= bound) bucket.value++;
    }
    const sum = this.#find(name, `${name}_sum`, labels, nowMs);
    const count = this.#find(name, `${name}_count`, labels, nowMs);
    if (sum !== undefined) sum.value += value;
    if (count !== undefined) count.value++;
    return true;
  }

  #find(family: string, name: string, labels: Labels, nowMs: number): Series | undefined {
    const full = { [metricNameLabel]: name, ...labels };
    const key = labelsKey(full);
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= this.#seriesMax) return undefined;
      series = { family, labels: full, value: 0, changedMs: nowMs };
      this.#series.set(key, series);
      if (this.#schema !== undefined) {
        this.#schema.schema.series.push(full);
        this.#schema.order.push(series);
        this.#nameFamily(this.#schema.schema, family);
      }
    }
    series.changedMs = nowMs;
    return series;
  }

  #nameFamily({ families }: SeriesSchema, name: string): void {
    const family = this.#families.get(name);
    if (family !== undefined && !families.some((own) => own.name === name)) families.push(family);
  }

  /** All series as of now; undefined while there are none. */
  collect(nowMs: number): MetricsBatch | undefined {
    for (const [key, { changedMs }] of this.#series) {
      if (nowMs - changedMs <= idleMs) continue;
      this.#series.delete(key);
      this.#schema = undefined;
    }
    if (this.#series.size === 0) return undefined;
    if (this.#schema === undefined) {
      const order = [...this.#series.values()];
      const schema: SeriesSchema = { series: order.map(({ labels }) => labels), families: [] };
      for (const { family } of order) this.#nameFamily(schema, family);
      this.#schema = { schema, order };
    }
    const { schema, order } = this.#schema;
    const values = Float64Array.from(order, ({ value }) => value);
    return { schema, rows: [{ timestampMs: nowMs, values }] };
  }
}
