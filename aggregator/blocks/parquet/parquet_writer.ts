import { ByteSink } from "./byte_sink.ts";
import { encodings } from "./column_pages.ts";
import { physical } from "./footer.ts";
import type { Presence } from "./presence.ts";
import { thrift, ThriftWriter } from "./thrift_writer.ts";

/** Numbers of Parquet's format: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const runsEncoding = 3;
export const pageType = { data: 0, dictionary: 2, dataV2: 3 } as const;
export const codec = { none: 0, zstd: 6 } as const;
const requiredField = 0;
const optionalField = 1;
const repeatedField = 2;
const listOf = 3;

type ColumnType = "boolean" | "int64" | "uint64" | "uint32" | "uint8" | "double" | "text" | "blob";

/** Physical types, and what they stand for (ConvertedType). */
const types: Readonly<Record<ColumnType, { readonly stored: number; readonly meaning?: number }>> =
  {
    boolean: { stored: physical.boolean },
    int64: { stored: physical.int64 },
    uint64: { stored: physical.int64, meaning: 14 },
    uint32: { stored: physical.int32, meaning: 13 },
    uint8: { stored: physical.int32, meaning: 11 },
    double: { stored: physical.double },
    text: { stored: physical.byteArray, meaning: 0 },
    blob: { stored: physical.byteArray },
  };

export type ColumnSchema = {
  readonly name: string;
  readonly type: ColumnType;
  readonly isOptional: boolean;
  /** Lists of such values, each possibly empty. */
  readonly isList?: boolean;
};

/** Highest levels of repetition and definition of a list's values; the list and its values may be NULL by the schema, as other writers have it. */
export const listLevels = { repetition: 1, definition: 3, ofEmpty: 1 } as const;

