import type { BucketColumn } from "../../read/source.ts";
import { Slabs, valueStarts, ValuesColumn } from "../metrics/metrics_columns.ts";
import type { ColumnPages } from "../parquet/column_pages.ts";
import { decodeFloats, decodeUint32s } from "../parquet/decode_column.ts";
import type { PackedColumns } from "../parquet/packed_columns.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import type { SharedColumns } from "../metrics/shared_columns.ts";

/** Rows [from, to) of a row group. */
export type Run = { readonly from: number; readonly to: number };

/** Columns of whole numbers. */
type ListedName = "count" | "fine" | "firstMs";
/** Columns of which a row has a number for each of its buckets, as a file has them. */
type CodedName = Exclude<BucketColumn, ListedName> | "last";

/** The columns of a tier's file by what they are called here. */
export const listColumns: Readonly<Record<ListedName, string>> = {
  count: "count.list.element",
  fine: "fine.list.element",
  firstMs: "t_first.list.element",
};
export function isListed(name: BucketColumn): name is ListedName {
  return name in listColumns;
}
export const timesColumn = "t.list.element";
export const codedColumns = (name: CodedName) =>
  [`${name}_divisor`, `${name}.list.element`] as const;

/** Whole numbers of a row group, one a bucket: offsets of times, or counts. What rows have alike is one array. */
export class OffsetsColumn {
  readonly #starts: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #shared: SharedColumns;
  /** Runs of which others may be repetitions. */
  readonly #seen: { readonly run: Run; readonly values: Float64Array }[] = [];

  /** Of rows within `rows` only. */
  constructor(column: ColumnPages, starts: Uint32Array, rows: Run, shared: SharedColumns) {
    this.#starts = starts;
    this.#offsets = decodeUint32s(column, starts[rows.from], starts[rows.to]);
    this.#shared = shared;
    const total = starts.at(-1) ?? 0;
    if (this.#offsets.length !== total)
      throw new UnsupportedParquet(`${this.#offsets.length} offsets instead of ${total}`);
  }

  /** Of a run of rows of one series; `firsts` are added by row. */
  run(run: Run, firsts: Float64Array | undefined): Float64Array {
    for (const one of this.#seen) if (this.#isSame(one.run, run, firsts)) return one.values;
    const parts: Float64Array[] = [];
    for (let row = run.from; row < run.to; row++) {
      const at = this.#starts[row] ?? 0;
      const count = (this.#starts[row + 1] ?? 0) - at;
      parts.push(this.#shared.times(firsts?.[row] ?? 0, this.#offsets, at, count));
    }
    const values = this.#shared.join(parts);
    if (this.#seen.length < seenMax) this.#seen.push({ run, values });
    return values;
  }

  #isSame(a: Run, b: Run, firsts: Float64Array | undefined): boolean {
    if (a.to - a.from !== b.to - b.from) return false;
    const starts = this.#starts;
    const away = (starts[b.from] ?? 0) - (starts[a.from] ?? 0);
    for (let i = 0; i < a.to - a.from; i++) {
      if ((starts[b.from + i + 1] ?? 0) - (starts[a.from + i + 1] ?? 0) !== away) return false;
      if (firsts !== undefined && firsts[a.from + i] !== firsts[b.from + i]) return false;
    }
    const offsets = this.#offsets;
    const end = starts[a.to] ?? 0;
    for (let i = starts[a.from] ?? 0; i < end; i++)
      if (offsets[i] !== offsets[i + away]) return false;
    return true;
  }
}

/** Targets of which a row group holds series side by side; where there are more, the search would cost more than it saves. */
const seenMax = 16;

/** A coded column of a row group, in which a row has a value for each bucket, or none at all where they follow from another column. */
export class CodedColumn {
  readonly #starts: Uint32Array;
  /** As #starts, of the values that are there. */
  readonly #valueStarts: Uint32Array;
  readonly #divisors: Float64Array;
  readonly #values: ValuesColumn;
  readonly #slabs: Slabs;
  readonly #shared: SharedColumns;

  private constructor(
    column: ColumnPages,
    divisors: Float64Array,
    starts: Uint32Array,
    { slabs, shared }: { readonly slabs: Slabs; readonly shared: SharedColumns },
  ) {
    this.#starts = starts;
    this.#valueStarts = valueStarts(column, starts);
    this.#divisors = divisors;
    this.#values = new ValuesColumn(column, this.#valueStarts, slabs);
    this.#slabs = slabs;
    this.#shared = shared;
  }

  static async read(
    packed: PackedColumns,
    name: CodedName,
    starts: Uint32Array,
    memory: { readonly slabs: Slabs; readonly shared: SharedColumns },
  ): Promise<CodedColumn> {
    const [divisor, list] = codedColumns(name);
    const [pages, values] = await Promise.all([packed.pages(divisor), packed.pages(list)]);
    const divisors = decodeFloats(pages);
    if (divisors.length !== starts.length - 1) throw new UnsupportedParquet(`rows without ${name}`);
    return new CodedColumn(values, divisors, starts, memory);
  }

  /**
   * Of a run of rows of one series; rows without values have those of `other`, which is parallel to the run. `expected` values may be still to come, this
   * run's among them.
   */
  run({ from, to }: Run, other: Float64Array | undefined, expected: number): Float64Array {
    const first = this.#starts[from] ?? 0;
    const count = (this.#starts[to] ?? 0) - first;
    if (other !== undefined && this.#valueStarts[to] === this.#valueStarts[from]) return other;
    const constant = this.#constantOf({ from, to });
    if (constant !== undefined) return this.#shared.constant(constant, count);
    const values = this.#slabs.take(count, expected);
    for (let row = from; row < to; row++) {
      const begin = (this.#starts[row] ?? 0) - first;
      if (this.#hasValues(row)) this.#values.decode(row, this.#divisors[row] ?? 0, values, begin);
      // Or they are all zero.
      else if (other !== undefined)
        values.set(other.subarray(begin, (this.#starts[row + 1] ?? 0) - first), begin);
    }
    return values;
  }

  #hasValues(row: number): boolean {
    return this.#valueStarts[row + 1] !== this.#valueStarts[row];
  }

  /** The value that all of a run has, if there is one. */
  #constantOf({ from, to }: Run): number | undefined {
    let all: number | undefined;
    for (let row = from; row < to; row++) {
      if (!this.#hasValues(row)) return undefined;
      const one = this.#values.constantOf(row, this.#divisors[row] ?? 0);
      if (one === undefined || (row > from && one !== all)) return undefined;
      all = one;
    }
    return all;
  }
}
