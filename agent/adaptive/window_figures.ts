import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsPart, SeriesSchema } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";

/** What is told of a window, in the order of the columns of a series. */
const figures = ["min", "max", "sum", "count"] as const;
const figureHelp = {
  min: "Lowest value within the window",
  max: "Highest value within the window",
  sum: "Sum of the values within the window",
  count: "Values within the window",
};

type Gauge = {
  min: number;
  max: number;
  sum: number;
  count: number;
  /** Whether the last window had figures: then a window without any ends their series. */
  isTold: boolean;
};

/**
 * Minimum, maximum, sum and count of some columns of a schema since they were taken last. They make a schema of their own, under the name
 * of the series and ":min", ":max", ":sum" or ":count". NaNs are in no figure.
 */
export class WindowFigures {
  readonly #source: SeriesSchema;
  readonly #schema: { series: Labels[]; families: MetricFamily[] } = { series: [], families: [] };
  readonly #columns: number[] = [];
  readonly #gauges: Gauge[] = [];
  readonly #named = new Set<string>();

  constructor(source: SeriesSchema) {
    this.#source = source;
  }

  /** How many series have figures. */
  get size(): number {
    return this.#columns.length;
  }

  /** From now on the column has figures. */
  admit(column: number): void {
    const labels = this.#source.series[column] ?? {};
    const name = labels[metricNameLabel] ?? "";
    this.#columns.push(column);
    this.#gauges.push({ ...nothing, isTold: false });
    for (const figure of figures)
      this.#schema.series.push({ ...labels, [metricNameLabel]: `${name}:${figure}` });
    if (this.#named.has(name)) return;
    this.#named.add(name);
    const unit = this.#source.families.find((family) => family.name === name)?.unit ?? "";
    for (const figure of figures) {
      const help = `${figureHelp[figure]} of ${name}.`;
      const own = figure === "count" ? "" : unit;
      this.#schema.families.push({ name: `${name}:${figure}`, type: "gauge", help, unit: own });
    }
  }

  add(values: Float64Array): void {
    for (const [i, column] of this.#columns.entries()) {
      // Past the end of the row, or a NaN: absent, stale, or not a number.
      const value = values[column] ?? Number.NaN;
      const gauge = this.#gauges[i];
      if (gauge === undefined || Number.isNaN(value)) continue;
      if (value < gauge.min) gauge.min = value;
      if (value > gauge.max) gauge.max = value;
      gauge.sum += value;
      gauge.count++;
    }
  }

  /** The figures since they were taken last, as one row; undefined where there is nothing to tell. */
  take(timestampMs: number): MetricsPart | undefined {
    if (this.#gauges.every(({ count, isTold }) => count === 0 && !isTold)) return undefined;
    const values = new Float64Array(figures.length * this.#gauges.length);
    const words = wordsOf(values);
    for (const [i, gauge] of this.#gauges.entries()) {
      for (const [at, figure] of figures.entries()) {
        const place = figures.length * i + at;
        if (gauge.count > 0) values[place] = gauge[figure];
        else if (gauge.isTold) setStale(words, place);
        else setAbsent(words, place);
      }
      this.#gauges[i] = { ...nothing, isTold: gauge.count > 0 };
    }
    return { schema: this.#schema, rows: [{ timestampMs, values }] };
  }
}

const nothing = { min: Infinity, max: -Infinity, sum: 0, count: 0 };
