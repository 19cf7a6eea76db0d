// Hot: guarded by `bench day`.
import type { FineMarks } from "#shared/model/metrics.ts";
import type { SampleRun } from "../../read/cut_metrics.ts";
import type { SeriesText } from "../series/labels_text.ts";
import { fineColumn } from "./beside_columns.ts";
import { rowEnd, staleIn } from "./metrics_rows.ts";
import { encodings } from "../parquet/column_pages.ts";
import { dictionaryPages } from "../parquet/dictionary_pages.ts";
import { writeBits, writeDeltas, writeLengths } from "../parquet/encode.ts";
import { ByteSink } from "../parquet/byte_sink.ts";
import { packLists, type PageValues } from "../parquet/list_page.ts";
import type { ColumnPages, ColumnSchema, PackedPage } from "../parquet/parquet_writer.ts";
import { writeSplit } from "../parquet/split_bytes.ts";
import { TimeGroups } from "./time_groups.ts";
import { encodeValues, plainDivisor } from "./value_codec.ts";

/** What a block of numbers holds; drawn in docs/formats/parquet.md. */
export const numberSchema: readonly ColumnSchema[] = [
  { name: "name", type: "text", isOptional: false },
  { name: "labels", type: "text", isOptional: false },
  { name: "series", type: "uint64", isOptional: false },
  { name: "t_min", type: "int64", isOptional: false },
  { name: "t_max", type: "int64", isOptional: false },
  { name: "n", type: "uint32", isOptional: false },
  { name: "t_group", type: "uint32", isOptional: false },
  { name: "stale", type: "uint32", isOptional: false },
  { name: "t", type: "uint32", isOptional: false, isList: true },
  { name: "v_divisor", type: "double", isOptional: false },
  { name: "v", type: "double", isOptional: false, isList: true },
];
/** The same where a sample may be fine. */
export const fineNumberSchema: readonly ColumnSchema[] = [
  ...numberSchema,
  { name: fineColumn, type: "boolean", isOptional: false, isList: true },
];

/** Rows of a row group, at most; of samples at most 2^19 and one row more: 4 MiB of values. */
const rowsMax = 2_048;
const samplesMax = 2 ** 19;
const rowSamplesMax = 1_000;

const encoder = new TextEncoder();

/**
 * One row group of numbers on its way into a file: series come sorted by name, then labels; samples ascending. The memory is used again for the
 * next one, and nothing here holds on to what was handed in.
 */
export class NumberRows {
  #rows = 0;
  #used = 0;
  /** The longest row, in milliseconds. */
  #spanMax = 0;
  #name: string | undefined;
  readonly #names: Uint8Array[] = [];
  readonly #nameNumbers = new Uint32Array(rowsMax);
  readonly #labels = new ByteSink(65_536);
  readonly #labelLengths = new Uint32Array(rowsMax);
  readonly #series = new BigUint64Array(rowsMax);
  readonly #tMin = new Float64Array(rowsMax);
  readonly #tMax = new Float64Array(rowsMax);
  readonly #lengths = new Uint32Array(rowsMax);
  readonly #groups = new Uint32Array(rowsMax);
  readonly #stale = new Uint32Array(rowsMax);
  readonly #divisors = new Float64Array(rowsMax);
  #times = new Uint32Array(0);
  #values = new Float64Array(0);
  /** Where the file has marks of fine samples: those of the rows that have any, one after another, and how many each row has. */
  #withFine = false;
  #fine = new Uint8Array(0);
  #fineUsed = 0;
  readonly #fineLengths = new Uint32Array(rowsMax);
  readonly #page = new ByteSink(65_536);
  #timeGroups = new TimeGroups();

