import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { finished } from "node:stream/promises";
import type { LogsBatch } from "#shared/model/logs.ts";
import { metadataPairs, type BlockNote } from "./block_metadata.ts";
import type { Written } from "./metrics_rows.ts";
import { LogsColumns, logsColumns } from "./logs_columns.ts";
import { searchIndexKey } from "./logs/search_index.ts";
import { SearchIndexWriter } from "./logs/search_index_writer.ts";
import { orderLogs } from "./logs_order.ts";
import { ParquetWriter } from "./parquet/parquet_writer.ts";

/** Large enough to compress well, small enough to be read as one piece. */
export const logsRowGroupRows = 65_536;
const zstdLevel = 3;

/** Writes records, sorted here by stream and time, as a Parquet file of logs. */
export async function writeLogsFile(
  folder: string,
  batches: readonly LogsBatch[],
  note?: BlockNote,
): Promise<Written & { path: string; rows: number; bytes: number }> {
  const order = orderLogs(batches);
  const path = join(folder, `${Bun.randomUUIDv7()}.parquet`);
  const stream = createWriteStream(path, { flags: "wx" });
  const done = finished(stream);
  try {
    const columns = new LogsColumns(batches, order);
    const writer = new ParquetWriter(logsColumns, zstdLevel, (bytes) => stream.write(bytes));
    const index = new SearchIndexWriter();
    for (let from = 0; from < order.total; from += logsRowGroupRows) {
      const to = Math.min(order.total, from + logsRowGroupRows);
      writer.rowGroup(to - from, columns.rowGroup(from, to, index));
      await setImmediate();
    }
    const { minMs, maxMs } = columns;
    const written = { items: order.total, rows: order.total, minMs, maxMs };
    const searched = index.finish();
    const place = `${writer.append(searched)} ${searched.length}`;
    const bytes = writer.finish([...metadataPairs(note, written), [searchIndexKey, place]]);
    stream.end();
    await done;
    return { ...written, path, bytes };
  } catch (error) {
    stream.destroy();
    await done.catch(() => undefined);
    await rm(path, { force: true });
    throw error;
  }
}
