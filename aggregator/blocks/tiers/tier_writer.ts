import type { DuckDBAppender, DuckDBDataChunk } from "@duckdb/node-api";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import {
  fillHistograms,
  histogramColumnNames,
  histogramColumns,
  histogramTypes,
} from "../metrics/histogram_columns.ts";
import { encodeRow, runEnd, type HistogramRow } from "../metrics/histogram_rows.ts";
import type { SeriesText } from "../series/labels_text.ts";
import type { Written } from "../file/written.ts";
import { encodeValues, plainDivisor } from "../metrics/value_codec.ts";
import { type TableType, chunkOf } from "../../duckdb/table_types.ts";
import { fillColumn, fillLists, fillTexts } from "../../duckdb/vectors.ts";
import type { BucketSeries } from "./bucket_buffer.ts";

/** Columns of values, each coded like `v` of a raw block, in the order of the file. */
const codedColumns = ["first", "sum", "min", "max", "resets", "last"] as const;
const timeColumns =
  "name, labels, series, t_min, t_max, n, t, t_first, count, first_divisor, first, " +
  "sum_divisor, sum, min_divisor, min, max_divisor, max, resets_divisor, resets, last_divisor, last";
/** The table that a tier's block is copied from; docs/formats/parquet.md draws its columns. */
export const tierTable = `name VARCHAR, labels VARCHAR, series UBIGINT, t_min BIGINT, t_max BIGINT, n UINTEGER,
  t UINTEGER[], t_first UINTEGER[], count UINTEGER[],
  ${codedColumns.map((name) => `${name}_divisor DOUBLE, ${name} DOUBLE[]`).join(", ")}, ${histogramColumns}, fine UINTEGER[]`;
const types: readonly TableType[] = [
  "VARCHAR",
  "VARCHAR",
  "UBIGINT",
  "BIGINT",
  "BIGINT",
  "UINTEGER",
  "UINTEGER[]",
  "UINTEGER[]",
  "UINTEGER[]",
  ...codedColumns.flatMap((): TableType[] => ["DOUBLE", "DOUBLE[]"]),
  ...histogramTypes,
  "UINTEGER[]",
];
const firstCoded = 9;
const fineColumn = types.length - 1;
const firstHistogramColumn = fineColumn - histogramTypes.length;

/**
 * A row is at most this long: four hours of five minutes. DuckDB makes row groups of no fewer than 2,048 rows, so that short rows
 * make a metric lie in few of them, and only these are read.
 */
const rowEntriesMax = 48;
/** Offsets are 32 bits wide. */
const rowSpanMsMax = 2 ** 32 - 1;
/** DuckDB's vector holds 2,048 rows. */
const rowsMax = 2_048;
/** Cells of histograms that wait for a full vector: 8 MiB. */
const histogramCellsMax = 2 ** 20;

/** Numbers of many rows, one after another. */
class Lists<Values extends Float64Array | Uint32Array> {
  readonly lengths: number[] = [];
  used = 0;
  values: Values;
  readonly #make: (size: number) => Values;

  constructor(make: (size: number) => Values) {
    this.#make = make;
    this.values = make(1 << 14);
  }

  reserve(more: number): void {
    if (this.used + more <= this.values.length) return;
    const grown = this.#make(2 * (this.used + more));
    grown.set(this.values.subarray(0, this.used));
    this.values = grown;
  }

  /** What was put at the end is the next row's. */
  close(count: number): void {
    this.lengths.push(count);
    this.used += count;
  }

  fill(chunk: DuckDBDataChunk, index: number): void {
    fillLists(chunk, index, this.lengths, this.values.subarray(0, this.used));
    this.lengths.length = 0;
    this.used = 0;
  }
}

class Coded extends Lists<Float64Array> {
  readonly divisors: number[] = [];

  constructor() {
    super((size) => new Float64Array(size));
  }

  add(values: Float64Array, begin: number, end: number): void {
    this.reserve(end - begin);
    this.divisors.push(encodeValues(values, begin, end, this.values, this.used));
    this.close(end - begin);
  }

  addNothing(): void {
    this.divisors.push(plainDivisor);
    this.close(0);
  }

  override fill(chunk: DuckDBDataChunk, index: number): void {
    fillColumn(chunk, index, Float64Array.from(this.divisors));
    this.divisors.length = 0;
    super.fill(chunk, index + 1);
  }
}

const offsets = () => new Lists((size: number) => new Uint32Array(size));

