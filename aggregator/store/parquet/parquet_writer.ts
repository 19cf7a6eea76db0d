import { ByteSink } from "./byte_sink.ts";
import { encodings } from "./column_pages.ts";
import { writeRuns } from "./encode.ts";
import { physical } from "./footer.ts";
import { thrift, ThriftWriter } from "./thrift_writer.ts";

/** Numbers of Parquet's format: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const runsEncoding = 3;
export const pageType = { data: 0, dictionary: 2, dataV2: 3 } as const;
export const codec = { none: 0, zstd: 6 } as const;
const utf8 = 0;
const uint8 = 11;
const requiredField = 0;
const optionalField = 1;

export type ColumnSchema = {
  readonly name: string;
  readonly type: "int64" | "uint8" | "text" | "blob";
  readonly isOptional: boolean;
};

/** One column of one row group, encoded and not yet compressed. */
export type ColumnPages = {
  readonly encoding: number;
  readonly values: Uint8Array<ArrayBuffer>;
  /** Entries of a dictionary as PLAIN, where the encoding names them by number. */
  readonly dictionary?: { readonly values: Uint8Array<ArrayBuffer>; readonly count: number };
  /** Whether a row has a value; absent where all have. */
  readonly isPresent?: Uint8Array;
  /** zstd's, where it is another than the file's. */
  readonly level?: number;
  /** Lowest and highest value as PLAIN without a length, where they are worth telling. */
  readonly min?: Uint8Array;
  readonly max?: Uint8Array;
};

type Chunk = Pick<ColumnPages, "min" | "max"> & {
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
 * A Parquet file of flat columns, row group by row group: one data page a column and row group (version 1 where rows may lack a value, else 2), zstd.
 * `write` gets the bytes in order.
 */
export class ParquetWriter {
  readonly #columns: readonly ColumnSchema[];
  readonly #level: number;
  readonly #write: (bytes: Uint8Array) => void;
  readonly #groups: RowGroup[] = [];
  #offset = 0;

  constructor(columns: readonly ColumnSchema[], level: number, write: (bytes: Uint8Array) => void) {
    this.#columns = columns;
    this.#level = level;
    this.#write = write;
    this.#emit(magic);
  }

  /** Columns in the order of the schema. */
  rowGroup(rows: number, columns: readonly ColumnPages[]): void {
    this.#groups.push({ rows, chunks: columns.map((pages) => this.#chunk(rows, pages)) });
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

  #chunk(rows: number, pages: ColumnPages): Chunk {
    const offset = this.#offset;
    let rawBytes = 0;
    const used = [pages.encoding, runsEncoding];
    if (pages.dictionary !== undefined) {
      rawBytes += this.#dictionaryPage(pages.dictionary);
      used.push(encodings.plain);
    }
    const dataOffset = this.#offset;
    const nulls = pages.isPresent === undefined ? 0 : zerosOf(pages.isPresent);
    rawBytes +=
      pages.isPresent === undefined
        ? this.#dataPage(rows, pages)
        : this.#optionalPage(rows, pages, pages.isPresent);
    const { dictionary, min, max } = pages;
    const bounds = { ...(min && { min }), ...(max && { max }) };
    const bytes = this.#offset - offset;
    const hasDictionary = dictionary !== undefined;
    return {
      ...bounds,
      offset,
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
  #optionalPage(rows: number, pages: ColumnPages, isPresent: Uint8Array): number {
    const levels = new ByteSink(64);
    writeRuns(levels, isPresent, 1);
    const raw = new ByteSink(4 + levels.length + pages.values.length);
    for (let shift = 0; shift < 32; shift += 8)
      raw.bytes[raw.length++] = (levels.length >>> shift) & 0xff;
    raw.block(levels.written());
    raw.block(pages.values);
    const body = Bun.zstdCompressSync(raw.written(), { level: pages.level ?? this.#level });
    const header = new ThriftWriter();
    header.int(1, thrift.i32, pageType.data);
    header.int(2, thrift.i32, raw.length);
    header.int(3, thrift.i32, body.length);
    header.struct(5, () => {
      header.int(1, thrift.i32, rows);
      header.int(2, thrift.i32, pages.encoding);
      header.int(3, thrift.i32, runsEncoding);
      header.int(4, thrift.i32, runsEncoding);
    });
    const head = header.finish();
    this.#emit(head);
    this.#emit(body);
    return head.length + raw.length;
  }

  #dataPage(rows: number, pages: ColumnPages): number {
    const packed = Bun.zstdCompressSync(pages.values, { level: pages.level ?? this.#level });
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
    writer.structs(2, [undefined, ...this.#columns], (column) => {
      if (column === undefined) {
        writer.text(4, "lapwing");
        writer.int(5, thrift.i32, this.#columns.length);
      } else this.#schemaElement(writer, column);
    });
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

  #schemaElement(writer: ThriftWriter, { name, type, isOptional }: ColumnSchema): void {
    writer.int(1, thrift.i32, physicalOf(type));
    writer.int(3, thrift.i32, isOptional ? optionalField : requiredField);
    writer.text(4, name);
    if (type === "text") writer.int(6, thrift.i32, utf8);
    if (type === "uint8") writer.int(6, thrift.i32, uint8);
  }

  #rowGroup(writer: ThriftWriter, { rows, chunks }: RowGroup): void {
    writer.structs(1, [...chunks.entries()], ([i, chunk]) => {
      writer.int(2, thrift.i64, chunk.offset);
      writer.struct(3, () => this.#columnMetadata(writer, this.#columns[i], rows, chunk));
    });
    writer.int(
      2,
      thrift.i64,
      chunks.reduce((sum, { rawBytes }) => sum + rawBytes, 0),
    );
    writer.int(3, thrift.i64, rows);
  }

  #columnMetadata(
    writer: ThriftWriter,
    column: ColumnSchema | undefined,
    rows: number,
    chunk: Chunk,
  ): void {
    writer.int(1, thrift.i32, physicalOf(column?.type ?? "blob"));
    writer.ints(2, chunk.encodings);
    writer.texts(3, [column?.name ?? ""]);
    writer.int(4, thrift.i32, codec.zstd);
    writer.int(5, thrift.i64, rows);
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

/** By index: iterators of typed arrays cost twenty times as much. */
function zerosOf(flags: Uint8Array): number {
  let zeros = 0;
  for (let i = 0; i < flags.length; i++) zeros += 1 - (flags[i] ?? 0);
  return zeros;
}

function physicalOf(type: ColumnSchema["type"]): number {
  if (type === "int64") return physical.int64;
  return type === "uint8" ? physical.int32 : physical.byteArray;
}
