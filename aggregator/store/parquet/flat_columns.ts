import { zstdDecompressSync } from "node:zlib";
import { encodings, type Page, valuesMax } from "./column_pages.ts";
import { decodeIndexes } from "./decode_column.ts";
import { DeltaColumn } from "./delta_column.ts";
import type { ColumnChunk } from "./footer.ts";
import { codec, pageType } from "./parquet_writer.ts";
import { numberField, structField, ThriftReader, type ThriftStruct } from "./thrift.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Columns that are no lists, NULLs among them, as blocks of logs have them. Throws UnsupportedParquet. */

const pageBytesMax = 512 * 2 ** 20;
const nanosPerMs = 1_000_000;
/** A row without a value, in a column by number. */
export const noEntry = 0xffff_ffff;

/** Texts one after another: `ends` has an entry a row that has one. */
export type TextValues = {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** 1 where a row has a value; undefined where all have. */
  readonly isPresent: Uint8Array | undefined;
};

/** Texts by number: `numbers` has an entry a row, noEntry for NULL. */
export type NumberedTexts = {
  readonly entries: readonly Uint8Array[];
  readonly numbers: Uint32Array;
};

/** A column of a row group whose bytes are `bytes`. */
export type FlatColumn = {
  readonly chunk: ColumnChunk;
  readonly bytes: Uint8Array;
  readonly rows: number;
};

/** `count` is that of values; rows with NULL have none. */
type FlatPage = Page & { readonly rows: number; readonly isPresent: Uint8Array | undefined };
type Pages = { readonly dictionary: Page | undefined; readonly pages: readonly FlatPage[] };

export function flatTexts(column: FlatColumn): TextValues {
  const { dictionary, pages } = pagesOf(column);
  const parts = pages.map((page) => {
    switch (page.encoding) {
      case encodings.plain:
        return plainTexts(page);
      case encodings.deltaLengthByteArray:
        return countedTexts(page);
      case encodings.dictionary:
        return spelled(decodeIndexes(page), plainTexts(wanted(dictionary, column)));
      default:
        throw unknown(column, page);
    }
  });
  return { ...joined(parts), isPresent: presenceOf(pages, column.rows) };
}

/** For columns of few texts; where the file has them one by one, they are numbered here. */
export function flatNumberedTexts(column: FlatColumn): NumberedTexts {
  const { dictionary, pages } = pagesOf(column);
  if (dictionary === undefined || pages.some(({ encoding }) => encoding !== encodings.dictionary))
    return numbered(flatTexts(column), column.rows);
  const texts = plainTexts(dictionary);
  const entries = Array.from(texts.ends, (end, i) => texts.bytes.subarray(startOf(texts, i), end));
  const numbers = new Uint32Array(column.rows);
  let row = 0;
  for (const page of pages) {
    const indexes = decodeIndexes(page);
    let next = 0;
    for (let i = 0; i < page.rows; i++, row++) {
      const entry = page.isPresent?.[i] === 0 ? noEntry : (indexes[next++] ?? noEntry);
      if (entry !== noEntry && entry >= entries.length)
        throw new UnsupportedParquet("an index without a text");
      numbers[row] = entry;
    }
  }
  return { entries, numbers };
}

/** Small whole numbers; NULL is 0. */
export function flatIntegers(column: FlatColumn): Int32Array {
  const { dictionary, pages } = pagesOf(column);
  const values = new Int32Array(column.rows);
  let row = 0;
  for (const page of pages) {
    const of = integersOf(page, dictionary, column);
    let next = 0;
    for (let i = 0; i < page.rows; i++, row++)
      if (page.isPresent?.[i] !== 0) values[row] = of[next++] ?? 0;
  }
  return values;
}

/** Nanoseconds since 1970, as whole milliseconds and the nanoseconds within; exact, as doubles are not. */
export function flatTimes(column: FlatColumn): { ms: Float64Array; nanos: Uint32Array } {
  const { dictionary, pages } = pagesOf(column);
  const ms = new Float64Array(column.rows);
  const nanos = new Uint32Array(column.rows);
  let row = 0;
  for (const page of pages) {
    if (page.count !== page.rows) throw new UnsupportedParquet("a time that is NULL");
    if (page.encoding === encodings.deltaBinaryPacked) timesFromDeltas(page, ms, nanos, row);
    else timesFromPlain(page, dictionary, column, ms, nanos, row);
    row += page.rows;
  }
  return { ms, nanos };
}

