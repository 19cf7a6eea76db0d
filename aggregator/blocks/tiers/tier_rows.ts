import type { DuckDBDataChunk } from "@duckdb/node-api";
import type { Histogram } from "#shared/model/histogram.ts";
import { readHistograms } from "../metrics/histogram_columns.ts";
import type { SharedColumns } from "../metrics/shared_columns.ts";
import { constantOf, decodeValues } from "../metrics/value_codec.ts";
import {
  readFloatLists,
  readFloats,
  readPresence,
  readUint32Lists,
  type ListColumn,
} from "../../duckdb/vectors.ts";
import type { BucketColumn } from "../../read/source.ts";
import { bucketColumns } from "./bucket_buffer.ts";

/** One row of a tier's file, decoded; columns that were not asked for are absent. */
export type TierRow = {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly columns: Readonly<Partial<Record<BucketColumn, Float64Array>>>;
  readonly histograms: readonly Histogram[] | undefined;
};

const coded = ["sum", "first", "min", "max", "resets"] as const;

/** What a column follows from where a row leaves it empty. */
const instead: Readonly<Partial<Record<BucketColumn, BucketColumn>>> = { min: "first" };

/** All that is needed to tell these columns, in a fixed order. */
export function neededColumns(wanted: readonly BucketColumn[]): readonly BucketColumn[] {
  const needed = new Set(wanted);
  for (const name of wanted) {
    const other = instead[name];
    if (other !== undefined) needed.add(other);
  }
  return bucketColumns.filter((name) => needed.has(name));
}

/** Selected columns as SQL, from t_min on, for chunkRows(): `last` and those of histograms come last. */
export function selectedColumns(needed: readonly BucketColumn[]): string {
  // Files without fine samples lack the column.
  const times = needed.includes("fine") ? "COLUMNS(c -> c IN ('t', 'fine'))" : "t";
  const lists = needed.flatMap((name) => {
    if (name === "fine") return [];
    if (name === "firstMs") return ["t_first"];
    return name === "count" ? ["count"] : [`${name}_divisor, ${name}`];
  });
  return `${["t_min::DOUBLE", times, ...lists].join(", ")}, last_divisor, COLUMNS(c -> c IN ('last',
    'h_schema', 'h_zero_threshold', 'h_custom_values', 'h_gauge', 'h_positive', 'h_negative',
    'h_sum_divisor', 'h_sum', 'h_divisor', 'h'))`;
}

type Reads = Partial<Record<BucketColumn | "last", (row: number) => Float64Array | undefined>>;

/** The rows of a chunk whose columns from `at` on are selectedColumns(); `names` are those of all its columns. */
export function chunkRows(
  chunk: DuckDBDataChunk,
  names: readonly string[],
  at: number,
  needed: readonly BucketColumn[],
  shared: SharedColumns,
): (row: number) => TierRow {
  const starts = readFloats(chunk, at);
  const times = readUint32Lists(chunk, at + 1);
  const timesOf = (lists: ListColumn<Uint32Array>, lessMs: number, row: number) =>
    shared.times(lessMs, lists.values, lists.starts[row] ?? 0, lists.lengths[row] ?? 0);
  const reads: Reads = {};
  const hasFine = names[at + 2] === "fine";
  let next = at + (hasFine ? 3 : 2);
  const codedAt = (index: number) => {
    const divisors = readFloats(chunk, index);
    const lists = readFloatLists(chunk, index + 1);
    return (row: number) => decoded(lists, divisors[row] ?? 0, row, shared);
  };
  for (const name of needed) {
    if (name === "fine") {
      const isThere = hasFine ? readPresence(chunk, at + 2) : () => false;
      const lists = hasFine ? readUint32Lists(chunk, at + 2) : undefined;
      reads.fine = (row) => (lists && isThere(row) ? timesOf(lists, 0, row) : undefined);
    } else if (name === "firstMs") {
      const lists = readUint32Lists(chunk, next++);
      reads.firstMs = (row) => timesOf(lists, starts[row] ?? 0, row);
    } else if (name === "count") {
      const lists = readUint32Lists(chunk, next++);
      reads.count = (row) => timesOf(lists, 0, row);
    } else {
      reads[name] = codedAt(next);
      next += 2;
    }
  }
  reads.last = codedAt(next);
  const histogramsOf = readHistograms(chunk, next + 2);
  return (row) => {
    const timestampsMs = timesOf(times, starts[row] ?? 0, row);
    const values = reads.last?.(row) ?? shared.constant(0, timestampsMs.length);
    const columns: Partial<Record<BucketColumn, Float64Array>> = {};
    if (reads.count !== undefined) columns.count = reads.count(row) ?? values;
    if (reads.fine !== undefined)
      columns.fine = reads.fine(row) ?? shared.constant(0, timestampsMs.length);
    if (reads.firstMs !== undefined) columns.firstMs = reads.firstMs(row) ?? timestampsMs;
    for (const name of coded) {
      const read = reads[name];
      if (read === undefined) continue;
      // The order above: min comes after first.
      const other = name === "resets" ? shared.constant(0, values.length) : values;
      columns[name] = read(row) ?? (name === "min" ? (columns.first ?? other) : other);
    }
    return { timestampsMs, values, columns, histograms: histogramsOf(row) };
  };
}

/** Undefined for an empty list. */
function decoded(
  { starts, lengths, values }: ListColumn<Float64Array>,
  divisor: number,
  row: number,
  shared: SharedColumns,
): Float64Array | undefined {
  const count = lengths[row] ?? 0;
  if (count === 0) return undefined;
  const start = starts[row] ?? 0;
  const constant = constantOf(values, start, count, divisor);
  if (constant !== undefined) return shared.constant(constant, count);
  const into = new Float64Array(count);
  decodeValues(values, start, count, divisor, into, 0);
  return into;
}
