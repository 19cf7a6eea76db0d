// Hot: guarded by `bench size`, `bench day`.
import type { ColumnChunk } from "./footer.ts";
import { ThriftReader, type ThriftStruct, numberField, structField } from "./thrift.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Encodings of values (parquet-format's Encodings.md). */
export const encodings = {
  plain: 0,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  dictionary: 8,
  byteStreamSplit: 9,
} as const;

/** Values of a page, unpacked, their levels left out: none of them is NULL. */
export type Page = {
  readonly encoding: number;
  /** How many values; of an empty list there is none. */
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Which slots, of lists without values and of values, are of empty lists; ascending. */
  readonly empty?: readonly number[];
};

/** A column of one row group. */
export type ColumnPages = {
  readonly chunk: ColumnChunk;
  readonly dictionary: Page | undefined;
  readonly pages: readonly Page[];
};

const pageTypes = { data: 0, dictionary: 2 } as const;
const codecs = { none: 0, zstd: 6 } as const;
/** A page of our files is at most 16 MB (2,048 rows of 1,000 doubles); this is where a lie in a header is stopped. */
const pageBytesMax = 64 * 2 ** 20;
/** Values of a page: more than any of ours has, few enough for memory. */
export const valuesMax = 2 ** 24;
/** Smaller pages are unpacked on the spot: another thread's turn would cost more. */
const onTheSpotBytesMax = 256 * 1_024;

/** Reads a chunk's pages out of its bytes. Throws UnsupportedParquet where a value is NULL, or a page is of another kind. */
export async function readColumnPages(chunk: ColumnChunk, bytes: Uint8Array): Promise<ColumnPages> {
  const pages: Page[] = [];
  let dictionary: Page | undefined;
  for (let at = 0; at < bytes.length;) {
    const reader = new ThriftReader(bytes, at);
    const header = reader.struct();
    const packedBytes = numberField(header, 3) ?? -1;
    const begin = reader.at;
    at = begin + packedBytes;
    if (packedBytes < 0 || at > bytes.length) throw new UnsupportedParquet("a page is cut off");
    const size = numberField(header, 2) ?? -1;
    const whole = await unpack(chunk.codec, bytes.subarray(begin, at), size);
    const type = numberField(header, 1);
    if (type === pageTypes.dictionary) dictionary = dictionaryPage(header, whole);
    else if (type === pageTypes.data) pages.push(dataPage(chunk, header, whole));
    else throw new UnsupportedParquet(`a page of type ${type}`);
  }
  return { chunk, dictionary, pages };
}

async function unpack(codec: number, packed: Uint8Array, size: number): Promise<Uint8Array> {
  if (size < 0 || size > pageBytesMax) throw new UnsupportedParquet(`a page of ${size} bytes`);
  if (codec === codecs.none) return packed;
  if (codec !== codecs.zstd) throw new UnsupportedParquet(`compression ${codec}`);
  let whole: Uint8Array;
  try {
    whole =
      size > onTheSpotBytesMax ? await Bun.zstdDecompress(packed) : Bun.zstdDecompressSync(packed);
  } catch (cause) {
    throw new UnsupportedParquet("a page that cannot be unpacked", { cause });
  }
  if (whole.length !== size)
    throw new UnsupportedParquet(`a page of ${whole.length} bytes instead of ${size}`);
  return whole;
}

function dictionaryPage(header: ThriftStruct, bytes: Uint8Array): Page {
  const inner = structField(header, 7);
  const encoding = inner === undefined ? undefined : numberField(inner, 2);
  // 2 is what format version 1 called plain values of a dictionary.
  if (inner === undefined || (encoding !== encodings.plain && encoding !== 2))
    throw new UnsupportedParquet(`a dictionary of encoding ${encoding}`);
  const count = numberField(inner, 1) ?? 0;
  if (count < 0 || count > valuesMax) throw new UnsupportedParquet(`a dictionary of ${count}`);
  return { encoding: encodings.plain, count, bytes };
}

