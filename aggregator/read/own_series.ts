import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";

const columnsMin = 64;

/** Series that this process makes, row by row, in the form that frames of metrics have. A series that is not set for a row ends with it. */
export class OwnSeries {
  /** One object for its life, as the head knows a list by its identity; it grows at its end only. */
  #schema: { readonly series: Labels[] } = { series: [] };
  #columns = new Map<string, number>();
  #row = new Map<number, number>();
  #histograms = new Map<number, Histogram>();
  #shown: ReadonlySet<number> = new Set();
  #families: readonly MetricFamily[];

  /** The first row brings `families` along. */
  constructor(families: readonly MetricFamily[]) {
    this.#families = families;
  }

  /** For the next row. */
  set(labels: Labels, value: number): void {
    this.#row.set(this.#columnOf(labels), value);
  }

  /** For the next row, in place of a value. */
  setHistogram(labels: Labels, histogram: Histogram): void {
    this.#histograms.set(this.#columnOf(labels), histogram);
  }

  #columnOf(labels: Labels): number {
    const key = labelsKey(labels);
    const known = this.#columns.get(key);
    if (known !== undefined) return known;
    const column = this.#schema.series.push(labels) - 1;
    this.#columns.set(key, column);
    return column;
  }

  /** What was set, and stale markers of what was not. Empty where there is neither. */
  row(timestampMs: number): DecodedMetrics[] {
    const schema = this.#schema;
    const [row, found, families] = [this.#row, this.#histograms, this.#families];
    const ended = [...this.#shown].filter((column) => !row.has(column) && !found.has(column));
    if (row.size + found.size + ended.length === 0) return [];
    const values = new Float64Array(schema.series.length);
    const words = wordsOf(values);
    for (let column = 0; column < values.length; column++) setAbsent(words, column);
    for (const column of ended) setStale(words, column);
    for (const [column, value] of row) values[column] = value;
    this.#row = new Map();
    this.#histograms = new Map();
    this.#shown = new Set([...row.keys(), ...found.keys()]);
    this.#families = [];
    this.#compact();
    const items = row.size + ended.length;
    const rows = items === 0 ? [] : [{ schema, timestampMs, values, items }];
    if (found.size === 0) return [{ rows, sparse: [], families }];
    const samples = {
      columns: Uint32Array.from(found.keys()),
      timestampsMs: new Float64Array(found.size).fill(timestampMs),
      histograms: [...found.values()],
    };
    return [{ rows, sparse: [], histograms: [{ schema, samples }], families }];
  }

  /** A new list where most of the old one's series have ended. */
  #compact(): void {
    const { series } = this.#schema;
    if (series.length < columnsMin || series.length < 2 * this.#shown.size) return;
    const kept = [...this.#shown].map((column) => series[column] ?? {});
    this.#schema = { series: kept };
    this.#columns = new Map(kept.map((labels, column) => [labelsKey(labels), column]));
    this.#shown = new Set(kept.keys());
  }
}
