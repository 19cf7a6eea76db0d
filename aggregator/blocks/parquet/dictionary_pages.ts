import { ByteSink } from "./byte_sink.ts";
import { encodings } from "./column_pages.ts";
import { widthOf, writeRuns } from "./encode.ts";
import type { ColumnPages } from "./parquet_writer.ts";

/** Texts by number: `numbers` has an entry of `entries` a row. */
export function dictionaryPages(
  numbers: Uint32Array,
  entries: readonly Uint8Array[],
): ColumnPages & Required<Pick<ColumnPages, "dictionary">> {
  // A sink that grows would copy megabytes again and again, where there are thousands of streams.
  const dictionary = new ByteSink(entries.reduce((bytes, { length }) => bytes + 4 + length, 0));
  for (const entry of entries) {
    writeLength(dictionary, entry.length);
    dictionary.block(entry);
  }
  return numberedPages(numbers, widthOf(entries.length), dictionary, entries.length);
}

/** The same for entries that stand one after another, where there may be thousands of them. */
export function textDictionaryPages(
  numbers: Uint32Array,
  entries: { readonly bytes: Uint8Array; readonly lengths: Uint32Array },
): ColumnPages {
  const { bytes, lengths } = entries;
  const dictionary = new ByteSink(bytes.length + 4 * lengths.length);
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i] ?? 0;
    writeLength(dictionary, length);
    dictionary.copy(bytes, at, length);
    at += length;
  }
  const width = alignedWidth(widthOf(lengths.length));
  return numberedPages(numbers, width, dictionary, lengths.length);
}

/** Few bits do not go over the end of a byte: zstd finds nothing in those that do. Of more bits others are lost than that saves. */
function alignedWidth(width: number): number {
  if (width === 3) return 4;
  return width > 4 && width < 8 ? 8 : width;
}

function writeLength(dictionary: ByteSink, length: number): void {
  dictionary.ensure(4);
  for (let shift = 0; shift < 32; shift += 8)
    dictionary.bytes[dictionary.length++] = (length >>> shift) & 0xff;
}

function numberedPages(
  numbers: Uint32Array,
  width: number,
  dictionary: ByteSink,
  count: number,
): ColumnPages & Required<Pick<ColumnPages, "dictionary">> {
  const sink = new ByteSink(64);
  sink.varint(width);
  writeRuns(sink, numbers, width);
  return {
    encoding: encodings.dictionary,
    values: sink.written(),
    dictionary: { values: dictionary.written(), count },
  };
}
