import { ByteSink } from "./byte_sink.ts";
import { encodings } from "./column_pages.ts";
import { widthOf, writeRuns } from "./encode.ts";
import type { ColumnPages } from "./parquet_writer.ts";

/** Texts by number: `numbers` has an entry of `entries` a row. */
export function dictionaryPages(
  numbers: Uint32Array,
  entries: readonly Uint8Array[],
): ColumnPages & Required<Pick<ColumnPages, "dictionary">> {
  const dictionary = new ByteSink(64);
  for (const entry of entries) {
    dictionary.ensure(4);
    for (let shift = 0; shift < 32; shift += 8)
      dictionary.bytes[dictionary.length++] = (entry.length >>> shift) & 0xff;
    dictionary.block(entry);
  }
  const width = widthOf(entries.length);
  const sink = new ByteSink(64);
  sink.varint(width);
  writeRuns(sink, numbers, width);
  return {
    encoding: encodings.dictionary,
    values: sink.written(),
    dictionary: { values: dictionary.written(), count: entries.length },
  };
}