function timesFromDeltas(page: FlatPage, ms: Float64Array, nanos: Uint32Array, row: number): void {
  const deltas = new DeltaColumn(page.bytes);
  if (deltas.count !== page.rows)
    throw new UnsupportedParquet(`${deltas.count} times instead of ${page.rows}`);
  // Nanoseconds after the first one are exact for a hundred days; the first one itself is read apart.
  const after = new Float64Array(page.rows);
  deltas.decode(0, page.rows, 0, after);
  setTime(firstOf(page.bytes), ms, nanos, row);
  const [baseMs = 0, base = 0] = [ms[row], nanos[row]];
  for (let i = 0; i < page.rows; i++) {
    const ns = base + (after[i] ?? 0);
    const carry = Math.floor(ns / nanosPerMs);
    ms[row + i] = baseMs + carry;
    nanos[row + i] = ns - carry * nanosPerMs;
  }
}

/** The first value of DELTA_BINARY_PACKED, all of its 64 bits. */
function firstOf(bytes: Uint8Array): bigint {
  const reader = new ThriftReader(bytes);
  for (let field = 0; field < 3; field++) reader.varint();
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[reader.at++] ?? 0;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
}

function timesFromPlain(
  page: FlatPage,
  dictionary: Page | undefined,
  column: FlatColumn,
  ms: Float64Array,
  nanos: Uint32Array,
  row: number,
): void {
  const isPlain = page.encoding === encodings.plain;
  if (!isPlain && page.encoding !== encodings.dictionary) throw unknown(column, page);
  const { bytes } = isPlain ? page : wanted(dictionary, column);
  const indexes = isPlain ? undefined : decodeIndexes(page);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < page.rows; i++) {
    const at = 8 * (indexes?.[i] ?? i);
    if (at + 8 > bytes.length) throw new UnsupportedParquet("times are cut off");
    setTime(view.getBigInt64(at, true), ms, nanos, row + i);
  }
}

function setTime(ns: bigint, ms: Float64Array, nanos: Uint32Array, row: number): void {
  const within = Number(((ns % 1_000_000n) + 1_000_000n) % 1_000_000n);
  ms[row] = Number((ns - BigInt(within)) / 1_000_000n);
  nanos[row] = within;
}

function integersOf(page: FlatPage, dictionary: Page | undefined, column: FlatColumn): Int32Array {
  switch (page.encoding) {
    case encodings.plain:
      return plainIntegers(page);
    case encodings.deltaBinaryPacked:
      return Int32Array.from(new DeltaColumn(page.bytes).decodeAll());
    case encodings.dictionary: {
      const entries = plainIntegers(wanted(dictionary, column));
      return Int32Array.from(decodeIndexes(page), (index) => entries[index] ?? 0);
    }
    default:
      throw unknown(column, page);
  }
}

function plainIntegers({ bytes, count }: Page): Int32Array {
  if (bytes.length < 4 * count) throw new UnsupportedParquet("integers are cut off");
  return new Int32Array(bytes.slice(0, 4 * count).buffer);
}

function pagesOf({ chunk, bytes, rows }: FlatColumn): Pages {
  const pages: FlatPage[] = [];
  let dictionary: Page | undefined;
  let seen = 0;
  for (let at = 0; at < bytes.length && seen < rows;) {
    const reader = new ThriftReader(bytes, at);
    const header = reader.struct();
    const size = numberField(header, 2) ?? -1;
    const begin = reader.at;
    at = begin + (numberField(header, 3) ?? -1);
    if (at < begin || at > bytes.length) throw new UnsupportedParquet("a page is cut off");
    if (size < 0 || size > pageBytesMax) throw new UnsupportedParquet(`a page of ${size} bytes`);
    const body = bytes.subarray(begin, at);
    const type = numberField(header, 1);
    if (type === pageType.dictionary)
      dictionary = dictionaryPage(header, unpack(body, size, chunk));
    else {
      const page =
        type === pageType.dataV2
          ? pageOfV2(field(header, 8), body, size, chunk)
          : pageOfV1(field(header, 5), unpack(body, size, chunk), chunk);
      pages.push(page);
      seen += page.rows;
    }
  }
  if (seen !== rows)
    throw new UnsupportedParquet(`${seen} rows of ${chunk.path} instead of ${rows}`);
  return { dictionary, pages };
}

