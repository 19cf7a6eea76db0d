// Hot: guarded by `bench size`, `bench day`.
import { type ColumnPages, type Page, encodings } from "./column_pages.ts";
import { DeltaColumn } from "./delta_column.ts";
import { physical } from "./footer.ts";
import { ThriftReader } from "./thrift.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** A column of doubles, bit by bit. */
export function decodeFloats(column: ColumnPages): Float64Array {
  expectType(column, physical.double);
  return joined(column, (page) => {
    switch (page.encoding) {
      case encodings.plain:
        return plainFloats(page);
      case encodings.byteStreamSplit:
        return splitFloats(page);
      case encodings.dictionary:
        return picked(plainFloats(dictionaryOf(column)), decodeIndexes(page));
      default:
        throw unknownEncoding(column, page);
    }
  });
}

/** A column of 32-bit unsigned or 64-bit signed integers; of the latter, those below 2^53. */
export function decodeIntegers(column: ColumnPages): Float64Array {
  const { type, path } = column.chunk;
  if (type !== physical.int32 && type !== physical.int64)
    throw new UnsupportedParquet(`integers of ${path} in type ${type}`);
  const isShort = type === physical.int32;
  return joined(column, (page) => {
    switch (page.encoding) {
      case encodings.plain:
        return plainIntegers(page, isShort);
      case encodings.deltaBinaryPacked:
        return unsigned(new DeltaColumn(page.bytes).decodeAll(), isShort);
      case encodings.dictionary:
        return picked(plainIntegers(dictionaryOf(column), isShort), decodeIndexes(page));
      default:
        throw unknownEncoding(column, page);
    }
  });
}

/** A column of booleans, 1 and 0: a bit each, the lowest first. */
export function decodeFlags(column: ColumnPages): Uint8Array {
  expectType(column, physical.boolean);
  const flags = new Uint8Array(column.pages.reduce((sum, { count }) => sum + count, 0));
  let at = 0;
  for (const page of column.pages) {
    const { encoding, bytes, count } = page;
    if (encoding !== encodings.plain) throw unknownEncoding(column, page);
    if (8 * bytes.length < count) throw new UnsupportedParquet("values are cut off");
    for (let i = 0; i < count; i++) flags[at + i] = ((bytes[i >>> 3] ?? 0) >>> (i & 7)) & 1;
    at += count;
  }
  return flags;
}

/** A column of 32-bit unsigned integers, of which those in [from, to) are needed: what stands elsewhere means nothing. */
export function decodeUint32s(column: ColumnPages, from = 0, to = Infinity): Uint32Array {
  expectType(column, physical.int32);
  const [page] = column.pages;
  if (page === undefined || column.pages.length > 1)
    return Uint32Array.from(decodeIntegers(column));
  if (page.encoding === encodings.deltaBinaryPacked) {
    const deltas = new DeltaColumn(page.bytes);
    if (deltas.count !== page.count)
      throw new UnsupportedParquet(`${deltas.count} values instead of ${page.count}`);
    const values = new Uint32Array(page.count);
    deltas.decodeUint32s(0, page.count, deltas.first, values);
    return values;
  }
  if (page.encoding !== encodings.dictionary) return Uint32Array.from(decodeIntegers(column));
  const entries = Uint32Array.from(plainIntegers(dictionaryOf(column), true));
  const values = decodeIndexes(page, from, to);
  const end = Math.min(to, values.length);
  for (let i = from; i < end; i++) {
    const entry = entries[values[i] ?? 0];
    if (entry === undefined) throw new UnsupportedParquet("an index without a value");
    values[i] = entry;
  }
  return values;
}

/**
 * Which entry of the dictionary each value in [from, to) is: a byte of width, then runs of one or of packed ones (RLE_DICTIONARY). What
 * stands elsewhere means nothing.
 */
