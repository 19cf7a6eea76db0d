import { unzstd } from "#proto/codec/zstd_frames.ts";
import { encodings, type Page, valuesMax } from "./column_pages.ts";
import type { ColumnChunk } from "./footer.ts";
import { codec, pageType } from "./parquet_writer.ts";
import { numberField, structField, ThriftReader, type ThriftStruct } from "./thrift.ts";
import { RowFlags } from "./row_flags.ts";
import { UnsupportedParquet } from "./unsupported.ts";

const pageBytesMax = 512 * 2 ** 20;

/** A column of a row group whose bytes are `bytes`. */
export type FlatColumn = {
  readonly chunk: ColumnChunk;
  readonly bytes: Uint8Array;
  readonly rows: number;
};

/** `count` is that of values; rows with NULL have none: `flags` says which, undefined where a column has no NULL. Its bytes keep no more memory than their page. */
export type FlatPage = Page & { readonly rows: number; readonly flags: RowFlags | undefined };
type Pages = { readonly dictionary: Page | undefined; readonly pages: readonly FlatPage[] };

/** Unpacks what there is of a column, with the rows that are NULL told apart. Throws UnsupportedParquet. */
export function pagesOf({ chunk, bytes, rows }: FlatColumn): Pages {
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

/** The dictionary of a column, nothing else of it unpacked; undefined where it has none. Throws UnsupportedParquet. */
export function dictionaryOf(column: FlatColumn): Page | undefined {
  const { chunk, bytes } = column;
  const reader = new ThriftReader(bytes, 0);
  const header = reader.struct();
  if (numberField(header, 1) !== pageType.dictionary) return undefined;
  const end = reader.at + (numberField(header, 3) ?? -1);
  const size = numberField(header, 2) ?? -1;
  if (end < reader.at || end > bytes.length || size < 0 || size > pageBytesMax)
    throw new UnsupportedParquet("a page is cut off");
  return dictionaryPage(header, unpack(bytes.subarray(reader.at, end), size, chunk));
}

/** How many pages a column has where it has a dictionary and nothing but numbers of its entries, else 0; told by the heads of pages alone. Throws UnsupportedParquet. */
export function numberedPages({ bytes, rows }: FlatColumn): number {
  let hasDictionary = false;
  let [seen, pages] = [0, 0];
  for (let at = 0; at < bytes.length && seen < rows;) {
    const reader = new ThriftReader(bytes, at);
    const header = reader.struct();
    const next = reader.at + (numberField(header, 3) ?? -1);
    if (next < reader.at) throw new UnsupportedParquet("a page is cut off");
    at = next;
    const type = numberField(header, 1);
    if (type === pageType.dictionary) {
      hasDictionary = true;
      continue;
    }
    const isSecond = type === pageType.dataV2;
    const data = field(header, isSecond ? 8 : 5);
    if (numberField(data, isSecond ? 4 : 2) !== encodings.dictionary) return 0;
    pages++;
    seen += rowsOf(data);
  }
  return hasDictionary ? pages : 0;
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
  const bytes = header.get(7) === false ? packed.slice() : unpack(packed, size - levels, chunk);
  const encoding = numberField(header, 4) ?? -1;
  if (chunk.definitionMax > 0)
    return new OptionalPage(encoding, bytes, rows, body.slice(0, levels));
  return { encoding, count: rows, bytes, rows, flags: undefined };
}

/** Levels stand before the values after their length, compressed with them. */
function pageOfV1(header: ThriftStruct, raw: Uint8Array, chunk: ColumnChunk): FlatPage {
  const rows = rowsOf(header);
  const encoding = numberField(header, 2) ?? -1;
  if (chunk.definitionMax === 0)
    return { encoding, count: rows, bytes: raw, rows, flags: undefined };
  const length = new DataView(raw.buffer, raw.byteOffset, raw.length).getUint32(0, true);
  return new OptionalPage(encoding, raw.subarray(4 + length), rows, raw.subarray(4, 4 + length));
}

/** Which rows have a value is worked out on demand: a search that finds nothing never needs it. */
class OptionalPage implements FlatPage {
  readonly encoding: number;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly #levels: Uint8Array;
  #flags: RowFlags | undefined;

  constructor(encoding: number, bytes: Uint8Array, rows: number, levels: Uint8Array) {
    this.encoding = encoding;
    this.bytes = bytes;
    this.rows = rows;
    this.#levels = levels;
  }

  /** Throws UnsupportedParquet. */
  get flags(): RowFlags {
    return (this.#flags ??= new RowFlags(this.#levels, this.rows));
  }

  get count(): number {
    return this.flags.count;
  }
}

function rowsOf(header: ThriftStruct): number {
  const rows = numberField(header, 1) ?? -1;
  if (rows < 0 || rows > valuesMax) throw new UnsupportedParquet(`a page of ${rows} rows`);
  return rows;
}

function unpack(bytes: Uint8Array, size: number, { codec: kind }: ColumnChunk): Uint8Array {
  if (kind === codec.none || size === 0) return bytes.slice();
  if (kind !== codec.zstd) throw new UnsupportedParquet(`compression ${kind}`);
  try {
    return unzstd(bytes, size);
  } catch (cause) {
    throw new UnsupportedParquet("a page that cannot be unpacked", { cause });
  }
}

function field(header: ThriftStruct, id: number): ThriftStruct {
  const inner = structField(header, id);
  if (inner === undefined) throw new UnsupportedParquet("a page without a header of its kind");
  return inner;
}
