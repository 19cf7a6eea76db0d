import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import { labelsKey, type Labels } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";

/** One series. Whoever adds to `value` need not tell. */
export type SeriesCell = {
  readonly labels: Labels;
  value: number;
  /** The value that was told last. */
  told: number;
  /** Whether a sample was told since it last ended. */
  isShown: boolean;
  /** Unix milliseconds of the last sample that was other than the one before. */
  changedMs: number;
};

/** A counter that stands still ends, until it goes on. */
const idleMs = 60 * 60_000;
const columnsMin = 64;

/**
 * Series of this process in the form that frames of metrics have: rows of one list of series. A counter that is shown for the first
 * time, or again, tells first what it was before, so that no increase is lost on functions which look at differences.
 */
export class PatternSeries {
  /** One object for its life, as the head knows a list by its identity. */
  #schema: { readonly series: Labels[] } = { series: [] };
  #columns: (SeriesCell | undefined)[] = [];
  #ended: number[] = [];
  #live = 0;
  #families: readonly MetricFamily[];

  constructor(families: readonly MetricFamily[]) {
    this.#families = families;
  }

  get size(): number {
    return this.#live;
  }

  /** A cell that was there before the last restart says so. */
  add(
    labels: Labels,
    { value = 0, told = value, isShown = false, changedMs = 0 }: Partial<SeriesCell> = {},
  ): SeriesCell {
    const cell = { labels, value, told, isShown, changedMs };
    // What begins again at once does not end.
    const key = this.#ended.length > 0 ? labelsKey(labels) : "";
    this.#ended = this.#ended.filter(
      (column) => labelsKey(this.#schema.series[column] ?? {}) !== key,
    );
    this.#columns.push(cell);
    this.#schema.series.push(labels);
    this.#live++;
    return cell;
  }

  /** Its series ends with the next row. */
  remove(cell: SeriesCell): void {
    const column = this.#columns.indexOf(cell);
    if (column < 0) return;
    this.#columns[column] = undefined;
    this.#live--;
    if (cell.isShown) this.#ended.push(column);
  }

  /** What is to be stored at `atMs`, the earlier part first; `beforeMs` is a time after the row before. */
  rows(atMs: number, beforeMs: number): DecodedMetrics[] {
    const schema = this.#schema;
    const values = new Float64Array(schema.series.length);
    const words = wordsOf(values);
    for (let column = 0; column < values.length; column++) setAbsent(words, column);
    const before: { column: number; value: number }[] = [];
    let items = 0;
    for (const column of this.#ended.splice(0)) {
      setStale(words, column);
      items++;
    }
    for (const [column, cell] of this.#columns.entries()) {
      if (cell === undefined) continue;
      if (cell.value === cell.told) {
        if (!cell.isShown) continue;
        if (atMs - cell.changedMs > idleMs) {
          cell.isShown = false;
          setStale(words, column);
          items++;
          continue;
        }
      } else {
        if (!cell.isShown) before.push({ column, value: cell.told });
        cell.isShown = true;
        cell.changedMs = atMs;
        cell.told = cell.value;
      }
      values[column] = cell.value;
      items++;
    }
    const families = this.#families;
    this.#families = [];
    this.#compact();
    if (items === 0) return [];
    const row = { rows: [{ schema, timestampMs: atMs, values, items }], sparse: [], families };
    if (before.length === 0) return [row];
    const samples = {
      columns: Uint32Array.from(before, ({ column }) => column),
      timestampsMs: new Float64Array(before.length).fill(beforeMs),
      values: Float64Array.from(before, ({ value }) => value),
    };
    return [{ rows: [], sparse: [{ schema, samples }], families: [] }, row];
  }

  /** A new list where most of the old one's series have ended; a list that was handed on is never changed but at its end. */
  #compact(): void {
    if (this.#columns.length < columnsMin || this.#columns.length < 2 * this.#live) return;
    this.#columns = this.#columns.filter((cell) => cell !== undefined);
    this.#schema = { series: this.#columns.map((cell) => cell?.labels ?? {}) };
  }
}
