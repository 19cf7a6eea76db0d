/** How the values of a column travel. `json` is for lists, structs, maps and other nested values. */
export type ColumnKind = "number" | "boolean" | "text" | "json";

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

/**
 * The rows of a batch, each as the text of a JSON array: nested values are JSON already, and are not parsed for it. Throws RangeError where
 * the batch is not whole.
 */
export function rowTextsOf(batch: Uint8Array, kinds: readonly ColumnKind[]): string[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const bytes = Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength);
  const count = view.getUint32(0, true);
  const rows: string[][] = Array.from({ length: count }, () => []);
  let at = 4;
  for (const kind of kinds) {
    const isPresent = at;
    const from = at + count;
    const texts = from + 4 * count;
    const endOf = (i: number) => (i < 0 ? texts : texts + view.getUint32(from + 4 * i, true));
    const textAt = (i: number) => bytes.toString("utf8", endOf(i - 1), endOf(i));
    for (let i = 0; i < count; i++) {
      const hasValue = view.getUint8(isPresent + i) === 1;
      rows[i]?.push(hasValue ? jsonAt(kind, view, from, i, textAt) : "null");
    }
    at = endOfColumn(kind, from, count, endOf);
  }
  return rows.map((cells) => `[${cells.join(",")}]`);
}

function jsonAt(
  kind: ColumnKind,
  view: DataView,
  from: number,
  row: number,
  textAt: (row: number) => string,
): string {
  switch (kind) {
    case "number":
      return numberText(view.getFloat64(from + 8 * row, true));
    case "boolean":
      return view.getUint8(from + row) === 1 ? "true" : "false";
    case "text":
      return JSON.stringify(textAt(row));
    case "json":
      return textAt(row);
  }
}

function endOfColumn(
  kind: ColumnKind,
  from: number,
  count: number,
  endOf: (row: number) => number,
): number {
  switch (kind) {
    case "number":
      return from + 8 * count;
    case "boolean":
      return from + count;
    case "text":
    case "json":
      return endOf(count - 1);
  }
}

/** JSON has no NaN and no infinities: their names stand for them. */
function numberText(value: number): string {
  return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
}
