import { UnsupportedParquet } from "./unsupported.ts";
import {
  ThriftReader,
  type ThriftStruct,
  type ThriftValue,
  bytesField,
  listField,
  numberField,
  structField,
} from "./thrift.ts";

/** What a file's footer says, as far as reading blocks needs it (parquet-format's parquet.thrift, FileMetaData). */
export type Footer = {
  readonly groups: readonly RowGroup[];
  /** Key-value metadata. */
  readonly pairs: ReadonlyMap<string, string>;
};

export type RowGroup = {
  readonly rows: number;
  readonly columns: ColumnChunks;
};

export type ColumnChunk = {
  readonly path: string;
  readonly type: number;
  readonly codec: number;
  /** Place of its pages in the file, the dictionary's first. */
  readonly offset: number;
  readonly bytes: number;
  /** Highest levels of definition and repetition. */
  readonly definitionMax: number;
  readonly repetitionMax: number;
  /** Bounds of its values as bytes, where known. */
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
};

/** Physical types. */
export const physical = { boolean: 0, int32: 1, int64: 2, double: 5, byteArray: 6 } as const;

type Levels = { readonly definition: number; readonly repetition: number };
/** The columns of all row groups, by the paths of their leaves, in order. */
type Schema = {
  readonly levels: ReadonlyMap<string, Levels>;
  readonly indexes: ReadonlyMap<string, number>;
};

/**
 * The columns of a row group, by path (parts joined by dots). What the footer says of one is read when it is asked for: of a month of
 * blocks a query looks at a few columns of one row group in fifteen, and reading of all took longer than the columns.
 */
export class ColumnChunks {
  readonly #footer: Uint8Array;
  readonly #schema: Schema;
  /** Where each begins in the footer. */
  readonly #places: readonly number[];
  readonly #known = new Map<string, ColumnChunk>();

  constructor(footer: Uint8Array, schema: Schema, places: readonly number[]) {
    this.#footer = footer;
    this.#schema = schema;
    this.#places = places;
  }

  get size(): number {
    return this.#places.length;
  }

  paths(): Iterable<string> {
    return this.#schema.indexes.keys();
  }

  has(path: string): boolean {
    return this.#schema.indexes.has(path);
  }