/** One column of one row group, encoded and not yet compressed. */
export type ColumnPages = {
  readonly encoding: number;
  readonly values: Uint8Array<ArrayBuffer>;
  /** What follows them in the page: texts, which are compressed apart from their lengths. Of columns only whose rows may lack a value. */
  readonly texts?: Uint8Array<ArrayBuffer>;
  /** Entries of a dictionary as PLAIN, where the encoding names them by number. */
  readonly dictionary?: { readonly values: Uint8Array<ArrayBuffer>; readonly count: number };
  /** Which rows have a value, of columns whose rows may lack one. */
  readonly presence?: Presence;
  /** zstd's, where it is another than the file's. */
  readonly level?: number;
  /** Lowest and highest value as PLAIN without a length, where they are worth telling. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
};

/** The only page of a column of one row group, of version 1, levels and values compressed already: large pages are, in another thread. */
export type PackedPage = {
  readonly encoding: number;
  /** Values, and one for each empty list. */
  readonly slots: number;
  readonly rawBytes: number;
  readonly body: Uint8Array;
};

/**
 * Texts of so many bytes are a frame of zstd of their own behind that of their lengths; a decoder takes both for one (RFC 8878, 3). In one frame with packed
 * lengths, digits have a worse Huffman code: half a byte a line of logs.
 */
const apartBytesMin = 512;

type Chunk = Pick<ColumnPages, "min" | "max"> & {
  /** Values, NULLs and empty lists. */
  readonly slots: number;
  readonly offset: number;
  readonly hasDictionary: boolean;
  readonly dataOffset: number;
  readonly bytes: number;
  readonly rawBytes: number;
  readonly encodings: readonly number[];
  readonly nulls: number;
};

type RowGroup = { readonly rows: number; readonly chunks: readonly Chunk[] };

const magic = new TextEncoder().encode("PAR1");

/**
 * A Parquet file, row group by row group: one data page a column and row group (version 1 for lists and where rows may lack a value, else 2), zstd.
 * `write` gets the bytes in order.
 */
export class ParquetWriter {
  readonly #columns: readonly ColumnSchema[];
  readonly #level: number;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #pageVersion: 1 | 2;
  readonly #groups: RowGroup[] = [];
  /** A page before it is compressed. */
  readonly #page = new ByteSink();
  /** Pages of columns that have no value at all, by rows: most of the columns of variables. */
  readonly #emptyPages = new Map<number, Uint8Array>();
  #offset = 0;

  /** `pageVersion` is of the pages of columns that are there in every row. */
  constructor(
    columns: readonly ColumnSchema[],
    level: number,
    write: (bytes: Uint8Array) => void,
    pageVersion: 1 | 2 = 2,
  ) {
    this.#columns = columns;
    this.#level = level;
    this.#write = write;
    this.#pageVersion = pageVersion;
    this.#emit(magic);
  }

  /** Columns in the order of the schema. Of each, what may be missing in a row is done with when the next one is asked for. */
  rowGroup(rows: number, columns: Iterable<ColumnPages | PackedPage>): void {
    const chunks = Array.from(columns, (pages) => this.#column(rows, pages));
    this.#groups.push({ rows, chunks });
  }

  /** As rowGroup(), with `pause` awaited between two columns, and where `columns` gives undefined. */
  async rowGroupInTurns(
    rows: number,
    columns: Iterable<ColumnPages | PackedPage | undefined>,
    pause: () => Promise<void> | undefined,
  ): Promise<void> {
    const chunks: Chunk[] = [];
    for (const pages of columns) {
      if (pages !== undefined) chunks.push(this.#column(rows, pages));
      await pause();
    }
    this.#groups.push({ rows, chunks });
  }

  /** Bytes between the columns and the footer, which readers of Parquet pass over; gives their place in the file. */
  append(bytes: Uint8Array): number {
    const place = this.#offset;
    this.#emit(bytes);
    return place;
  }

  /** Writes the footer, and gives the size of the file. */
  finish(pairs: readonly (readonly [string, string])[]): number {
    const footer = this.#footer(pairs);
    this.#emit(footer);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, footer.length, true);
    this.#emit(length);
    this.#emit(magic);
    return this.#offset;
  }

  #emit(bytes: Uint8Array): void {
    this.#write(bytes);
    this.#offset += bytes.length;
  }

  #column(rows: number, pages: ColumnPages | PackedPage): Chunk {
    return "body" in pages ? this.#packedChunk(pages) : this.#chunk(rows, pages);
  }

  #packedChunk({ encoding, slots, rawBytes, body }: PackedPage): Chunk {
    const offset = this.#offset;
    const head = this.#pageOfVersion1(slots, encoding, rawBytes, body);
    return {
      offset,
      slots,
      hasDictionary: false,
      dataOffset: offset,
      bytes: this.#offset - offset,
      rawBytes: head + rawBytes,
      encodings: [encoding, runsEncoding],
      nulls: 0,
    };
  }

  #chunk(rows: number, pages: ColumnPages): Chunk {
    const offset = this.#offset;
    let rawBytes = 0;
    const used = [pages.encoding, runsEncoding];
    if (pages.dictionary !== undefined) {
      rawBytes += this.#dictionaryPage(pages.dictionary);
      used.push(encodings.plain);
    }
    const dataOffset = this.#offset;
    const { dictionary, presence, min, max } = pages;
    rawBytes +=
      presence === undefined ? this.#dataPage(rows, pages) : this.#optionalPage(pages, presence);
    const nulls = presence?.nulls ?? 0;
    const bounds = { ...(min && { min }), ...(max && { max }) };
    const bytes = this.#offset - offset;
    const hasDictionary = dictionary !== undefined;
    return {
      ...bounds,
      offset,
      slots: rows,
      hasDictionary,
      dataOffset,
      bytes,
      rawBytes,
      encodings: used,
      nulls,
    };
  }

  #dictionaryPage({ values, count }: NonNullable<ColumnPages["dictionary"]>): number {
    const body = Bun.zstdCompressSync(values, { level: this.#level });
    const header = new ThriftWriter();
    header.int(1, thrift.i32, pageType.dictionary);
    header.int(2, thrift.i32, values.length);
    header.int(3, thrift.i32, body.length);
    header.struct(7, () => {
      header.int(1, thrift.i32, count);
      header.int(2, thrift.i32, encodings.plain);
    });
    const head = header.finish();
    this.#emit(head);
    this.#emit(body);
    return head.length + values.length;
  }

  /** Of version 1: there the levels are compressed, too, which those of columns that belong to some templates only do very well. */
  #optionalPage(pages: ColumnPages, { rows, nulls, levels }: Presence): number {
    const raw = this.#page;
    raw.clear();
    raw.ensure(4 + levels.length + pages.values.length);
    for (let shift = 0; shift < 32; shift += 8)
      raw.bytes[raw.length++] = (levels.length >>> shift) & 0xff;
    raw.block(levels);
    raw.block(pages.values);
    const { texts, level = this.#level } = pages;
    const isApart = texts !== undefined && texts.length >= apartBytesMin;
    if (texts !== undefined && !isApart) raw.block(texts);
    const isEmpty = nulls === rows;
    const body =
      (isEmpty ? this.#emptyPages.get(rows) : undefined) ??
      Bun.zstdCompressSync(raw.written(), { level });
    if (isEmpty) this.#emptyPages.set(rows, body);
    const size = raw.length + (isApart ? texts.length : 0);
    const apart = isApart ? [Bun.zstdCompressSync(texts, { level })] : [];
    return this.#pageOfVersion1(rows, pages.encoding, size, body, ...apart) + size;
  }

  /** Gives the bytes of the header. `body`: one piece after another. */
  #pageOfVersion1(
    slots: number,
    encoding: number,
    rawBytes: number,
    ...body: readonly Uint8Array[]
  ): number {
    const header = new ThriftWriter();
    header.int(1, thrift.i32, pageType.data);
    header.int(2, thrift.i32, rawBytes);
    const bytes = body.reduce((sum, { length }) => sum + length, 0);
    header.int(3, thrift.i32, bytes);
    header.struct(5, () => {
      header.int(1, thrift.i32, slots);
      header.int(2, thrift.i32, encoding);
      header.int(3, thrift.i32, runsEncoding);
      header.int(4, thrift.i32, runsEncoding);
    });
    const head = header.finish();
    this.#emit(head);
    for (const piece of body) this.#emit(piece);
    return head.length;
  }

  #dataPage(rows: number, pages: ColumnPages): number {
    const packed = Bun.zstdCompressSync(pages.values, { level: pages.level ?? this.#level });
    const { encoding, values } = pages;
    if (this.#pageVersion === 1)
      return this.#pageOfVersion1(rows, encoding, values.length, packed) + values.length;
    const isCompressed = packed.length < pages.values.length;
    const body = isCompressed ? packed : pages.values;
    const header = new ThriftWriter();
    header.int(1, thrift.i32, pageType.dataV2);
    header.int(2, thrift.i32, pages.values.length);
    header.int(3, thrift.i32, body.length);
    header.struct(8, () => {
      header.int(1, thrift.i32, rows);
      header.int(2, thrift.i32, 0);
      header.int(3, thrift.i32, rows);
      header.int(4, thrift.i32, pages.encoding);
      header.int(5, thrift.i32, 0);
      header.int(6, thrift.i32, 0);
      header.flag(7, isCompressed);
    });
    const head = header.finish();
    this.#emit(head);
    this.#emit(body);
    return head.length + pages.values.length;
  }

  #footer(pairs: readonly (readonly [string, string])[]): Uint8Array {
    const writer = new ThriftWriter();
    writer.int(1, thrift.i32, 2);
    const root = { name: "lapwing", children: this.#columns.length };
    writer.structs(2, [root, ...this.#columns.flatMap(elementsOf)], (element) =>
      writeElement(writer, element),
    );
    const rows = this.#groups.reduce((sum, group) => sum + group.rows, 0);
    writer.int(3, thrift.i64, rows);
    writer.structs(4, this.#groups, (group) => this.#rowGroup(writer, group));
    writer.structs(5, pairs, ([key, value]) => {
      writer.text(1, key);
      writer.text(2, value);
    });
    writer.text(6, "lapwing");
    // Bounds are in the order of the type: signed integers, bytes of texts.
    writer.structs(7, this.#columns, () => writer.struct(1, () => undefined));
    return writer.finish();
  }

  #rowGroup(writer: ThriftWriter, { rows, chunks }: RowGroup): void {
    writer.structs(1, [...chunks.entries()], ([i, chunk]) => {
      writer.int(2, thrift.i64, chunk.offset);
      writer.struct(3, () => this.#columnMetadata(writer, this.#columns[i], chunk));
    });
    writer.int(
      2,
      thrift.i64,
      chunks.reduce((sum, { rawBytes }) => sum + rawBytes, 0),
    );
    writer.int(3, thrift.i64, rows);
  }

  #columnMetadata(writer: ThriftWriter, column: ColumnSchema | undefined, chunk: Chunk): void {
    writer.int(1, thrift.i32, types[column?.type ?? "blob"].stored);
    writer.ints(2, chunk.encodings);
    const name = column?.name ?? "";
    writer.texts(3, column?.isList === true ? [name, ...listPath] : [name]);
    writer.int(4, thrift.i32, codec.zstd);
    writer.int(5, thrift.i64, chunk.slots);
    writer.int(6, thrift.i64, chunk.rawBytes);
    writer.int(7, thrift.i64, chunk.bytes);
    writer.int(9, thrift.i64, chunk.dataOffset);
    if (chunk.hasDictionary) writer.int(11, thrift.i64, chunk.offset);
    writer.struct(12, () => {
      writer.int(3, thrift.i64, chunk.nulls);
      if (chunk.max !== undefined) writer.binary(5, chunk.max);
      if (chunk.min !== undefined) writer.binary(6, chunk.min);
    });
  }
}

/** Names of a list's inner groups, by the format's LogicalTypes.md. */
const listPath = ["list", "element"] as const;

type SchemaElement = {
  readonly name: string;
  readonly children?: number;
  readonly repetition?: number;
  readonly stored?: number;
  readonly meaning?: number | undefined;
};

/** A list is three elements deep. */
function elementsOf({ name, type, isOptional, isList }: ColumnSchema): SchemaElement[] {
  const { stored, meaning } = types[type];
  if (isList !== true)
    return [{ name, repetition: isOptional ? optionalField : requiredField, stored, meaning }];
  const [list, element] = listPath;
  return [
    { name, repetition: optionalField, children: 1, meaning: listOf },
    { name: list, repetition: repeatedField, children: 1 },
    { name: element, repetition: optionalField, stored, meaning },
  ];
}

function writeElement(writer: ThriftWriter, element: SchemaElement): void {
  const { name, children, repetition, stored, meaning } = element;
  if (stored !== undefined) writer.int(1, thrift.i32, stored);
  if (repetition !== undefined) writer.int(3, thrift.i32, repetition);
  writer.text(4, name);
  if (children !== undefined) writer.int(5, thrift.i32, children);
  if (meaning !== undefined) writer.int(6, thrift.i32, meaning);
}
