import type duckdb from "@duckdb/node-bindings";
import type { DuckDBDataChunk } from "@duckdb/node-api";
import { duckdbBindings } from "./api.ts";

/**
 * Columns of DuckDB chunks as typed arrays, in and out, without an object a value. A chunk's memory belongs to
 * DuckDB: what is read here is copied at once.
 */
type Column =
  | Float64Array
  | Int32Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Uint8Array;

/** One list column: row i is values[starts[i], starts[i] + lengths[i]). */
export type ListColumn<Values> = {
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  readonly values: Values;
};

/** Fills a fixed-width column from its first row on. */
export function fillColumn(chunk: DuckDBDataChunk, index: number, values: Column): void {
  copyInto(duckdbBindings().data_chunk_get_vector(chunk.chunk, index), values);
}

/** Fills a list column: row i gets the next `lengths[i]` of `values`. */
export function fillLists(
  chunk: DuckDBDataChunk,
  index: number,
  lengths: readonly number[],
  values: Float64Array | Int32Array | Uint32Array | Uint8Array,
): void {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  duckdbBindings().list_vector_reserve(vector, values.length);
  duckdbBindings().list_vector_set_size(vector, values.length);
  copyInto(duckdbBindings().list_vector_get_child(vector), values);
  // A list entry is two 64-bit integers, offset and length, both far below 2^32 here.
  const entries = new Uint32Array(lengths.length * 4);
  let start = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] ?? 0;
    entries[4 * i] = start;
    entries[4 * i + 2] = length;
    start += length;
  }
  copyInto(vector, entries);
}

/** Fills a column of texts; undefined is NULL. */
export function fillTexts(
  chunk: DuckDBDataChunk,
  index: number,
  texts: readonly (string | Uint8Array | undefined)[],
): void {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i];
    if (typeof text === "string") duckdbBindings().vector_assign_string_element(vector, i, text);
    else if (text !== undefined) duckdbBindings().vector_assign_string_element_len(vector, i, text);
  }
  fillNulls(chunk, index, texts);
}

/** Makes a column NULL in every row for which `rows` has undefined. */
export function fillNulls(chunk: DuckDBDataChunk, index: number, rows: readonly unknown[]): void {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  let validity: Uint8Array | undefined;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] !== undefined) continue;
    validity ??= new Uint8Array(Math.ceil(rows.length / 64) * 8).fill(0xff);
    const byte = i >>> 3;
    validity[byte] = (validity[byte] ?? 0) & ~(1 << (i & 7));
  }
  if (validity === undefined) return;
  // DuckDB's own memory is reached by copying only: what vector_get_validity gives may be a copy.
  const { buffer, byteLength } = validity;
  duckdbBindings().vector_ensure_validity_writable(vector);
  if (buffer instanceof ArrayBuffer)
    duckdbBindings().copy_data_to_vector_validity(vector, 0, buffer, 0, byteLength);
}

export function readFloats(chunk: DuckDBDataChunk, index: number): Float64Array {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  return new Float64Array(copyOf(vector, chunk.rowCount * 8));
}

export function readBytes(chunk: DuckDBDataChunk, index: number): Uint8Array {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  return new Uint8Array(copyOf(vector, chunk.rowCount));
}

export function readBigInts(chunk: DuckDBDataChunk, index: number): BigInt64Array {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  return new BigInt64Array(copyOf(vector, chunk.rowCount * 8));
}

export function readFloatLists(chunk: DuckDBDataChunk, index: number): ListColumn<Float64Array> {
  const { starts, lengths, memory } = readLists(chunk, index, 8);
  return { starts, lengths, values: new Float64Array(memory) };
}

export function readUint32Lists(chunk: DuckDBDataChunk, index: number): ListColumn<Uint32Array> {
  const { starts, lengths, memory } = readLists(chunk, index, 4);
  return { starts, lengths, values: new Uint32Array(memory) };
}

export function readInt32Lists(chunk: DuckDBDataChunk, index: number): ListColumn<Int32Array> {
  const { starts, lengths, memory } = readLists(chunk, index, 4);
  return { starts, lengths, values: new Int32Array(memory) };
}