function dictionaryPage(header: ThriftStruct, bytes: Uint8Array): Page {
  const count = numberField(field(header, 7), 1) ?? 0;
  if (count > valuesMax) throw new UnsupportedParquet(`a dictionary of ${count}`);
  return { encoding: encodings.plain, count, bytes };
}

/** Levels stand before the values, not compressed. */
function pageOfV2(
  header: ThriftStruct,
  body: Uint8Array,
  size: number,
  chunk: ColumnChunk,
): FlatPage {
  const rows = rowsOf(header);
  const levels = (numberField(header, 5) ?? 0) + (numberField(header, 6) ?? 0);
  if (levels > body.length) throw new UnsupportedParquet("levels are cut off");
  const packed = body.subarray(levels);
  const bytes = header.get(7) === false ? packed : unpack(packed, size - levels, chunk);
  const isPresent = chunk.definitionMax > 0 ? presence(body.subarray(0, levels), rows) : undefined;
  const count = rows - (numberField(header, 2) ?? 0);
  return { encoding: numberField(header, 4) ?? -1, count, bytes, rows, isPresent };
}

/** Levels stand before the values after their length, compressed with them. */
function pageOfV1(header: ThriftStruct, raw: Uint8Array, chunk: ColumnChunk): FlatPage {
  const rows = rowsOf(header);
  const encoding = numberField(header, 2) ?? -1;
  if (chunk.definitionMax === 0)
    return { encoding, count: rows, bytes: raw, rows, isPresent: undefined };
  const length = new DataView(raw.buffer, raw.byteOffset, raw.length).getUint32(0, true);
  const isPresent = presence(raw.subarray(4, 4 + length), rows);
  const count = isPresent.reduce((sum, one) => sum + one, 0);
  return { encoding, count, bytes: raw.subarray(4 + length), rows, isPresent };
}

function rowsOf(header: ThriftStruct): number {
  const rows = numberField(header, 1) ?? -1;
  if (rows < 0 || rows > valuesMax) throw new UnsupportedParquet(`a page of ${rows} rows`);
  return rows;
}

/** Levels of one bit: runs, and eights of packed ones. */
function presence(bytes: Uint8Array, rows: number): Uint8Array {
  const isPresent = new Uint8Array(rows);
  const reader = new ThriftReader(bytes);
  for (let at = 0; at < rows;) {
    const head = reader.varint();
    const isPacked = head % 2 === 1;
    const count = isPacked ? ((head - 1) / 2) * 8 : head / 2;
    if (count === 0) throw new UnsupportedParquet("an empty run");
    const end = Math.min(rows, at + count);
    if (isPacked) {
      for (let bit = 0; at < end; at++, bit++)
        isPresent[at] = ((bytes[reader.at + (bit >> 3)] ?? 0) >> (bit & 7)) & 1;
      reader.at += count / 8;
    } else {
      isPresent.fill((bytes[reader.at++] ?? 0) & 1, at, end);
      at = end;
    }
  }
  return isPresent;
}

function unpack(bytes: Uint8Array, size: number, { codec: kind }: ColumnChunk): Uint8Array {
  if (kind === codec.none || size === 0) return bytes;
  if (kind !== codec.zstd) throw new UnsupportedParquet(`compression ${kind}`);
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: size });
  } catch (cause) {
    throw new UnsupportedParquet("a page that cannot be unpacked", { cause });
  }
}

type Texts = { readonly bytes: Uint8Array; readonly ends: Uint32Array };

