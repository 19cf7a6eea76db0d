import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { Exemplar, SeriesExemplars } from "#shared/model/exemplars.ts";
import type { FineMarks } from "#shared/model/metrics.ts";
import type { HistogramColumn } from "#shared/model/histogram.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import type { SampleRun } from "../../read/cut_metrics.ts";
import { exemplarColumnNames, exemplarRowEnd, fillExemplars } from "./exemplar_rows.ts";
import { fillHistograms, histogramColumnNames, histogramTypes } from "./histogram_columns.ts";
import { encodeRow, runEnd, type HistogramRow } from "./histogram_rows.ts";
import type { ExemplarsWritten } from "../../read/exemplars_written.ts";
import type { Written } from "../file/written.ts";
import type { SeriesText } from "../series/labels_text.ts";
import { TimeGroups } from "./time_groups.ts";
import { encodeValues, plainDivisor } from "./value_codec.ts";
import { fillColumn, fillLists, fillNulls, fillTexts } from "../../duckdb/vectors.ts";

/** What every metrics block holds; drawn in docs/formats/parquet.md. */
export const numberColumns = [
  { name: "name", type: "VARCHAR" },
  { name: "labels", type: "VARCHAR" },
  { name: "series", type: "UBIGINT" },
  { name: "t_min", type: "BIGINT" },
  { name: "t_max", type: "BIGINT" },
  { name: "n", type: "UINTEGER" },
  { name: "t_group", type: "UINTEGER" },
  { name: "stale", type: "UINTEGER" },
  { name: "t", type: "UINTEGER[]" },
  { name: "v_divisor", type: "DOUBLE" },
  { name: "v", type: "DOUBLE[]" },
] as const;
const numberNames = numberColumns.map(({ name }) => name).join(", ");
const firstHistogramColumn = numberColumns.length;
const startColumn = firstHistogramColumn + histogramTypes.length;

/** A row is at most this long: four hours at 15 s, and what a reader must decode to get one sample. */
const chunkSamplesMax = 1_000;
/** Offsets are 32 bits wide. */
const chunkSpanMsMax = 2 ** 32 - 1;
/** DuckDB's vector holds 2,048 rows, and so does a row group. */
const rowsMax = 2_048;
/**
 * Samples that wait, with one row more, for a chunk: a megabyte and a half. A chunk of full rows would be 24 MB, held here, in the chunk,
 * and once more by DuckDB.
 */
const samplesMax = 2 ** 17;
/** Cells of histograms that wait for a full vector: 8 MiB. */
const histogramCellsMax = 2 ** 20;

/**
 * Rows of a metrics block on their way into DuckDB's chunks. Series come sorted by name, then labels; samples ascending. Buffers
 * are reused from chunk to chunk: nothing here holds on to what was handed in.
 */
export class MetricsRows {
  readonly #names: string[] = [];
  readonly #labels: string[] = [];
  readonly #series = new BigUint64Array(rowsMax);
  readonly #tMin = new BigInt64Array(rowsMax);
  readonly #tMax = new BigInt64Array(rowsMax);
  readonly #groups = new Uint32Array(rowsMax);
  readonly #stale = new Uint32Array(rowsMax);
  readonly #divisors = new Float64Array(rowsMax);
  readonly #timeGroups = new TimeGroups();
  readonly #lengths: number[] = [];
  readonly #times = new Uint32Array(samplesMax + chunkSamplesMax);
  readonly #values = new Float64Array(samplesMax + chunkSamplesMax);
  #usedTimes = 0;
  #used = 0;
  readonly #valueLengths: number[] = [];
  /** Parallel to the rows. */
  readonly #histograms: (HistogramRow | undefined)[] = [];
  /** Parallel to the rows. */
  readonly #starts: (bigint | undefined)[] = [];
  readonly #exemplars: (readonly Exemplar[] | undefined)[] = [];
  #cells = 0;
  #hasHistograms = false;
  #hasStarts = false;
  /** Marks of the rows that have any, one after another, and how many each row has. */
  readonly #fine: number[] = [];
  readonly #fineLengths: number[] = [];
  #hasFine = false;
  #exemplarsWritten: ExemplarsWritten | undefined;
  #items = 0;
  #rows = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;

  get items(): number {
    return this.#items;
  }