  get rows(): number {
    return this.#rows;
  }
  get samples(): number {
    return this.#used;
  }
  /** Unix milliseconds of the first and the last sample. */
  get bounds(): { readonly minMs: number; readonly maxMs: number } {
    let [minMs, maxMs] = [Infinity, -Infinity];
    for (let row = 0; row < this.#rows; row++) {
      minMs = Math.min(minMs, this.#tMin[row] ?? 0);
      maxMs = Math.max(maxMs, this.#tMax[row] ?? 0);
    }
    return { minMs, maxMs };
  }

  /** Another file begins; `withFine` where a sample of it may be fine. */
  begin(withFine = false): void {
    this.#withFine = withFine;
    this.#timeGroups = new TimeGroups();
    this.clear();
  }

  /** Adds samples from `from` on as far as there is room; gives the index that they are added up to. */
  add(series: SeriesText, run: SampleRun, from: number): number {
    let at = from;
    while (at < run.count && this.#rows < rowsMax && this.#used < samplesMax) {
      const end = rowEnd(run, at);
      this.#addRow(series, run, at, end);
      at = end;
    }
    return at;
  }

  /** Columns in the order of numberSchema, or fineNumberSchema. */
  async pages(level: number): Promise<(ColumnPages | PackedPage)[]> {
    const lengths = this.#lengths.subarray(0, this.#rows);
    return [
      this.#nameColumn(),
      this.#labelColumn(),
      this.#plain(new Uint8Array(this.#series.buffer, 0, 8 * this.#rows)),
      timeColumn(this.#tMin.subarray(0, this.#rows)),
      timeColumn(this.#tMax.subarray(0, this.#rows)),
      wholeColumn(lengths),
      wholeColumn(this.#groups.subarray(0, this.#rows)),
      wholeColumn(this.#stale.subarray(0, this.#rows)),
      await packLists(lengths, this.#timeValues(), level, this.#page),
      this.#plain(new Uint8Array(this.#divisors.buffer, 0, 8 * this.#rows)),
      await packLists(lengths, this.#sampleValues(), level, this.#page),
      ...(this.#withFine ? [await this.#fineColumn(level)] : []),
    ];
  }

  clear(): void {
    this.#rows = this.#used = this.#fineUsed = this.#spanMax = 0;
    this.#name = undefined;
    this.#names.length = 0;
    this.#labels.clear();
  }

  #addRow({ name, text, hash }: SeriesText, run: SampleRun, from: number, end: number): void {
    const { timestampsMs, values } = run;
    const row = this.#rows++;
    if (name !== this.#name) {
      this.#name = name;
      this.#names.push(encoder.encode(name));
    }
    this.#nameNumbers[row] = this.#names.length - 1;
    this.#labelLengths[row] = this.#addText(text);
    this.#series[row] = hash;
    const first = timestampsMs[from] ?? 0;
    this.#tMin[row] = first;
    const last = timestampsMs[end - 1] ?? 0;
    this.#tMax[row] = last;
    this.#spanMax = Math.max(this.#spanMax, last - first);
    const used = this.#used;
    const count = end - from;
    this.#ensure(used + count);
    const times = this.#times;
    for (let i = 0; i < count; i++) times[used + i] = (timestampsMs[from + i] ?? 0) - first;
    this.#used = used + count;
    this.#lengths[row] = count;
    this.#groups[row] = this.#timeGroups.numberOf(times, used, used + count);
    const divisor = encodeValues(values, from, end, this.#values, used);
    this.#divisors[row] = divisor;
    // A row with a marker is always stored as it is.
    this.#stale[row] = divisor === plainDivisor ? staleIn(values, from, end) : 0;
    this.#fineLengths[row] = run.fine === undefined ? 0 : this.#addMarks(run.fine, from, end);
  }

  /** Gives how many marks a row has: one for each sample, or none. */
  #addMarks(fine: FineMarks, from: number, end: number): number {
    const own = fine.subarray(from, end);
    if (!own.includes(1)) return 0;
    const needed = this.#fineUsed + own.length;
    if (needed > this.#fine.length) {
      const grown = new Uint8Array(2 * needed);
      grown.set(this.#fine.subarray(0, this.#fineUsed));
      this.#fine = grown;
    }
    this.#fine.set(own, this.#fineUsed);
    this.#fineUsed = needed;
    return own.length;
  }

  #fineColumn(level: number): Promise<PackedPage> {
    const [fine, count] = [this.#fine, this.#fineUsed];
    const write = (sink: ByteSink) => writeBits(sink, fine, count);
    const values = { encoding: encodings.plain, bytesMax: Math.ceil(count / 8), write };
    return packLists(this.#fineLengths.subarray(0, this.#rows), values, level, this.#page);
  }

  #addText(text: string): number {
    const sink = this.#labels;
    sink.ensure(3 * text.length);
    const { written } = encoder.encodeInto(text, sink.bytes.subarray(sink.length));
    sink.length += written;
    return written;
  }

  #ensure(samples: number): void {
    if (samples <= this.#times.length) return;
    const length = Math.min(Math.max(samples, 2 * this.#times.length), samplesMax + rowSamplesMax);
    const [times, values] = [new Uint32Array(length), new Float64Array(length)];
    times.set(this.#times.subarray(0, this.#used));
    values.set(this.#values.subarray(0, this.#used));
    [this.#times, this.#values] = [times, values];
  }

  /** Differences, but where one might not fit into 32 bits. */
  #timeValues(): PageValues {
    const times = this.#times.subarray(0, this.#used);
    if (this.#spanMax >= 2 ** 31) {
      const bytes = new Uint8Array(times.buffer, 0, 4 * times.length);
      const write = (sink: ByteSink) => sink.block(bytes);
      return { encoding: encodings.plain, bytesMax: bytes.length, write };
    }
    const write = (sink: ByteSink) => writeWhole(sink, times, times.length);
    return { encoding: encodings.deltaBinaryPacked, bytesMax: times.length, write };
  }

  #sampleValues(): PageValues {
    const [values, count] = [this.#values, this.#used];
    const write = (sink: ByteSink) => writeSplit(sink, values, count);
    return { encoding: encodings.byteStreamSplit, bytesMax: 8 * count, write };
  }

  /** Bounds are of bytes, as UTF-8 sorts them. */
  #nameColumn(): ColumnPages {
    const sorted = this.#names.toSorted((a, b) => Buffer.compare(a, b));
    const [min, max] = [sorted[0], sorted.at(-1)];
    const pages = dictionaryPages(this.#nameNumbers.subarray(0, this.#rows), this.#names);
    return { ...pages, ...(min && { min }), ...(max && { max }) };
  }

  #labelColumn(): ColumnPages {
    const sink = new ByteSink(this.#labels.length + 4 * this.#rows);
    writeLengths(sink, this.#labelLengths.subarray(0, this.#rows));
    sink.block(this.#labels.written());
    return { encoding: encodings.deltaLengthByteArray, values: sink.written() };
  }

  #plain(values: Uint8Array<ArrayBuffer>): ColumnPages {
    return { encoding: encodings.plain, values };
  }
}

/** Whole milliseconds, as 64 bits: differences, or plain where they are too far apart for doubles. */
function timeColumn(times: Float64Array): ColumnPages {
  let [min, max] = [times[0] ?? 0, times[0] ?? 0];
  for (let i = 1; i < times.length; i++) {
    min = Math.min(min, times[i] ?? 0);
    max = Math.max(max, times[i] ?? 0);
  }
  const bounds = { min: int64(min), max: int64(max) };
  if (min < -differenceMax || max > differenceMax) {
    const plain = BigInt64Array.from(times, (time) => BigInt(time));
    return { encoding: encodings.plain, values: new Uint8Array(plain.buffer), ...bounds };
  }
  return { ...wholeColumn(times), ...bounds };
}

/** Half of what encode.ts takes. */
const differenceMax = 2 ** 51;

function int64(value: number): Uint8Array {
  return new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
}

function wholeColumn(values: Uint32Array | Float64Array): ColumnPages {
  const sink = new ByteSink(64);
  writeWhole(sink, values, values.length);
  return { encoding: encodings.deltaBinaryPacked, values: sink.written() };
}

function writeWhole(sink: ByteSink, values: Uint32Array | Float64Array, count: number): void {
  const first = values[0] ?? 0;
  writeDeltas(
    sink,
    count,
    (target) => target.varint(first < 0 ? -2 * first - 1 : 2 * first),
    (i) => (values[i] ?? 0) - (values[i - 1] ?? 0),
  );
}
