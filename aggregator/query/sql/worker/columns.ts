import { assertNever } from "#shared/assert.ts";
import type { ColumnKind, SqlBatch, SqlCells } from "#proto/columns/sql_rows.ts";

/**
 * Rows of a result as typed columns: [u32 rows], then of each column one byte a row that says whether it has a value, and
 * - number: float64 a row;
 * - boolean: a byte a row;
 * - text, json: a uint32 a row, the end of its UTF-8 text, and the texts.
 */
export class BatchBuilder {
  readonly #columns: readonly { readonly kind: ColumnKind; readonly values: Cell[] }[];
  #rows = 0;
  #bytes = 0;

  constructor(kinds: readonly ColumnKind[]) {
    this.#columns = kinds.map((kind) => ({ kind, values: [] }));
  }

  /** What the rows take, at most. */
  get bytes(): number {
    return this.#bytes;
  }

  add(row: readonly Cell[]): void {
    this.#rows++;
    this.#bytes += rowBytes(row);
    for (const [i, { values }] of this.#columns.entries()) values.push(row[i] ?? null);
  }

  build(): Uint8Array {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, this.#rows, true);
    return Buffer.concat([
      head,
      ...this.#columns.flatMap(({ kind, values }) => parts(kind, values)),
    ]);
  }
}

/** A value on its way; of kind json it is its text. */
export type Cell = number | boolean | string | null;

/** What a row takes in a batch, at most. */
export function rowBytes(row: readonly Cell[]): number {
  let bytes = 0;
  for (const cell of row) bytes += typeof cell === "string" ? 5 + Buffer.byteLength(cell) : 9;
  return bytes;
}

function parts(kind: ColumnKind, values: readonly Cell[]): Uint8Array[] {
  const present = Uint8Array.from(values, (value) => Number(value !== null));
  switch (kind) {
    case "number":
      return [present, bytesOf(Float64Array.from(values, Number))];
    case "boolean":
      return [present, Uint8Array.from(values, Number)];
    case "text":
    case "json": {
      const texts = values.map((value) => Buffer.from(value === null ? "" : String(value)));
      let end = 0;
      const ends = Uint32Array.from(texts, ({ length }) => (end += length));
      return [present, bytesOf(ends), ...texts];
    }
  }
}

function bytesOf({ buffer, byteLength }: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, 0, byteLength);
}

const nothing = new Uint8Array(0);

/** The columns of a batch as they travel on: parts of its bytes, which nobody decodes here. Throws RangeError where the batch is not whole. */
export function batchOf(batch: Uint8Array, kinds: readonly ColumnKind[]): SqlBatch {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const rows = view.getUint32(0, true);
  let at = 4;
  const take = (length: number): Uint8Array => {
    if (at + length > batch.length) throw new RangeError("a batch that is cut off");
    at += length;
    return batch.subarray(at - length, at);
  };
  const cells = kinds.map((kind): SqlCells => {
    const empty = {
      present: take(rows),
      numbers: nothing,
      booleans: nothing,
      textEnds: nothing,
      texts: nothing,
    };
    switch (kind) {
      case "number":
        return { ...empty, numbers: take(8 * rows) };
      case "boolean":
        return { ...empty, booleans: take(rows) };
      case "text":
      case "json": {
        const textEnds = take(4 * rows);
        const end = rows === 0 ? 0 : view.getUint32(at - 4, true);
        return { ...empty, textEnds, texts: take(end) };
      }
      default:
        return assertNever(kind);
    }
  });
  return { rows, cells };
}
