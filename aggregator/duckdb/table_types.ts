import type { DuckDBDataChunk, DuckDBType } from "@duckdb/node-api";
import { assertNever } from "#shared/assert.ts";
import { duckdbApi } from "./api.ts";

type ScalarType = "BIGINT" | "BOOLEAN" | "DOUBLE" | "INTEGER" | "UBIGINT" | "UINTEGER" | "VARCHAR";
/** Type of a column as SQL has it: one value a row, or a list of them. */
export type TableType = ScalarType | `${ScalarType}[]`;

/** An empty chunk of so many rows for an appender of a table. */
export function chunkOf(types: readonly TableType[], rows: number): DuckDBDataChunk {
  const { DuckDBDataChunk: Chunk } = duckdbApi();
  return Chunk.create(
    types.map((type) => typeOf(type)),
    rows,
  );
}

function typeOf(type: TableType): DuckDBType {
  const api = duckdbApi();
  switch (type) {
    case "BIGINT":
    case "BOOLEAN":
    case "DOUBLE":
    case "INTEGER":
    case "UBIGINT":
    case "UINTEGER":
    case "VARCHAR":
      return api[type];
    case "BIGINT[]":
      return api.LIST(api.BIGINT);
    case "BOOLEAN[]":
      return api.LIST(api.BOOLEAN);
    case "DOUBLE[]":
      return api.LIST(api.DOUBLE);
    case "INTEGER[]":
      return api.LIST(api.INTEGER);
    case "UBIGINT[]":
      return api.LIST(api.UBIGINT);
    case "UINTEGER[]":
      return api.LIST(api.UINTEGER);
    case "VARCHAR[]":
      return api.LIST(api.VARCHAR);
    default:
      return assertNever(type);
  }
}
