import { UnsupportedParquet } from "./unsupported.ts";
import {
  ThriftReader,
  type ThriftStruct,
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
  /** By the path of the column, joined by dots. */
  readonly columns: ReadonlyMap<string, ColumnChunk>;
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
export const physical = { int32: 1, int64: 2, double: 5, byteArray: 6 } as const;

type Levels = { readonly definition: number; readonly repetition: number };

/** Throws UnsupportedParquet. */
export function parseFooter(bytes: Uint8Array): Footer {
  const file = new ThriftReader(bytes).struct();
  const levels = levelsOf(listField(file, 2).filter(isStruct));
  const groups = listField(file, 4)
    .filter(isStruct)
    .map((group) => {
      const chunks = listField(group, 1)
        .filter(isStruct)
        .map((column) => chunkOf(column, levels));
      const columns = new Map(chunks.map((chunk) => [chunk.path, chunk]));
      return { rows: numberField(group, 3) ?? 0, columns };
    });
  const pairs = listField(file, 5)
    .filter(isStruct)
    .map((pair) => [textOf(pair.get(1)), textOf(pair.get(2))] as const);
  return { groups, pairs: new Map(pairs) };
}

function chunkOf(column: ThriftStruct, levels: ReadonlyMap<string, Levels>): ColumnChunk {
  const meta = structField(column, 3);
  if (meta === undefined || column.has(1))
    throw new UnsupportedParquet("a column outside of the file");
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
