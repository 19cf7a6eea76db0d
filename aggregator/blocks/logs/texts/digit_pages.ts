import { textPages } from "../write/logs_texts.ts";
import type { ByteSink } from "../../parquet/byte_sink.ts";
import type { ColumnPages } from "../../parquet/parquet_writer.ts";
import { sparsePresence } from "../../parquet/presence.ts";
import { packDigits, writeDigits } from "./packed_digits.ts";
import type { SplitTexts } from "./split_texts.ts";

/** Rows whose digits stand together: a text's are found without those of many others, and what a part takes besides its digits is little. */
export const partRows = 2_048;

/** How many texts of a column each part of a row group of so many rows has. */
export type TextParts = { readonly rows: number; readonly texts: Uint32Array };

/** Memory that is used again. */
export type DigitSinks = { readonly page: ByteSink; readonly digits: ByteSink };

/** Digits of a sample tell whether zstd finds something in them: all would take it as long as the packing. */
const sampleBytes = 65_536;
/** Packed, a digit takes so many bytes. */
const packedShare = 5 / 12;

/** The digits of some texts, of each part in its first row. Good until the sinks change. */
export function digitPages(
  { digits, digitCounts }: SplitTexts,
  { rows, texts }: TextParts,
  sinks: DigitSinks,
  level: number,
): ColumnPages {
  const write = isRandom(digits, level) ? packDigits : writeDigits;
  const isPresent = new Uint8Array(texts.length);
  const lengths: number[] = [];
  sinks.digits.clear();
  // All at once: to grow by doubling copies what was written again and again.
  sinks.digits.ensure(digits.length + texts.length);
  let [text, from] = [0, 0];
  for (const [part, count] of texts.entries()) {
    let to = from;
    for (const end = text + count; text < end; text++) to += digitCounts[text] ?? 0;
    if (from === to) continue;
    const before = sinks.digits.length;
    write(sinks.digits, digits, from, to);
    isPresent[part] = 1;
    lengths.push(sinks.digits.length - before);
    from = to;
  }
  const values = { bytes: sinks.digits.written(), lengths: Uint32Array.from(lengths) };
  return textPages(values, sparsePresence(rows, partRows, isPresent), sinks.page, level);
}

function isRandom(digits: Uint8Array<ArrayBuffer>, level: number): boolean {
  const from = Math.max(0, (digits.length - sampleBytes) >>> 1);
  const sample = digits.subarray(from, from + sampleBytes);
  return Bun.zstdCompressSync(sample, { level }).length >= packedShare * sample.length;
}