  /** The columns, as SQL, that hold anything so far. */
  get columns(): string {
    return [
      numberNames,
      ...(this.#hasHistograms ? [histogramColumnNames] : []),
      ...(this.#hasStarts ? ["start_ms"] : []),
      ...(this.#hasFine ? ["fine"] : []),
      ...(this.#exemplarsWritten === undefined ? [] : [exemplarColumnNames]),
    ].join(", ");
  }

  /** Rows that wait for a chunk. */
  get waiting(): number {
    return this.#names.length;
  }

  /** No chunk goes beyond the end of a row group, or DuckDB would make that larger. */
  get #isFull(): boolean {
    const { waiting } = this;
    if (waiting > 0 && (this.#rows + waiting) % rowsMax === 0) return true;
    return this.#usedTimes >= samplesMax || this.#cells >= histogramCellsMax;
  }

  /** Adds samples from `begin` on as far as there is room; gives the index that they are added up to. */
  add(series: SeriesText, run: SampleRun, begin: number): number {
    const { timestampsMs, values, histograms, starts, fine } = run;
    let at = begin;
    while (at < run.count && !this.#isFull) {
      let end = rowEnd(run, at);
      if (histograms !== undefined) end = runEnd(histograms, at, end);
      if (starts !== undefined) end = this.#startEnd(starts, at, end);
      if (fine !== undefined) this.#addMarks(fine, at, end);
      if (histograms?.[at] === undefined) this.#addNumbers(series, timestampsMs, values, at, end);
      else this.#addHistograms(series, timestampsMs, histograms, at, end);
      at = end;
    }
    return at;
  }

  /** As add(). Exemplars come after all samples, series (each once, its exemplars ascending) in the same order. */
  addExemplars(series: SeriesText, { exemplars }: SeriesExemplars, from: number): number {
    let begin = from;
    while (begin < exemplars.length && !this.#isFull) {
      const end = exemplarRowEnd(exemplars, begin);
      const some = exemplars.slice(begin, end);
      const times = Float64Array.from(some, ({ timestampMs }) => timestampMs);
      const row = this.#startRow(series, times, 0, 0);
      const [firstMs, lastMs] = [times[0] ?? 0, times.at(-1) ?? 0];
      this.#tMin[row] = BigInt(firstMs);
      this.#tMax[row] = BigInt(lastMs);
      this.#divisors[row] = plainDivisor;
      this.#valueLengths.push(0);
      this.#histograms.push(undefined);
      this.#exemplars[row] = some;
      const { count, minMs, maxMs } = this.#exemplarsWritten ?? noExemplars;
      this.#exemplarsWritten = {
        count: count + some.length,
        minMs: Math.min(minMs, firstMs),
        maxMs: Math.max(maxMs, lastMs),
      };
      begin = end;
    }
    return begin;
  }

  /** What all rows so far hold. Where there are exemplars alone, the times are theirs. */
  written(): Written & { readonly rows: number } {
    const exemplars = this.#exemplarsWritten;
    const { minMs, maxMs } =
      this.#items === 0 && exemplars !== undefined
        ? exemplars
        : { minMs: this.#minMs, maxMs: this.#maxMs };
    const written = { items: this.#items, rows: this.#rows, minMs, maxMs };
    return exemplars === undefined ? written : { ...written, exemplars };
  }

  /** Where the run of one start timestamp ends, which the next row then has. */
  #startEnd(starts: Float64Array, begin: number, end: number): number {
    const startMs = starts[begin] ?? 0;
    let at = begin + 1;
    while (at < end && starts[at] === startMs) at++;
    if (startMs !== 0) {
      this.#starts[this.#names.length] = BigInt(startMs);
      this.#hasStarts = true;
    }
    return at;
  }

  /** Of the next row. */
  #addMarks(fine: FineMarks, begin: number, end: number): void {
    const own = fine.subarray(begin, end);
    if (!own.includes(1)) return;
    this.#fineLengths[this.#names.length] = own.length;
    for (const mark of own) this.#fine.push(mark);
    this.#hasFine = true;
  }

  #addNumbers(
    series: SeriesText,
    timestampsMs: Float64Array,
    values: Float64Array,
    begin: number,
    end: number,
  ): void {
    const row = this.#startRow(series, timestampsMs, begin, end);
    this.#divisors[row] = encodeValues(values, begin, end, this.#values, this.#used);
    // A chunk with a marker is always stored as it is.
    if (this.#divisors[row] === plainDivisor) this.#stale[row] = staleIn(values, begin, end);
    this.#used += end - begin;
    this.#valueLengths.push(end - begin);
    this.#histograms.push(undefined);
  }

  /** A row whose values are none: every sample of it is a histogram. */
  #addHistograms(
    series: SeriesText,
    timestampsMs: Float64Array,
    histograms: HistogramColumn,
    begin: number,
    end: number,
  ): void {
    const row = this.#startRow(series, timestampsMs, begin, end);
    const encoded = encodeRow(histograms, begin, end);
    this.#divisors[row] = plainDivisor;
    this.#valueLengths.push(0);
    this.#histograms.push(encoded);
    this.#hasHistograms = true;
    this.#cells += encoded?.cells.length ?? 0;
  }

  /** All of a row but what its samples are. */
  #startRow(
    { name, text, hash }: SeriesText,
    timestampsMs: Float64Array,
    begin: number,
    end: number,
  ): number {
    const row = this.#names.length;
    const count = end - begin;
    const first = timestampsMs[begin] ?? 0;
    const last = timestampsMs[end - 1] ?? 0;
    this.#names.push(name);
    this.#labels.push(text);
    this.#lengths.push(count);
    this.#series[row] = hash;
    this.#tMin[row] = BigInt(first);
    this.#tMax[row] = BigInt(last);
    for (let i = begin; i < end; i++)
      this.#times[this.#usedTimes + i - begin] = (timestampsMs[i] ?? 0) - first;
    const usedTimes = this.#usedTimes + count;
    this.#groups[row] = this.#timeGroups.numberOf(this.#times, this.#usedTimes, usedTimes);
    this.#stale[row] = 0;
    this.#usedTimes = usedTimes;
    this.#items += count;
    if (count === 0) return row;
    this.#minMs = Math.min(this.#minMs, first);
    this.#maxMs = Math.max(this.#maxMs, last);
    return row;
  }

  /** Moves the rows that wait into a chunk of as many rows. */
  fill(chunk: DuckDBDataChunk): void {
    const rows = this.waiting;
    fillTexts(chunk, 0, this.#names);
    fillTexts(chunk, 1, this.#labels);
    fillColumn(chunk, 2, this.#series.subarray(0, rows));
    fillColumn(chunk, 3, this.#tMin.subarray(0, rows));
    fillColumn(chunk, 4, this.#tMax.subarray(0, rows));
    fillColumn(chunk, 5, Uint32Array.from(this.#lengths));
    fillColumn(chunk, 6, this.#groups.subarray(0, rows));
    fillColumn(chunk, 7, this.#stale.subarray(0, rows));
    fillLists(chunk, 8, this.#lengths, this.#times.subarray(0, this.#usedTimes));
    fillColumn(chunk, 9, this.#divisors.subarray(0, rows));
    fillLists(chunk, 10, this.#valueLengths, this.#values.subarray(0, this.#used));
    this.#fillRare(chunk);
    this.#clear();
  }

  /** Columns that most blocks don't have. */
  #fillRare(chunk: DuckDBDataChunk): void {
    fillHistograms(chunk, firstHistogramColumn, this.#histograms);
    this.#starts.length = this.#exemplars.length = this.waiting;
    fillColumn(
      chunk,
      startColumn,
      BigInt64Array.from(this.#starts, (startMs) => startMs ?? 0n),
    );
    fillNulls(chunk, startColumn, [...this.#starts]);
    const fineLengths = Array.from(
      { length: this.waiting },
      (_, row) => this.#fineLengths[row] ?? 0,
    );
    fillLists(chunk, startColumn + 1, fineLengths, Uint8Array.from(this.#fine));
    fillExemplars(chunk, startColumn + 2, [...this.#exemplars]);
  }

  #clear(): void {
    this.#rows += this.waiting;
    this.#usedTimes = 0;
    this.#used = 0;
    this.#cells = 0;
    this.#valueLengths.length = 0;
    this.#histograms.length = 0;
    this.#starts.length = 0;
    this.#fine.length = 0;
    this.#fineLengths.length = 0;
    this.#exemplars.length = 0;
    this.#names.length = 0;
    this.#labels.length = 0;
    this.#lengths.length = 0;
  }
}

const noExemplars: ExemplarsWritten = { count: 0, minMs: Infinity, maxMs: -Infinity };

/** How many of the values [begin, end) are stale markers. */
export function staleIn(values: Float64Array, begin: number, end: number): number {
  const words = wordsOf(values);
  let stale = 0;
  for (let i = begin; i < end; i++) if (isStale(words, i)) stale += 1;
  return stale;
}

/** Where the row of numbers that begins at a sample ends. */
export function rowEnd({ timestampsMs, count }: SampleRun, begin: number): number {
  const first = timestampsMs[begin] ?? 0;
  let end = Math.min(begin + chunkSamplesMax, count);
  while ((timestampsMs[end - 1] ?? 0) - first > chunkSpanMsMax) end -= 1;
  return end;
}