/** A length of four bytes before each; they are taken out. */
function plainTexts({ bytes, count }: Page): Texts {
  if (4 * count > bytes.length) throw new UnsupportedParquet("texts are cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const together = new Uint8Array(bytes.length - 4 * count);
  const ends = new Uint32Array(count);
  let [at, end] = [0, 0];
  for (let i = 0; i < count; i++) {
    const length = at + 4 > bytes.length ? Infinity : view.getUint32(at, true);
    if (at + 4 + length > bytes.length) throw new UnsupportedParquet("texts are cut off");
    together.set(bytes.subarray(at + 4, at + 4 + length), end);
    at += 4 + length;
    ends[i] = end += length;
  }
  return { bytes: together, ends };
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all texts, up to the end of the page. */
function countedTexts({ bytes, count }: Page): Texts {
  const lengths = new DeltaColumn(bytes).decodeAll();
  const ends = new Uint32Array(count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    const length = lengths[i] ?? -1;
    if (length < 0) throw new UnsupportedParquet("texts are cut off");
    ends[i] = end += length;
  }
  if (lengths.length !== count || end > bytes.length)
    throw new UnsupportedParquet("texts are cut off");
  return { bytes: bytes.subarray(bytes.length - end), ends };
}

function spelled(indexes: Uint32Array, entries: Texts): Texts {
  const ends = new Uint32Array(indexes.length);
  let size = 0;
  for (let i = 0; i < indexes.length; i++) {
    const entry = indexes[i] ?? 0;
    if (entry >= entries.ends.length) throw new UnsupportedParquet("an index without a text");
    ends[i] = size += (entries.ends[entry] ?? 0) - startOf(entries, entry);
  }
  const bytes = new Uint8Array(size);
  for (let i = 0; i < indexes.length; i++) {
    const entry = indexes[i] ?? 0;
    const text = entries.bytes.subarray(startOf(entries, entry), entries.ends[entry]);
    bytes.set(text, (ends[i] ?? 0) - text.length);
  }
  return { bytes, ends };
}

function startOf({ ends }: Texts, i: number): number {
  return i === 0 ? 0 : (ends[i - 1] ?? 0);
}

function joined(parts: readonly Texts[]): Texts {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
  const ends = new Uint32Array(parts.reduce((sum, part) => sum + part.ends.length, 0));
  let [at, next] = [0, 0];
  for (const part of parts) {
    bytes.set(part.bytes, at);
    for (const end of part.ends) ends[next++] = at + end;
    at += part.bytes.length;
  }
  return { bytes, ends };
}

function presenceOf(pages: readonly FlatPage[], rows: number): Uint8Array | undefined {
  if (pages.every(({ count, rows: own }) => count === own)) return undefined;
  const all = new Uint8Array(rows).fill(1);
  let row = 0;
  for (const page of pages) {
    if (page.isPresent !== undefined) all.set(page.isPresent, row);
    row += page.rows;
  }
  return all;
}

function numbered(texts: TextValues, rows: number): NumberedTexts {
  const byText = new Map<string, number>();
  const entries: Uint8Array[] = [];
  const numbers = new Uint32Array(rows).fill(noEntry);
  const buffer = Buffer.from(texts.bytes.buffer, texts.bytes.byteOffset, texts.bytes.length);
  let value = 0;
  for (let row = 0; row < rows; row++) {
    if (texts.isPresent?.[row] === 0) continue;
    const [from, to] = [startOf(texts, value), texts.ends[value] ?? 0];
    value++;
    const key = buffer.toString("latin1", from, to);
    let known = byText.get(key);
    if (known === undefined)
      byText.set(key, (known = entries.push(texts.bytes.subarray(from, to)) - 1));
    numbers[row] = known;
  }
  return { entries, numbers };
}

function wanted(dictionary: Page | undefined, { chunk }: FlatColumn): Page {
  if (dictionary === undefined) throw new UnsupportedParquet(`${chunk.path} lacks its dictionary`);
  return dictionary;
}

function field(header: ThriftStruct, id: number): ThriftStruct {
  const inner = structField(header, id);
  if (inner === undefined) throw new UnsupportedParquet("a page without a header of its kind");
  return inner;
}

function unknown({ chunk }: FlatColumn, { encoding }: Page): UnsupportedParquet {
  return new UnsupportedParquet(`${chunk.path} in encoding ${encoding}`);
}
