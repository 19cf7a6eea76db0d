import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { pacer } from "#shared/async/pacer.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { metadataPairs, type BlockNote } from "../../file/block_metadata.ts";
import type { LocalFile } from "../../file/local_file.ts";
import { logsRowGroupRows, LogsColumns, logsColumns } from "./logs_columns.ts";
import { searchIndexKey } from "../search/search_index.ts";
import { SearchIndexWriter } from "../search/search_index_writer.ts";
import { type LogRows, orderedRows } from "./logs_order.ts";
import { LogSource } from "./logs_source.ts";
import { ParquetWriter } from "../../parquet/parquet_writer.ts";

const zstdLevel = 3;
/** Of a file whose variables are texts; docs/formats/parquet.md lists earlier versions. */
const formOfTexts = 3;

/** What row groups are made with: some megabytes, which serve the next file. */
type Tools = { readonly columns: LogsColumns; readonly index: SearchIndexWriter };
const idle: Tools[] = [];
/** A flush and a merge may write at the same time. */
const idleMax = 2;

/** Writes records, sorted here by stream and time, as a Parquet file of logs. */
export async function writeLogsFile(
  folder: string,
  batches: readonly LogsBatch[],
  note?: BlockNote,
): Promise<LocalFile> {
  const pause = pacer();
  const sources: LogSource[] = [];
  for (const batch of batches) {
    await pause();
    sources.push(new LogSource(batch));
  }
  return withLogsFile(folder, note, async (file) => {
    for await (const rows of orderedRows(sources, logsRowGroupRows)) {
      await file.rowGroup(rows);
      await setImmediate();
    }
  });
}

/** A Parquet file of logs in `folder`, written row group by row group by `fill`; there whole or not at all. */
export async function withLogsFile(
  folder: string,
  note: BlockNote | undefined,
  fill: (file: Pick<LogsFileWriter, "rowGroup">) => Promise<void>,
): Promise<LocalFile> {
  const path = join(folder, `${Bun.randomUUIDv7()}.parquet`);
  const handle = await open(path, "wx");
  try {
    const writer = new LogsFileWriter(handle);
    await fill(writer);
    return { ...(await writer.finish(note)), path };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** Holds no more than the row group at hand. */
class LogsFileWriter {
  readonly #handle: FileHandle;
  readonly #parquet: ParquetWriter;
  readonly #tools = idle.pop() ?? { columns: new LogsColumns(), index: new SearchIndexWriter() };
  readonly #pause = pacer();
  #pieces: Uint8Array[] = [];
  #rows = 0;

  constructor(handle: FileHandle) {
    this.#handle = handle;
    this.#tools.columns.begin();
    this.#parquet = new ParquetWriter(logsColumns, zstdLevel, (bytes) => this.#pieces.push(bytes));
  }

  /** At most logsRowGroupRows. */
  async rowGroup(rows: LogRows): Promise<void> {
    const { columns, index } = this.#tools;
    await this.#parquet.rowGroupInTurns(rows.rows, columns.rowGroup(rows, index), this.#pause);
    this.#rows += rows.rows;
    await this.#write();
  }

  async finish(note: BlockNote | undefined): Promise<Omit<LocalFile, "path">> {
    const rows = this.#rows;
    const { columns, index } = this.#tools;
    const { minMs, maxMs } = columns;
    const written = { items: rows, rows, minMs, maxMs };
    const searched = index.finish();
    columns.end();
    if (idle.length < idleMax) idle.push(this.#tools);
    const place = `${this.#parquet.append(searched)} ${searched.length}`;
    const pairs = metadataPairs(note, written, formOfTexts);
    pairs.push([searchIndexKey, place]);
    const bytes = this.#parquet.finish(pairs);
    await this.#write();
    return { ...written, bytes };
  }

  async #write(): Promise<void> {
    const pieces = this.#pieces;
    this.#pieces = [];
    const size = pieces.reduce((sum, { length }) => sum + length, 0);
    const { bytesWritten } = await this.#handle.writev(pieces);
    if (bytesWritten === size) return;
    // The disk took a part: the rest piece by piece.
    const rest = Buffer.concat(pieces).subarray(bytesWritten);
    for (let at = 0; at < rest.length;)
      at += (await this.#handle.write(rest, at, rest.length - at)).bytesWritten;
  }
}
