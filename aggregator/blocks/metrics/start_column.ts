import type { DuckDBDataChunk } from "@duckdb/node-api";
import { readBigInts, readValidity } from "../../duckdb/vectors.ts";

/** The column that a block has besides when it knows start timestamps; drawn in docs/formats/parquet.md. */
export const startColumn = "start_ms";

/**
 * A part of a list of selected columns: `t`, and the start timestamps where a file has any. Blocks without them lack the column, so
 * files must be read by name.
 */
export const timeColumns = `COLUMNS(c -> c IN ('t', '${startColumn}'))`;

/** Start timestamps of a chunk's rows in Unix milliseconds, 0 where there is none; `column` is undefined where no file has any. */
export function readStarts(
  chunk: DuckDBDataChunk,
  column: number | undefined,
): (row: number) => number {
  if (column === undefined) return () => 0;
  const isKnown = readValidity(chunk, column);
  const starts = readBigInts(chunk, column);
  return (row) => (isKnown[row] === true ? Number(starts[row] ?? 0n) : 0);
}