  /** Throws UnsupportedParquet. */
  get(path: string): ColumnChunk | undefined {
    const index = this.#schema.indexes.get(path);
    const place = index === undefined ? undefined : this.#places[index];
    if (place === undefined) return undefined;
    let chunk = this.#known.get(path);
    if (chunk !== undefined) return chunk;
    chunk = chunkAt(new ThriftReader(this.#footer, place), this.#schema.levels);
    if (chunk.path !== path) throw new UnsupportedParquet(`${chunk.path} in place of ${path}`);
    this.#known.set(path, chunk);
    return chunk;
  }
}

/** Up to the first row group that `isPast`, and without the pairs then. Throws UnsupportedParquet. */
export function parseFooter(bytes: Uint8Array, isPast?: (group: RowGroup) => boolean): Footer {
  const reader = new ThriftReader(bytes);
  const groups: RowGroup[] = [];
  let schema: Schema | undefined;
  let pairs: (readonly [string, string])[] = [];
  reader.fields((id, type) => {
    if (id === 2) schema = schemaOf(structsOf(reader.value(type)));
    else if (id === 4)
      return reader.structs(() => {
        const group = rowGroup(reader, bytes, schema);
        if (isPast?.(group) === true) return false;
        groups.push(group);
        return true;
      });
    else if (id === 5)
      pairs = structsOf(reader.value(type)).map(
        (pair) => [textOf(pair.get(1)), textOf(pair.get(2))] as const,
      );
    else reader.skip(type);
    return true;
  });
  return { groups, pairs: new Map(pairs) };
}

function rowGroup(reader: ThriftReader, bytes: Uint8Array, schema: Schema | undefined): RowGroup {
  if (schema === undefined) throw new UnsupportedParquet("row groups before the schema");
  const places: number[] = [];
  let rows = 0;
  reader.fields((id, type) => {
    if (id === 1)
      reader.structs(() => {
        places.push(reader.at);
        reader.skip();
        return true;
      });
    else if (id === 3) rows = numberOf(reader.value(type));
    else reader.skip(type);
    return true;
  });
  if (places.length !== schema.indexes.size)
    throw new UnsupportedParquet(`${places.length} columns instead of ${schema.indexes.size}`);
  return { rows, columns: new ColumnChunks(bytes, schema, places) };
}

function schemaOf(elements: readonly ThriftStruct[]): Schema {
  const levels = levelsOf(elements);
  return { levels, indexes: new Map([...levels.keys()].map((path, i) => [path, i])) };
}

function structsOf(value: unknown): ThriftStruct[] {
  return Array.isArray(value) ? value.filter(isStruct) : [];
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** A struct ColumnChunk, of which little is looked at. */
function chunkAt(reader: ThriftReader, levels: ReadonlyMap<string, Levels>): ColumnChunk {
  let chunk: ColumnChunk | undefined;
  reader.fields((id, type) => {
    if (id === 1) throw new UnsupportedParquet("a column outside of the file");
    if (id === 3) chunk = chunkOfMeta(reader, levels);
    else reader.skip(type);
    return true;
  });
  if (chunk === undefined) throw new UnsupportedParquet("a column without a place");
  return chunk;
}

const metaFields: ReadonlySet<number> = new Set([1, 3, 4, 7, 9, 11, 12]);

function chunkOfMeta(reader: ThriftReader, levels: ReadonlyMap<string, Levels>): ColumnChunk {
  const meta = new Map<number, ThriftValue>();
  reader.fields((id, type) => {
    if (metaFields.has(id)) meta.set(id, reader.value(type));
    else reader.skip(type);
    return true;
  });
  const path = listField(meta, 3)
    .map((part) => textOf(part))
    .join(".");
  const level = levels.get(path);
  const data = numberField(meta, 9);
  const [type, codec, bytes] = [1, 4, 7].map((id) => numberField(meta, id));
  if (level === undefined || data === undefined || type === undefined)
    throw new UnsupportedParquet(`column ${path} lacks its place or type`);
  const dictionary = numberField(meta, 11) ?? data;
  const statistics = structField(meta, 12);
  return {
    path,
    type,
    codec: codec ?? 0,
    offset: dictionary > 0 ? Math.min(dictionary, data) : data,
    bytes: bytes ?? 0,
    definitionMax: level.definition,
    repetitionMax: level.repetition,
    min: statistics === undefined ? undefined : bytesField(statistics, 6),
    max: statistics === undefined ? undefined : bytesField(statistics, 5),
  };
}

/** The schema is a tree, written depth first: an element says how many children follow. */
function levelsOf(elements: readonly ThriftStruct[]): Map<string, Levels> {
  const leaves = new Map<string, Levels>();
  let next = 1;
  const visit = (path: string, above: Levels) => {
    const element = elements[next++];
    if (element === undefined) throw new UnsupportedParquet("the schema is cut off");
    const repetition = numberField(element, 3) ?? 0;
    const here = {
      definition: above.definition + (repetition === 0 ? 0 : 1),
      repetition: above.repetition + (repetition === 2 ? 1 : 0),
    };
    const whole = `${path}${path === "" ? "" : "."}${textOf(element.get(4))}`;
    const children = numberField(element, 5) ?? 0;
    if (children === 0) leaves.set(whole, here);
    for (let i = 0; i < children; i++) visit(whole, here);
  };
  const root = elements[0];
  const columns = root === undefined ? 0 : (numberField(root, 5) ?? 0);
  for (let i = 0; i < columns; i++) visit("", { definition: 0, repetition: 0 });
  return leaves;
}

function isStruct(value: unknown): value is ThriftStruct {
  return value instanceof Map;
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : "";
}
