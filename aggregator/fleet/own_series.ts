import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";

const columnsMin = 64;

/** Gauges of this process, row by row, in the form that frames of metrics have. A series that is not set for a row ends with it. */
export class OwnSeries {
  /** One object for its life, as the head knows a list by its identity; it grows at its end only. */
  #schema: { readonly series: Labels[] } = { series: [] };
  #columns = new Map<string, number>();
  #row = new Map<number, number>();
  #shown: ReadonlySet<number> = new Set();
  #families: readonly MetricFamily[];

  /** `families` are told with the first row. */
  constructor(families: readonly MetricFamily[]) {
    this.#families = families;
  }

  /** For the next row. */
  set(labels: Labels, value: number): void {
    const key = labelsKey(labels);
    let column = this.#columns.get(key);
    if (column === undefined) {
      column = this.#schema.series.push(labels) - 1;
      this.#columns.set(key, column);
    }
    this.#row.set(column, value);
  }

  /** What was set, and stale markers of what was not. Empty where there is neither. */
  row(timestampMs: number): DecodedMetrics[] {
    const schema = this.#schema;
    const [row, shown, families] = [this.#row, this.#shown, this.#families];
    const ended = [...shown].filter((column) => !row.has(column));
    if (row.size + ended.length === 0) return [];
    const values = new Float64Array(schema.series.length);
    const words = wordsOf(values);
    for (let column = 0; column < values.length; column++) setAbsent(words, column);
    for (const column of ended) setStale(words, column);
    for (const [column, value] of row) values[column] = value;
    this.#row = new Map();
    this.#shown = new Set(row.keys());
    this.#families = [];
    this.#compact();
    const items = row.size + ended.length;
    return [{ rows: [{ schema, timestampMs, values, items }], sparse: [], families }];
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
