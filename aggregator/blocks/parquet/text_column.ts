import { type ColumnPages, type Page, encodings } from "./column_pages.ts";
import { decodeIndexes, dictionaryOf, expectType, unknownEncoding } from "./decode_column.ts";
import { DeltaColumn } from "./delta_column.ts";
import { physical } from "./footer.ts";
import { UnsupportedParquet } from "./unsupported.ts";

/** Texts by row; made of bytes only when they are asked for, those of a dictionary once. */
export type TextColumn = {
  readonly count: number;
  /** Equal texts of a dictionary have equal numbers; else each row has its own. */
  readonly codes: Uint32Array | undefined;
  text(row: number): string;
};

/** Throws UnsupportedParquet. */
export function decodeTexts(column: ColumnPages): TextColumn {
  expectType(column, physical.byteArray);
  const [page] = column.pages;
  if (page === undefined || column.pages.length > 1)
    throw new UnsupportedParquet(`${column.chunk.path} in ${column.pages.length} pages`);
  switch (page.encoding) {
    case encodings.plain:
      return ofSlices(plainSlices(page));
    case encodings.deltaLengthByteArray:
      return ofSlices(countedSlices(page));
    case encodings.dictionary:
      return ofDictionary(ofSlices(plainSlices(dictionaryOf(column))), decodeIndexes(page));
    default:
      throw unknownEncoding(column, page);
  }
}

type Slices = {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
};

function ofSlices({ bytes, starts, ends }: Slices): TextColumn {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    count: starts.length,
    codes: undefined,
    text: (row) => buffer.toString("utf8", starts[row] ?? 0, ends[row] ?? 0),
  };
}

function ofDictionary(dictionary: TextColumn, codes: Uint32Array): TextColumn {
  const texts: (string | undefined)[] = [];
  return {
    count: codes.length,
    codes,
    text: (row) => {
      const code = codes[row] ?? 0;
      if (code >= dictionary.count) throw new UnsupportedParquet("an index without a text");
      return (texts[code] ??= dictionary.text(code));
    },
  };
}

/** Each text after its length in 32 bits. */
function plainSlices({ bytes, count }: Page): Slices {
  if (bytes.length < 4 * count) throw new UnsupportedParquet("texts are cut off");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw new UnsupportedParquet("texts are cut off");
    starts[i] = at + 4;
    at += 4 + view.getUint32(at, true);
    if (at > bytes.length) throw new UnsupportedParquet("texts are cut off");
    ends[i] = at;
  }
  return { bytes, starts, ends };
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths, then all texts, up to the end of the page. */
function countedSlices({ bytes, count }: Page): Slices {
  const lengths = new DeltaColumn(bytes).decodeAll();
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let at = bytes.length - lengths.reduce((sum, length) => sum + length, 0);
  if (lengths.length !== count || at < 0) throw new UnsupportedParquet("texts are cut off");
  for (let i = 0; i < count; i++) {
    starts[i] = at;
    at += lengths[i] ?? 0;
    ends[i] = at;
  }
  return { bytes, starts, ends };
}
