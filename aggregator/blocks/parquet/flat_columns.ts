import { encodings, type Page } from "./column_pages.ts";
import { decodeIndexes } from "./decode_column.ts";
import { DeltaColumn } from "./delta_column.ts";
import {
  dictionaryOf,
  type FlatColumn,
  type FlatPage,
  numberedPages,
  pagesOf,
} from "./flat_pages.ts";
import { readPrefixed } from "./prefixed_texts.ts";
import { ThriftReader } from "./thrift.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Columns that are no lists, NULLs among them, as blocks of logs have them. Throws UnsupportedParquet. */

const nanosPerMs = 1_000_000;
/** A row without a value, in a column by number. */
export const noEntry = 0xffff_ffff;

/** Texts one after another: `ends` has an entry a row that has one. */
export type TextValues = {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  /** The row of each text, ascending; undefined where every row has one. */
  readonly rowOf: Uint32Array | undefined;
};

/** Texts by number: `numbers` has an entry a row, noEntry for NULL. */
export type NumberedTexts = {
  readonly entries: readonly Uint8Array[];
  readonly numbers: Uint32Array;
};

export function flatTexts(column: FlatColumn): TextValues {
  const { dictionary, pages } = pagesOf(column);
  const parts = pages.map((page) => {
    switch (page.encoding) {
      case encodings.plain:
        return plainTexts(page);
      case encodings.deltaLengthByteArray:
        return countedTexts(page);
      case encodings.deltaByteArray:
        return readPrefixed(page);
      case encodings.dictionary:
        return spelled(decodeIndexes(page), plainTexts(wanted(dictionary, column)));
      default:
        throw unknown(column, page);
    }
  });
  return { ...joined(parts), rowOf: rowsOfValues(pages) };
}

/** The texts that a column numbers, the numbers still packed; undefined where it numbers none. */
export function dictionaryTexts(column: FlatColumn): Texts | undefined {
  const dictionary = dictionaryOf(column);
  return dictionary && plainTexts(dictionary);
}

/** Of a column with a dictionary of `entries` texts, in one page: an entry of `numbers` a row that has a text; `rowOf` as in TextValues. */
export function dictionaryNumbers(
  column: FlatColumn,
  entries: number,
): { readonly numbers: Uint32Array; readonly rowOf: Uint32Array | undefined } {
  const { pages } = pagesOf(column);
  const [page] = pages;
  if (pages.length !== 1 || page?.encoding !== encodings.dictionary)
    throw new UnsupportedParquet(`${column.chunk.path} in ${pages.length} pages`);
  const numbers = decodeIndexes(page);
  for (let i = 0; i < numbers.length; i++)
    if ((numbers[i] ?? 0) >= entries) throw new UnsupportedParquet("an index without a text");
  return { numbers, rowOf: rowsOfValues(pages) };
}

/** What flatNumberedTexts() gives as entries, where nothing but the dictionary has to be unpacked for them; else undefined. */
export function numberedEntries(column: FlatColumn): readonly Uint8Array[] | undefined {
  const texts = numberedPages(column) > 0 ? dictionaryTexts(column) : undefined;
  return texts && slicesOf(texts);
}

/** For columns of few texts; where the file has them one by one, they are numbered here. */
export function flatNumberedTexts(column: FlatColumn): NumberedTexts {
  const { dictionary, pages } = pagesOf(column);
  if (dictionary === undefined || pages.some(({ encoding }) => encoding !== encodings.dictionary))
    return numbered(flatTexts(column), column.rows);
  const texts = plainTexts(dictionary);
  const entries = slicesOf(texts);
  const numbers = new Uint32Array(column.rows);
  let row = 0;
  for (const page of pages) {
    const indexes = decodeIndexes(page);
    const isPresent = page.count === page.rows ? undefined : page.flags?.flags();
    let next = 0;
    for (let i = 0; i < page.rows; i++, row++) {
      const isThere = isPresent === undefined || isPresent[i] === 1;
      const entry = isThere ? (indexes[next++] ?? noEntry) : noEntry;
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
    const rowOf = page.count === page.rows ? undefined : page.flags?.rows();
    if (rowOf === undefined) values.set(of.subarray(0, page.rows), row);
    else for (let i = 0; i < rowOf.length; i++) values[row + (rowOf[i] ?? 0)] = of[i] ?? 0;
    row += page.rows;
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
  for (let skipped = 0; skipped < 3; skipped++) reader.varint();
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
      const indexes = decodeIndexes(page);
      const values = new Int32Array(indexes.length);
      for (let i = 0; i < values.length; i++) values[i] = entries[indexes[i] ?? 0] ?? 0;
      return values;
    }
    default:
      throw unknown(column, page);
  }
}

function plainIntegers({ bytes, count }: Page): Int32Array {
  if (bytes.length < 4 * count) throw new UnsupportedParquet("integers are cut off");
  return new Int32Array(bytes.slice(0, 4 * count).buffer);
}

type Texts = { readonly bytes: Uint8Array; readonly ends: Uint32Array };

/** A length of four bytes before each; they are taken out. */
function plainTexts({ bytes, count }: Page): Texts {
  if (4 * count > bytes.length) throw new UnsupportedParquet("texts are cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const together = new Uint8Array(bytes.length - 4 * count);
  const ends = new Uint32Array(count);
  let at = 0;
  let end = 0;
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

function slicesOf(texts: Texts): Uint8Array[] {
  return Array.from(texts.ends, (end, i) => texts.bytes.subarray(startOf(texts, i), end));
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

/** The row of each value; undefined where every row has one. */
function rowsOfValues(pages: readonly FlatPage[]): Uint32Array | undefined {
  if (pages.every(({ count, rows }) => count === rows)) return undefined;
  const [only] = pages;
  if (only?.flags !== undefined && pages.length === 1) return only.flags.rows();
  const all = new Uint32Array(pages.reduce((sum, { count }) => sum + count, 0));
  let first = 0;
  let value = 0;
  for (const { flags, rows, count } of pages) {
    const own = flags?.rows();
    for (let i = 0; i < count; i++) all[value++] = first + (own === undefined ? i : (own[i] ?? 0));
    first += rows;
  }
  return all;
}

function numbered(texts: TextValues, rows: number): NumberedTexts {
  const byText = new Map<string, number>();
  const entries: Uint8Array[] = [];
  const numbers = new Uint32Array(rows).fill(noEntry);
  const buffer = Buffer.from(texts.bytes.buffer, texts.bytes.byteOffset, texts.bytes.length);
  for (let value = 0; value < texts.ends.length; value++) {
    const [from, to] = [startOf(texts, value), texts.ends[value] ?? 0];
    const key = buffer.toString("latin1", from, to);
    let known = byText.get(key);
    if (known === undefined)
      byText.set(key, (known = entries.push(texts.bytes.subarray(from, to)) - 1));
    numbers[texts.rowOf?.[value] ?? value] = known;
  }
  return { entries, numbers };
}

function wanted(dictionary: Page | undefined, { chunk }: FlatColumn): Page {
  if (dictionary === undefined) throw new UnsupportedParquet(`${chunk.path} lacks its dictionary`);
  return dictionary;
}

function unknown({ chunk }: FlatColumn, { encoding }: Page): UnsupportedParquet {
  return new UnsupportedParquet(`${chunk.path} in encoding ${encoding}`);
}
