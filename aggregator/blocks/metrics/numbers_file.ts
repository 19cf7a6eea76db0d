import { type FileHandle, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { metadataPairs, type BlockNote } from "../file/block_metadata.ts";
import type { LocalFile } from "../file/local_file.ts";
import type { SampleRun } from "../../read/cut_metrics.ts";
import { storeError } from "../../read/storage_error.ts";
import type { SeriesText } from "../series/labels_text.ts";
import { fineNumberSchema, NumberRows, numberSchema } from "./number_rows.ts";
import { ParquetWriter } from "../parquet/parquet_writer.ts";

export type NumbersTarget = {
  readonly folder: string;
  /** zstd's. */
  readonly level: number;
  /** Whether a sample may be fine. */
  readonly withFine: boolean;
};

/** A file that is being written. */
export type NumbersFile = {
  /** Adds samples from `from` on as far as there is room; gives the index that they are added up to. */
  add(series: SeriesText, run: SampleRun, from: number): number;
  /** Makes room. */
  rowGroup(): Promise<void>;
};

/**
 * A Parquet file of plain numbers, row group by row group, without DuckDB: no more than one row group is held. `fill` brings series sorted by
 * name, then labels, samples ascending, and false where it meets what is no number: then, or where there is nothing, there is no file. Throws
 * OperatingError, made by storeError().
 */
export async function writeNumbersFile(
  { folder, level, withFine }: NumbersTarget,
  note: () => BlockNote | undefined,
  fill: (file: NumbersFile) => Promise<boolean>,
): Promise<LocalFile | undefined> {
  const path = join(folder, `${Bun.randomUUIDv7()}.parquet`);
  const rows = spare.pop() ?? new NumberRows();
  let handle: FileHandle | undefined;
  let written: Omit<LocalFile, "path"> | undefined;
  try {
    handle = await open(path, "wx");
    rows.begin(withFine);
    const file = new NumbersFileWriter(handle, rows, { level, withFine });
    if (await fill(file)) written = await file.finish(note());
    return written === undefined ? undefined : { ...written, path };
  } catch (cause) {
    throw storeError("write a block", cause);
  } finally {
    await handle?.close();
    if (written === undefined) await rm(path, { force: true });
    rows.begin();
    if (spare.length < spareMax) spare.push(rows);
  }
}

/** Some 12 MiB each once they have been full. */
const spare: NumberRows[] = [];
const spareMax = 1;

class NumbersFileWriter implements NumbersFile {
  readonly #handle: FileHandle;
  readonly #level: number;
  readonly #group: NumberRows;
  readonly #parquet: ParquetWriter;
  #pieces: Uint8Array[] = [];
  #items = 0;
  #rows = 0;
  #minMs = Infinity;
  #maxMs = -Infinity;

  constructor(
    handle: FileHandle,
    group: NumberRows,
    { level, withFine }: Omit<NumbersTarget, "folder">,
  ) {
    this.#handle = handle;
    this.#level = level;
    this.#group = group;
    const emit = (bytes: Uint8Array) => this.#pieces.push(bytes);
    const schema = withFine ? fineNumberSchema : numberSchema;
    this.#parquet = new ParquetWriter(schema, level, emit, 1);
  }

  add(series: SeriesText, run: SampleRun, from: number): number {
    return this.#group.add(series, run, from);
  }

  async finish(note: BlockNote | undefined): Promise<Omit<LocalFile, "path"> | undefined> {
    await this.rowGroup();
    if (this.#rows === 0) return undefined;
    const [items, rows] = [this.#items, this.#rows];
    const written = { items, rows, minMs: this.#minMs, maxMs: this.#maxMs };
    const bytes = this.#parquet.finish(metadataPairs(note, written));
    await this.#write();
    return { ...written, bytes };
  }

  async rowGroup(): Promise<void> {
    const group = this.#group;
    if (group.rows === 0) return;
    this.#parquet.rowGroup(group.rows, await group.pages(this.#level));
    const { minMs, maxMs } = group.bounds;
    this.#minMs = Math.min(this.#minMs, minMs);
    this.#maxMs = Math.max(this.#maxMs, maxMs);
    this.#items += group.samples;
    this.#rows += group.rows;
    group.clear();
    await this.#write();
  }

  async #write(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces);
    this.#pieces = [];
    for (let at = 0; at < bytes.length;)
      at += (await this.#handle.write(bytes, at, bytes.length - at)).bytesWritten;
  }
}

/** Whether a run is what such a file holds. */
export function isNumbers({ histograms, starts, fine }: SampleRun, withFine: boolean): boolean {
  return histograms === undefined && starts === undefined && (withFine || fine === undefined);
}