/** Appends series of buckets (sorted by name, then labels; entries ascending) to a table of `tierTable`. */
export class TierWriter {
  readonly #appender: DuckDBAppender;
  readonly #names: string[] = [];
  readonly #labels: string[] = [];
  readonly #series = new BigUint64Array(rowsMax);
  readonly #tMin = new BigInt64Array(rowsMax);
  readonly #tMax = new BigInt64Array(rowsMax);
  readonly #lengths: number[] = [];
  readonly #times = offsets();
  readonly #firstTimes = offsets();
  readonly #counts = offsets();
  readonly #fine = offsets();
  #hasFine = false;
  readonly #coded = {
    first: new Coded(),
    sum: new Coded(),
    min: new Coded(),
    max: new Coded(),
    resets: new Coded(),
    last: new Coded(),
  };
  /** Parallel to the rows. */
  readonly #histograms: (HistogramRow | undefined)[] = [];
  #cells = 0;
  #hasHistograms = false;
  #items = 0;
  #rows = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;

  constructor(appender: DuckDBAppender) {
    this.#appender = appender;
  }

  get items(): number {
    return this.#items;
  }

  /** The columns that the file is to have, as SQL. */
  get columns(): string {
    return [
      timeColumns,
      ...(this.#hasHistograms ? [histogramColumnNames] : []),
      ...(this.#hasFine ? ["fine"] : []),
    ].join(", ");
  }

  add(text: SeriesText, series: BucketSeries): void {
    const { timestampsMs, histograms } = series;
    const words = wordsOf(series.values);
    let begin = 0;
    while (begin < timestampsMs.length) {
      let end = rowEnd(timestampsMs, series.columns.firstMs[begin] ?? 0, begin);
      if (histograms !== undefined) end = runEnd(histograms, begin, end);
      // A marker has a row of its own: it can't be coded, and needs nothing but its time.
      if (isStale(words, begin)) end = begin + 1;
      else for (let i = begin; i < end; i++) if (isStale(words, i)) end = i;
      this.#addRow(text, series, begin, end);
      begin = end;
    }
  }

  /** Hands the last rows over. */
  finish(): Written & { readonly rows: number } {
    this.#flush();
    this.#appender.flushSync();
    return { items: this.#items, rows: this.#rows, minMs: this.#minMs, maxMs: this.#maxMs };
  }

  #addRow(text: SeriesText, series: BucketSeries, begin: number, end: number): void {
    const { timestampsMs, values, columns, histograms } = series;
    const row = this.#names.length;
    const startMs = columns.firstMs[begin] ?? 0;
    const lastMs = timestampsMs[end - 1] ?? 0;
    this.#names.push(text.name);
    this.#labels.push(text.text);
    this.#series[row] = text.hash;
    this.#tMin[row] = BigInt(startMs);
    this.#tMax[row] = BigInt(lastMs);
    this.#lengths.push(end - begin);
    addOffsets(this.#times, timestampsMs, startMs, begin, end);
    addOffsets(this.#firstTimes, columns.firstMs, startMs, begin, end);
    addOffsets(this.#counts, columns.count, 0, begin, end);
    addOffsets(this.#fine, columns.fine, 0, begin, end);
    this.#hasFine ||= !isZero(columns.fine, begin, end);
    const encoded =
      histograms?.[begin] === undefined ? undefined : encodeRow(histograms, begin, end);
    this.#histograms.push(encoded);
    if (encoded === undefined) this.#addValues(values, columns, begin, end);
    else {
      for (const column of Object.values(this.#coded)) column.addNothing();
      this.#hasHistograms = true;
      this.#cells += encoded.cells.length;
    }
    this.#items += end - begin;
    this.#minMs = Math.min(this.#minMs, startMs);
    this.#maxMs = Math.max(this.#maxMs, lastMs);
    if (row + 1 === rowsMax || this.#cells >= histogramCellsMax) this.#flush();
  }

  /** A column that says nothing new is left empty: a counter's least value is its first, its greatest its last. */
  #addValues(
    values: Float64Array,
    { first, sum, min, max, resets }: BucketSeries["columns"],
    begin: number,
    end: number,
  ): void {
    const coded = this.#coded;
    coded.last.add(values, begin, end);
    const put = (column: Coded, own: Float64Array, other: Float64Array) => {
      if (isSame(own, other, begin, end)) column.addNothing();
      else column.add(own, begin, end);
    };
    put(coded.first, first, values);
    put(coded.min, min, first);
    put(coded.max, max, values);
    coded.sum.add(sum, begin, end);
    if (isZero(resets, begin, end)) coded.resets.addNothing();
    else coded.resets.add(resets, begin, end);
  }

  #flush(): void {
    const rows = this.#names.length;
    if (rows === 0) return;
    const chunk = chunkOf(types, rows);
    fillTexts(chunk, 0, this.#names);
    fillTexts(chunk, 1, this.#labels);
    fillColumn(chunk, 2, this.#series.subarray(0, rows));
    fillColumn(chunk, 3, this.#tMin.subarray(0, rows));
    fillColumn(chunk, 4, this.#tMax.subarray(0, rows));
    fillColumn(chunk, 5, Uint32Array.from(this.#lengths));
    this.#times.fill(chunk, 6);
    this.#firstTimes.fill(chunk, 7);
    this.#counts.fill(chunk, 8);
    for (const [i, name] of codedColumns.entries())
      this.#coded[name].fill(chunk, firstCoded + 2 * i);
    fillHistograms(chunk, firstHistogramColumn, this.#histograms);
    this.#fine.fill(chunk, fineColumn);
    this.#appender.appendDataChunk(chunk);
    this.#rows += rows;
    this.#cells = 0;
    this.#histograms.length = 0;
    this.#names.length = 0;
    this.#labels.length = 0;
    this.#lengths.length = 0;
  }
}

function addOffsets(
  into: Lists<Uint32Array>,
  column: Float64Array,
  less: number,
  begin: number,
  end: number,
): void {
  into.reserve(end - begin);
  for (let i = begin; i < end; i++) into.values[into.used + i - begin] = (column[i] ?? 0) - less;
  into.close(end - begin);
}

function rowEnd(timestampsMs: Float64Array, startMs: number, begin: number): number {
  let end = Math.min(begin + rowEntriesMax, timestampsMs.length);
  while ((timestampsMs[end - 1] ?? 0) - startMs > rowSpanMsMax) end -= 1;
  return end;
}

/** To the bit, but for the payload of NaNs, which only the last value needs to keep. */
function isSame(a: Float64Array, b: Float64Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

function isZero(column: Float64Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (column[i] !== 0) return false;
  return true;
}