export function decodeIndexes({ bytes, count }: Page, from = 0, to = count): Uint32Array {
  const indexes = new Uint32Array(count);
  const width = bytes[0] ?? 0;
  if (width > 25) throw new UnsupportedParquet(`indexes of ${width} bits`);
  const mask = 2 ** width - 1;
  const reader = new ThriftReader(bytes, 1);
  const needed = Math.min(count, to);
  for (let at = 0; at < needed;) {
    const head = reader.varint();
    const isPacked = head % 2 === 1;
    const run = isPacked ? ((head - 1) / 2) * 8 : head / 2;
    if (run === 0) throw new UnsupportedParquet("an empty run");
    const end = Math.min(count, at + run);
    if (!isPacked) {
      indexes.fill(wordAt(bytes, reader.at) & mask, at, end);
      reader.at += Math.ceil(width / 8);
    } else {
      if (end > from) unpackIndexes(bytes, reader.at, width, indexes, at, end);
      reader.at += (run / 8) * width;
    }
    at = end;
  }
  return indexes;
}

/** Into indexes[at ... end): `width` bits each, the lowest first. */
function unpackIndexes(
  bytes: Uint8Array,
  place: number,
  width: number,
  indexes: Uint32Array,
  at: number,
  end: number,
): void {
  const mask = 2 ** width - 1;
  let next = place;
  let bits = 0;
  let have = 0;
  for (let i = at; i < end; i++) {
    for (; have < width; have += 8) bits |= (bytes[next++] ?? 0) << have;
    indexes[i] = bits & mask;
    bits >>>= width;
    have -= width;
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function joined(column: ColumnPages, decode: (page: Page) => Float64Array): Float64Array {
  const parts = column.pages.map((page) => {
    const values = decode(page);
    if (values.length !== page.count)
      throw new UnsupportedParquet(`${values.length} values instead of ${page.count}`);
    return values;
  });
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const whole = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function plainFloats({ bytes, count }: Page): Float64Array {
  if (bytes.length < count * 8) throw new UnsupportedParquet("values are cut off");
  const values = new Float64Array(count);
  new Uint8Array(values.buffer).set(bytes.subarray(0, count * 8));
  return values;
}

function plainIntegers({ bytes, count }: Page, isShort: boolean): Float64Array {
  if (bytes.length < count * (isShort ? 4 : 8)) throw new UnsupportedParquet("values are cut off");
  const values = new Float64Array(count);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++)
    values[i] = isShort
      ? view.getUint32(4 * i, true)
      : view.getInt32(8 * i + 4, true) * 2 ** 32 + view.getUint32(8 * i, true);
  return values;
}

/** A writer may have taken 32 bits as signed. */
function unsigned(values: Float64Array, isShort: boolean): Float64Array {
  if (!isShort) return values;
  return values.map((value) => ((value % 2 ** 32) + 2 ** 32) % 2 ** 32);
}

/** BYTE_STREAM_SPLIT: the first bytes of all values, then their second ones, and so on. */
function splitFloats({ bytes, count }: Page): Float64Array {
  if (bytes.length < count * 8) throw new UnsupportedParquet("values are cut off");
  const values = new Float64Array(count);
  const target = new Uint8Array(values.buffer);
  for (let plane = 0; plane < 8; plane++) {
    const from = plane * count;
    for (let i = 0; i < count; i++) target[8 * i + plane] = bytes[from + i] ?? 0;
  }
  return values;
}

/** By memory: a number would lose a NaN's payload. */
function picked(dictionary: Float64Array, indexes: Uint32Array): Float64Array {
  const values = new Float64Array(indexes.length);
  const from = new Uint32Array(dictionary.buffer);
  const to = new Uint32Array(values.buffer);
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i] ?? 0;
    if (index >= dictionary.length) throw new UnsupportedParquet("an index without a value");
    to[2 * i] = from[2 * index] ?? 0;
    to[2 * i + 1] = from[2 * index + 1] ?? 0;
  }
  return values;
}

export function dictionaryOf({ dictionary, chunk }: ColumnPages): Page {
  if (dictionary === undefined) throw new UnsupportedParquet(`${chunk.path} lacks its dictionary`);
  return dictionary;
}

export function expectType({ chunk }: ColumnPages, type: number): void {
  if (chunk.type !== type) throw new UnsupportedParquet(`${chunk.path} is of type ${chunk.type}`);
}

export function unknownEncoding({ chunk }: ColumnPages, { encoding }: Page): UnsupportedParquet {
  return new UnsupportedParquet(`${chunk.path} in encoding ${encoding}`);
}