/** Lists of booleans, 1 and 0. */
export function readByteLists(chunk: DuckDBDataChunk, index: number): ListColumn<Uint8Array> {
  const { starts, lengths, memory } = readLists(chunk, index, 1);
  return { starts, lengths, values: new Uint8Array(memory) };
}

/** Whether a row has a value; of lists, without making any. */
export function readPresence(chunk: DuckDBDataChunk, index: number): (row: number) => boolean {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  // null, whatever its type says, where all rows have a value.
  const bits: Uint8Array | null = duckdbBindings().vector_get_validity(
    vector,
    Math.ceil(chunk.rowCount / 64) * 8,
  );
  return (row) => bits === null || (((bits[row >>> 3] ?? 0) >>> (row & 7)) & 1) === 1;
}

/** Whether each row has a value. */
export function readValidity(chunk: DuckDBDataChunk, index: number): boolean[] {
  const vector = chunk.getColumnVector(index);
  return Array.from({ length: chunk.rowCount }, (_, row) => vector.getItem(row) !== null);
}

export function readInt32s(chunk: DuckDBDataChunk, index: number): Int32Array {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  return new Int32Array(copyOf(vector, chunk.rowCount * 4));
}

/** A column of 64-bit integers as two words each, the low one first: BigInts would be slow. */
export function readWordPairs(chunk: DuckDBDataChunk, index: number): Uint32Array {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  return new Uint32Array(copyOf(vector, chunk.rowCount * 8));
}

/** One text of a column without NULLs: reading all of them costs microseconds each. */
export function readText(chunk: DuckDBDataChunk, index: number, row: number): string {
  const text = chunk.getColumnVector(index).getItem(row);
  return typeof text === "string" ? text : "";
}

/** Lengths in bytes of a column of texts: the first of the four words that DuckDB has for each. */
export function readTextLengths(chunk: DuckDBDataChunk, index: number): Uint32Array {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  const words = new Uint32Array(copyOf(vector, chunk.rowCount * 16));
  const lengths = new Uint32Array(chunk.rowCount);
  for (let row = 0; row < lengths.length; row++) lengths[row] = words[4 * row] ?? 0;
  return lengths;
}

/** A column of texts without NULLs. */
export function readTexts(chunk: DuckDBDataChunk, index: number): string[] {
  return chunk.getColumnValues(index).map((text) => (typeof text === "string" ? text : ""));
}

function readLists(chunk: DuckDBDataChunk, index: number, width: number) {
  const vector = duckdbBindings().data_chunk_get_vector(chunk.chunk, index);
  const entries = new Uint32Array(copyOf(vector, chunk.rowCount * 16));
  const starts = new Uint32Array(chunk.rowCount);
  const lengths = new Uint32Array(chunk.rowCount);
  for (let i = 0; i < chunk.rowCount; i++) {
    starts[i] = entries[4 * i] ?? 0;
    lengths[i] = entries[4 * i + 2] ?? 0;
  }
  const size = duckdbBindings().list_vector_get_size(vector);
  const memory = copyOf(duckdbBindings().list_vector_get_child(vector), size * width);
  return { starts, lengths, memory };
}

function copyInto(vector: duckdb.Vector, values: Column): void {
  const { buffer, byteOffset, byteLength } = values;
  if (byteLength === 0 || !(buffer instanceof ArrayBuffer)) return;
  duckdbBindings().copy_data_to_vector(vector, 0, buffer, byteOffset, byteLength);
}

/** What vector_get_data gives is a copy already (vectors.test.ts proves it), so it is not copied again. */
function copyOf(vector: duckdb.Vector, byteCount: number): ArrayBuffer {
  if (byteCount === 0) return new ArrayBuffer(0);
  const { buffer, byteOffset, byteLength } = duckdbBindings().vector_get_data(vector, byteCount);
  if (buffer instanceof ArrayBuffer && byteOffset === 0 && buffer.byteLength === byteLength)
    return buffer;
  const copy = new Uint8Array(byteCount);
  copy.set(new Uint8Array(buffer, byteOffset, byteLength));
  return copy.buffer;
}
