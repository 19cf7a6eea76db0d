import type { DuckDBDataChunk } from "@duckdb/node-api";
import { decodeRow, type HistogramRow } from "./histogram_rows.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import type { TableType } from "../../duckdb/table_types.ts";
import {
  fillColumn,
  fillLists,
  fillNulls,
  readBytes,
  readFloatLists,
  readFloats,
  readInt32Lists,
  readInt32s,
  readValidity,
  type ListColumn,
} from "../../duckdb/vectors.ts";

/** The columns that a block has besides when it holds native histograms; drawn in docs/formats/parquet.md. */
export const histogramColumns = `h_schema INTEGER, h_zero_threshold DOUBLE, h_custom_values DOUBLE[], h_gauge BOOLEAN,
  h_positive INTEGER[], h_negative INTEGER[], h_sum_divisor DOUBLE, h_sum DOUBLE[], h_divisor DOUBLE, h DOUBLE[]`;
export const histogramColumnNames = `h_schema, h_zero_threshold, h_custom_values, h_gauge, h_positive, h_negative,
  h_sum_divisor, h_sum, h_divisor, h`;
export const histogramTypes: readonly TableType[] = [
  "INTEGER",
  "DOUBLE",
  "DOUBLE[]",
  "BOOLEAN",
  "INTEGER[]",
  "INTEGER[]",
  "DOUBLE",
  "DOUBLE[]",
  "DOUBLE",
  "DOUBLE[]",
];

/**
 * The end of a list of selected columns: `v`, and the columns of histograms where a file has them, in their order. Blocks
 * without histograms lack them, so files must be read by name (`parquetList`).
 */
export const valueColumns = `COLUMNS(c -> c IN ('v', 'h_schema', 'h_zero_threshold', 'h_custom_values', 'h_gauge',
  'h_positive', 'h_negative', 'h_sum_divisor', 'h_sum', 'h_divisor', 'h'))`;

type Row = HistogramRow | undefined;

/** Fills the columns of histograms, the first of which is the chunk's `first`; NULL where a row has none. */
export function fillHistograms(chunk: DuckDBDataChunk, first: number, rows: readonly Row[]): void {
  const numbers = (of: (row: HistogramRow) => number) =>
    Float64Array.from(rows, (row) => (row === undefined ? 0 : of(row)));
  const lists = (index: number, of: (row: HistogramRow) => readonly number[] | Float64Array) => {
    const parts = rows.map((row) => (row === undefined ? [] : of(row)));
    const lengths = parts.map((part) => part.length);
    fillLists(chunk, index, lengths, joined(parts, lengths));
  };
  const indices = (index: number, of: (row: HistogramRow) => Int32Array) => {
    const parts = rows.map((row) => (row === undefined ? [] : [...of(row)]));
    const lengths = parts.map((part) => part.length);
    fillLists(chunk, index, lengths, Int32Array.from(parts.flat()));
  };
  fillColumn(
    chunk,
    first,
    Int32Array.from(rows, (row) => row?.schema ?? 0),
  );
  fillColumn(
    chunk,
    first + 1,
    numbers((row) => row.zeroThreshold),
  );
  lists(first + 2, (row) => row.customValues);
  fillColumn(
    chunk,
    first + 3,
    Uint8Array.from(rows, (row) => (row?.isGauge === true ? 1 : 0)),
  );
  indices(first + 4, (row) => row.positive);
  indices(first + 5, (row) => row.negative);
  fillColumn(
    chunk,
    first + 6,
    numbers((row) => row.sumDivisor),
  );
  lists(first + 7, (row) => row.sums);
  fillColumn(
    chunk,
    first + 8,
    numbers((row) => row.divisor),
  );
  lists(first + 9, (row) => row.cells);
  for (let i = 0; i < histogramTypes.length; i++) fillNulls(chunk, first + i, rows);
}

/** Row by row, by memory. */
function joined(
  parts: readonly (readonly number[] | Float64Array)[],
  lengths: readonly number[],
): Float64Array {
  const whole = new Float64Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What a chunk's rows have of histograms: gives undefined for a row of numbers. */
export function readHistograms(
  chunk: DuckDBDataChunk,
  first: number,
): (row: number) => Histogram[] | undefined {
  // Files without histograms have no such columns at all.
  if (chunk.columnCount <= first) return () => undefined;
  const isHistogram = readValidity(chunk, first);
  if (!isHistogram.includes(true)) return () => undefined;
  const schemas = readInt32s(chunk, first);
  const thresholds = readFloats(chunk, first + 1);
  const customValues = readFloatLists(chunk, first + 2);
  const gauges = readBytes(chunk, first + 3);
  const positive = readInt32Lists(chunk, first + 4);
  const negative = readInt32Lists(chunk, first + 5);
  const sumDivisors = readFloats(chunk, first + 6);
  const sums = readFloatLists(chunk, first + 7);
  const divisors = readFloats(chunk, first + 8);
  const cells = readFloatLists(chunk, first + 9);
  return (row) => {
    if (isHistogram[row] !== true) return undefined;
    return decodeRow({
      schema: schemas[row] ?? 0,
      zeroThreshold: thresholds[row] ?? 0,
      customValues: [...floatsAt(customValues, row)],
      isGauge: gauges[row] === 1,
      positive: indicesAt(positive, row),
      negative: indicesAt(negative, row),
      sumDivisor: sumDivisors[row] ?? 0,
      sums: floatsAt(sums, row),
      divisor: divisors[row] ?? 0,
      cells: floatsAt(cells, row),
    });
  };
}

function floatsAt({ starts, lengths, values }: ListColumn<Float64Array>, row: number) {
  const start = starts[row] ?? 0;
  return values.subarray(start, start + (lengths[row] ?? 0));
}

/** A copy: decoded histograms keep it, and shall not keep the whole column. */
function indicesAt({ starts, lengths, values }: ListColumn<Int32Array>, row: number) {
  const start = starts[row] ?? 0;
  return values.slice(start, start + (lengths[row] ?? 0));
}