/** Levels come first, those of repetition before those of definition, each with its length. */
function dataPage(chunk: ColumnChunk, header: ThriftStruct, bytes: Uint8Array): Page {
  const inner = structField(header, 5);
  const encoding = inner === undefined ? undefined : numberField(inner, 2);
  if (inner === undefined || encoding === undefined)
    throw new UnsupportedParquet("a page without encoding");
  const slots = numberField(inner, 1) ?? 0;
  if (slots < 0 || slots > valuesMax) throw new UnsupportedParquet(`a page of ${slots} values`);
  let at = 0;
  let empty = none;
  if (chunk.repetitionMax > 0) at = 4 + lengthAt(bytes, 0);
  if (chunk.definitionMax > 0) {
    const end = at + 4 + lengthAt(bytes, at);
    empty = emptyLists(bytes.subarray(at + 4, end), chunk.definitionMax, slots);
    if (empty.length > 0 && chunk.repetitionMax === 0) throw new UnsupportedParquet("a NULL");
    at = end;
  }
  return { encoding, count: slots - empty.length, bytes: bytes.subarray(at), empty };
}

const none: readonly number[] = [];

function lengthAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new UnsupportedParquet("levels are cut off");
  const length = new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  if (at + 4 + length > bytes.length) throw new UnsupportedParquet("levels are cut off");
  return length;
}

/**
 * The slots of empty lists, which have no value: their level is 1. Runs of equal levels, or packed ones: all others must be the
 * highest, which is all bits set for 1 and for 3.
 */
function emptyLists(bytes: Uint8Array, max: number, slots: number): readonly number[] {
  const width = 32 - Math.clz32(max);
  if (max !== 2 ** width - 1 || width > 8) throw new UnsupportedParquet(`levels up to ${max}`);
  const reader = new ThriftReader(bytes);
  const empty: number[] = [];
  let seen = 0;
  while (seen < slots) {
    const head = reader.varint();
    const isPacked = head % 2 === 1;
    const count = isPacked ? ((head - 1) / 2) * 8 : head / 2;
    const length = isPacked ? (count / 8) * width : 1;
    const levels = Math.min(count, slots - seen);
    if (count === 0) throw new UnsupportedParquet("a run of no levels");
    if (isPacked) {
      if (!allBitsSet(bytes, reader.at, levels * width))
        addPacked(empty, { bytes, at: reader.at, max }, seen, levels);
    } else if (bytes[reader.at] !== max) {
      if (bytes[reader.at] !== emptyLevel) refuseNull();
      for (let i = 0; i < levels; i++) empty.push(seen + i);
    }
    reader.at += length;
    seen += levels;
  }
  return empty;
}

/** The list is there, and holds nothing. */
const emptyLevel = 1;

type PackedLevels = { readonly bytes: Uint8Array; readonly at: number; readonly max: number };

function addPacked(
  empty: number[],
  { bytes, at, max }: PackedLevels,
  seen: number,
  levels: number,
): void {
  const width = 32 - Math.clz32(max);
  for (let i = 0; i < levels; i++) {
    const bit = i * width;
    const word = (bytes[at + (bit >> 3)] ?? 0) | ((bytes[at + (bit >> 3) + 1] ?? 0) << 8);
    const level = (word >> (bit & 7)) & max;
    if (level === emptyLevel && level !== max) empty.push(seen + i);
    else if (level !== max) refuseNull();
  }
}

function refuseNull(): never {
  throw new UnsupportedParquet("a NULL");
}

function allBitsSet(bytes: Uint8Array, at: number, bits: number): boolean {
  const whole = at + (bits >> 3);
  for (let i = at; i < whole; i++) if (bytes[i] !== 0xff) return false;
  const mask = (1 << (bits & 7)) - 1;
  return ((bytes[whole] ?? 0) & mask) === mask;
}
