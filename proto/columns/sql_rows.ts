import { assertNever } from "#shared/assert.ts";
import { type SqlColumns, SqlKind } from "../gen/v1/sql_pb.js";
import { corrupt } from "./corrupt.ts";
import { float64s } from "./numbers.ts";

/** How the values of a column travel. `json` is for lists, structs, maps and other nested values. */
export type ColumnKind = "number" | "boolean" | "text" | "json";

/** The values of a column in some rows, as bytes; empty but for what its kind has. proto/v1/sql.proto describes them. */
export type SqlCells = {
  readonly present: Uint8Array;
  readonly numbers: Uint8Array;
  readonly booleans: Uint8Array;
  readonly textEnds: Uint8Array;
  readonly texts: Uint8Array;
};

export type SqlBatch = { readonly rows: number; readonly cells: readonly SqlCells[] };

export type SqlAnswer = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly truncated: boolean;
  readonly warnings: readonly string[];
  readonly isPartial: boolean;
};

const kinds = {
  [SqlKind.NUMBER]: "number",
  [SqlKind.BOOLEAN]: "boolean",
  [SqlKind.TEXT]: "text",
  [SqlKind.JSON]: "json",
} as const;

/** Reads the parts of an answer. Throws OperatingError("corrupt") for what is none. */
export async function readSql(parts: AsyncIterable<SqlColumns>): Promise<SqlAnswer> {
  let columns: SqlColumns["columns"] = [];
  let end: SqlColumns["end"];
  const rows: unknown[][] = [];
  for await (const part of parts) {
    if (part.columns.length > 0) columns = part.columns;
    if (part.batch !== undefined) {
      const wanted = columns.map(({ kind }) => {
        if (kind === SqlKind.UNSPECIFIED) throw corrupt("values of no kind");
        return kinds[kind];
      });
      for (const row of sqlRows(wanted, part.batch)) rows.push(row);
    }
    end = part.end;
  }
  if (end === undefined) throw corrupt("no end");
  const { truncated, warnings, isPartial } = end;
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows,
    truncated,
    warnings,
    isPartial,
  };
}

/** The rows of a batch, null for NULL. Throws OperatingError("corrupt") where it is not whole. */
export function sqlRows(of: readonly ColumnKind[], { rows, cells }: SqlBatch): unknown[][] {
  const columns = of.map((kind, i) => valuesOf(kind, rows, cells[i]));
  return Array.from({ length: rows }, (_, row) => columns.map((values) => values[row]));
}

function valuesOf(kind: ColumnKind, rows: number, cells: SqlCells | undefined): unknown[] {
  if (cells?.present.length !== rows) throw corrupt("another number of rows");
  const present = (value: (row: number) => unknown) =>
    Array.from(cells.present, (isPresent, row) => (isPresent === 0 ? null : value(row)));
  switch (kind) {
    case "number": {
      const numbers = float64s(cells.numbers, rows);
      return present((row) => numbers[row]);
    }
    case "boolean":
      return present((row) => cells.booleans[row] === 1);
    case "text":
      return present(textsOf(cells, rows));
    case "json": {
      const text = textsOf(cells, rows);
      return present((row): unknown => JSON.parse(text(row)));
    }
    default:
      return assertNever(kind);
  }
}

function textsOf({ textEnds, texts }: SqlCells, rows: number): (row: number) => string {
  if (textEnds.length !== 4 * rows) throw corrupt("texts without ends");
  const view = new DataView(textEnds.buffer, textEnds.byteOffset, textEnds.byteLength);
  const endOf = (row: number): number => (row < 0 ? 0 : view.getUint32(4 * row, true));
  const decoder = new TextDecoder();
  return (row) => decoder.decode(texts.subarray(endOf(row - 1), endOf(row)));
}
