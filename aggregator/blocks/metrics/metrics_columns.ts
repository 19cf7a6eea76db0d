import type { FineMarks } from "#shared/model/metrics.ts";
import { type ColumnPages, encodings, valuesMax } from "../parquet/column_pages.ts";
import { decodeFlags, decodeFloats, decodeUint32s, expectType } from "../parquet/decode_column.ts";
import { DeltaColumn } from "../parquet/delta_column.ts";
import { physical } from "../parquet/footer.ts";
import { SplitValues } from "./split_values.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import type { SharedColumns } from "./shared_columns.ts";
import { constantOf, decodeValues } from "./value_codec.ts";

/** Times that were decoded in a file, by the number of their group. */
export type KnownTimes = Map<
  number,
  { readonly offsets: Uint32Array; readonly byStart: Map<number, Float64Array> }
>;

/** The times of a row group, row by row. Where they lie as differences, only the rows asked for are decoded, those of a group once. */
export class TimesColumn {
  readonly #groups: Float64Array;
  readonly #known: KnownTimes;
  readonly #starts: Uint32Array;
  readonly #shared: SharedColumns;
  readonly #deltas: DeltaColumn | undefined;
  readonly #offsets: Uint32Array;

  /** Row i has the values [starts[i], starts[i + 1]). No column is needed where the times of all groups are known. */
  constructor(
    column: ColumnPages | undefined,
    starts: Uint32Array,
    shared: SharedColumns,
    groups: { readonly numbers: Float64Array; readonly known: KnownTimes },
  ) {
    this.#groups = groups.numbers;
    this.#known = groups.known;
    this.#starts = starts;
    this.#shared = shared;
    const total = starts.at(-1) ?? 0;
    const [page] = column?.pages ?? [];
    if (column === undefined) {
      this.#offsets = new Uint32Array(0);
    } else if (column.pages.length === 1 && page?.encoding === encodings.deltaBinaryPacked) {
      expectType(column, physical.int32);
      this.#deltas = new DeltaColumn(page.bytes);
      this.#offsets = new Uint32Array(longestOf(starts));
      if (this.#deltas.count !== total) throw unequal("times", this.#deltas.count, total);
    } else {
      this.#offsets = decodeUint32s(column);
      if (this.#offsets.length !== total) throw unequal("times", this.#offsets.length, total);
    }
  }

  row(row: number, firstMs: number): Float64Array {
    const at = this.#starts[row] ?? 0;
    const count = (this.#starts[row + 1] ?? 0) - at;
    const number = this.#groups[row] ?? 0;
    let group = this.#known.get(number);
    if (group?.offsets.length !== count) {
      group = { offsets: this.#decode(at, count), byStart: new Map() };
      if (this.#known.size < knownTimesMax) this.#known.set(number, group);
    }
    let times = group.byStart.get(firstMs);
    if (times === undefined) {
      times = this.#shared.times(firstMs, group.offsets, 0, count);
      group.byStart.set(firstMs, times);
    }
    return times;
  }

  /** In memory of their own. */
  #decode(at: number, count: number): Uint32Array {
    if (this.#deltas === undefined) return this.#offsets.slice(at, at + count);
    // The first is 0 after itself.
    this.#deltas.decodeUint32s(at, count, 0, this.#offsets);
    return this.#offsets.slice(0, count);
  }
}

/** Groups of a file that are remembered: some 16 MB at 1,000 samples a row. */
const knownTimesMax = 4_096;

/** The values of a row group, row by row. Where they lie in planes of bytes, only the rows asked for are decoded. */
export class ValuesColumn {
  readonly #starts: Uint32Array;
  readonly #slabs: Slabs;
  readonly #planes: SplitValues | undefined;
  readonly #stored: Float64Array = new Float64Array(0);

  constructor(column: ColumnPages, starts: Uint32Array, slabs: Slabs) {
    expectType(column, physical.double);
    this.#slabs = slabs;
    const [page] = column.pages;
    const total = starts.at(-1) ?? 0;
    this.#starts = starts;
    if (column.pages.length === 1 && page?.encoding === encodings.byteStreamSplit) {
      if (page.count !== total || page.bytes.length < 8 * total)
        throw unequal("values", page.count, total);
      this.#planes = new SplitValues(page.bytes, page.count);
    } else {
      this.#stored = decodeFloats(column);
      if (this.#stored.length !== total) throw unequal("values", this.#stored.length, total);
    }
  }

  /** The value of a row that holds only one, or undefined. */
  constantOf(row: number, divisor: number): number | undefined {
    const [at, count] = this.#range(row);
    if (this.#planes !== undefined) return this.#planes.constantOf(at, count, divisor);
    return constantOf(this.#stored, at, count, divisor);
  }

  /** `expected` values are still to come, this row's among them. */
  row(row: number, divisor: number, expected: number): Float64Array {
    const values = this.#slabs.take(this.#range(row)[1], expected);
    this.decode(row, divisor, values, 0);
    return values;
  }

  /** As row(), into into[to] and those after it. */
  decode(row: number, divisor: number, into: Float64Array, to: number): void {
    const at = this.#starts[row] ?? 0;
    const count = (this.#starts[row + 1] ?? 0) - at;
    if (this.#planes !== undefined) this.#planes.decode(at, count, divisor, into, to);
    else decodeValues(this.#stored, at, count, divisor, into, to);
  }

  #range(row: number): readonly [at: number, count: number] {
    const at = this.#starts[row] ?? 0;
    return [at, (this.#starts[row + 1] ?? 0) - at];
  }
}

/**
 * Memory for columns that live and die together: an array of its own for each of thousands costs more than what is decoded into
 * it (8 microseconds for 480 values).
 */
export class Slabs {
  #slab = new Float64Array(0);
  #used = 0;

  /** The next `length` zeros; `expected` of all to come bounds what is set aside. */
  take(length: number, expected: number): Float64Array {
    if (this.#slab.length - this.#used < length) {
      this.#slab = new Float64Array(Math.max(length, Math.min(expected, slabValues)));
      this.#used = 0;
    }
    const begin = this.#used;
    this.#used += length;
    return this.#slab.subarray(begin, this.#used);
  }
}

/** 512 KiB. */
const slabValues = 64 * 1_024;

/** Where each row's samples (or buckets) begin among those of the row group, and at last where they end. Throws UnsupportedParquet. */
export function rowStarts(counts: Float64Array, rows: number): Uint32Array {
  const starts = new Uint32Array(rows + 1);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    starts[row] = at;
    at += counts[row] ?? 0;
    if (at > valuesMax) throw new UnsupportedParquet("more samples than a page holds");
  }
  starts[rows] = at;
  return starts;
}

/** Where each row's values begin: an empty list has none. */
export function valueStarts(column: ColumnPages, starts: Uint32Array): Uint32Array {
  const [page] = column.pages;
  if (page === undefined || column.pages.length > 1)
    throw new UnsupportedParquet(`${column.chunk.path} in ${column.pages.length} pages`);
  const empty = page.empty ?? [];
  const own = new Uint32Array(starts.length);
  let [at, slot, next] = [0, 0, 0];
  for (let row = 0; row + 1 < starts.length; row++) {
    if (empty[next] === slot) {
      next += 1;
      slot += 1;
    } else {
      const count = (starts[row + 1] ?? 0) - (starts[row] ?? 0);
      at += count;
      slot += count;
    }
    own[row + 1] = at;
  }
  if (at !== page.count || next !== empty.length)
    throw new UnsupportedParquet(`${page.count} values of ${column.chunk.path} instead of ${at}`);
  return own;
}

/** Marks of fine samples of a row group, row by row: a row has one for each sample, or none at all where none is fine. */
export class FineColumn {
  readonly #flags: Uint8Array;
  readonly #starts: Uint32Array;

  constructor(column: ColumnPages, starts: Uint32Array) {
    this.#starts = valueStarts(column, starts);
    this.#flags = decodeFlags(column);
  }

  row(row: number): FineMarks | undefined {
    const [begin = 0, end = 0] = [this.#starts[row], this.#starts[row + 1]];
    return begin === end ? undefined : this.#flags.subarray(begin, end);
  }
}

function longestOf(starts: Uint32Array): number {
  let longest = 0;
  for (let i = 1; i < starts.length; i++)
    longest = Math.max(longest, (starts[i] ?? 0) - (starts[i - 1] ?? 0));
  return longest;
}

function unequal(what: string, found: number, expected: number): UnsupportedParquet {
  return new UnsupportedParquet(`${found} ${what} instead of ${expected}`);
}
