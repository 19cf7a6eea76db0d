// Hot: guarded by `bench search`.
import type { SpanNs } from "../../read/log_parts.ts";
import { storeError } from "../../read/storage_error.ts";
import { flatNumberedTexts, flatTimes } from "../parquet/flat_columns.ts";
import type { FlatColumn } from "../parquet/flat_pages.ts";
import type { RowGroup } from "../parquet/footer.ts";
import { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";

const nanosPerMs = 1_000_000n;
const decoder = new TextDecoder();

/** Texts of the streams of a file that have a record in the span (in any time, without one). */
export async function readStreams(path: string, span: SpanNs | undefined): Promise<Set<string>> {
  const texts = new Set<string>();
  await withFile(path, async (file) => {
    for (const group of file.footer.groups) {
      if (span !== undefined && !concerns(group, span)) continue;
      for (const text of await streamsWithin(file, group, span)) texts.add(text);
    }
  });
  return texts;
}

async function withFile<Result>(
  path: string,
  use: (file: ParquetFile) => Promise<Result>,
): Promise<Result> {
  try {
    const file = await ParquetFile.open(path);
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof UnsupportedParquet) throw storeError("read logs", error);
    throw error;
  }
}

/** Whether a record of the row group may lie in the span, by the bounds of its times. */
function concerns(group: RowGroup, { startNs, endNs }: SpanNs) {
  const { min, max } = group.columns.get("ts") ?? {};
  if (min?.length !== 8 || max?.length !== 8) return true;
  return wordOf(max) >= startNs && wordOf(min) < endNs;
}

function wordOf(bytes: Uint8Array): bigint {
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true);
}

async function columnOf(file: ParquetFile, group: RowGroup, name: string): Promise<FlatColumn> {
  const chunk = group.columns.get(name);
  if (chunk === undefined) throw new UnsupportedParquet(`no column ${name}`);
  const [bytes = new Uint8Array()] = await file.bytesOf([chunk]);
  return { chunk, bytes, rows: group.rows };
}

async function streamsWithin(
  file: ParquetFile,
  group: RowGroup,
  span: SpanNs | undefined,
): Promise<string[]> {
  const { entries, numbers } = flatNumberedTexts(await columnOf(file, group, "stream"));
  const texts = entries.map((entry) => decoder.decode(entry));
  if (span === undefined) return texts;
  const { ms, nanos } = flatTimes(await columnOf(file, group, "ts"));
  const seen = new Set<number>();
  for (let row = 0; row < group.rows; row++) {
    const number = numbers[row] ?? 0;
    if (seen.has(number)) continue;
    const ns = BigInt(ms[row] ?? 0) * nanosPerMs + BigInt(nanos[row] ?? 0);
    if (ns >= span.startNs && ns < span.endNs) seen.add(number);
  }
  return texts.filter((_, number) => seen.has(number));
}
