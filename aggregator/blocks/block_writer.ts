import type { DuckDBConnection } from "@duckdb/node-api";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { RoundShares } from "#shared/async/turns.ts";
import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import { metadataSql, type BlockNote } from "./file/block_metadata.ts";
import type { CutPart } from "../read/cut_metrics.ts";
import { quoted, type Duckdb } from "../duckdb/duckdb.ts";
import type { Written } from "./file/written.ts";
import { MetricsWriter, metricsTable } from "./metrics/metrics_writer.ts";
import { type SeriesText, SeriesTexts } from "./series/labels_text.ts";
import { sortedSeries } from "./metrics/sort_series.ts";
import type { CollectedSeries } from "./series/collected_series.ts";
import type { SeriesName } from "./series/series_index.ts";
import type { LocalFile } from "./file/local_file.ts";
import { isNumbers, writeNumbersFile } from "./metrics/numbers_file.ts";

/** DuckDB writes whole vectors, so no row group is smaller than 2,048 rows. */
const rowGroupRows = 2_048;

export type Effort = "fast" | "small";
/**
 * zstd's levels, measured. Merged metrics are kept long and written seldom, so they get more time: 0.53 bytes a sample at level 9, 0.55 at
 * 1.
 */
const levels = { fast: 1, small: 9 } as const;

export type MetricsFileOptions = {
  /** Takes the series that have samples; the file lists them where it is absent, or where the cut holds more than numbers. */
  readonly collected?: CollectedSeries | undefined;
  readonly note?: BlockNote;
  readonly exemplars?: readonly SeriesExemplars[];
};

/** Series in any order of theirs; they are sorted here by name, then the text of their labels. Exemplars stay in their order. */
export async function writeMetricsFile(
  duckdb: Duckdb,
  folder: string,
  metrics: CutPart,
  { collected, note, exemplars = [] }: MetricsFileOptions = {},
): Promise<LocalFile> {
  const numbers =
    exemplars.length === 0 ? await writeNumbers(folder, metrics, collected, note) : undefined;
  if (numbers !== undefined) return numbers;
  return writeMetricsRows(
    duckdb,
    folder,
    async (writer) => {
      const shares = new RoundShares();
      for await (const part of sortedSeries(metrics))
        for (const { index, text } of part) {
          if (shares.isOver()) await shares.next();
          writer.add(text, metrics.read(index));
        }
      const texts = new SeriesTexts();
      for (const one of exemplars) {
        if (shares.isOver()) await shares.next();
        writer.addExemplars(texts.get(one.labels), one);
      }
    },
    "fast",
    () => note,
  );
}

/** Nearly every cut is of numbers alone, and needs no DuckDB. */
async function writeNumbers(
  folder: string,
  metrics: CutPart,
  collected: CollectedSeries | undefined,
  note: BlockNote | undefined,
): Promise<LocalFile | undefined> {
  const listed: SeriesName[] = [];
  const withFine = metrics.mayBeFine === true;
  const written = await writeNumbersFile(
    { folder, level: levels.fast, withFine },
    () => note,
    async (file) => {
      const shares = new RoundShares();
      for await (const part of sortedSeries(metrics))
        for (const { index, text } of part) {
          if (shares.isOver()) await shares.next();
          const run = metrics.read(index);
          if (!isNumbers(run, withFine)) return false;
          if (run.count === 0) continue;
          if (collected === undefined) listed.push(text);
          else collected.add(text);
          for (let at = file.add(text, run, 0); at < run.count; at = file.add(text, run, at))
            await file.rowGroup();
        }
      return true;
    },
  );
  return written && { ...written, series: collected ?? listed };
}

/** The same for series that come one after another, in order. The note is asked for once all are there. */
export async function writeMetricsRows(
  duckdb: Duckdb,
  folder: string,
  fill: (writer: MetricsWriter) => Promise<void>,
  effort: Effort,
  note: () => BlockNote | undefined = noNote,
): Promise<LocalFile> {
  const target = { folder, effort, note };
  let series: readonly SeriesText[] = [];
  const file = await writeFile(duckdb, target, metricsTable, async (connection, table) => {
    const appender = await connection.createAppender(table);
    try {
      const writer = new MetricsWriter(appender);
      await fill(writer);
      ({ series } = writer);
      return { ...writer.finish(), columns: writer.columns };
    } finally {
      appender.closeSync();
    }
  });
  return { ...file, series };
}

/** COPY of a query to a Parquet file as blocks have them; `metadata` as metadataSql() gives it. */
function copyStatement(from: string, path: string, effort: Effort, metadata: string): string {
  return `COPY ${from} TO ${quoted(path)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd,
    COMPRESSION_LEVEL ${levels[effort]}, ROW_GROUP_SIZE ${rowGroupRows},
    KV_METADATA ${metadata})`;
}

export type Target = {
  readonly folder: string;
  readonly effort: Effort;
  readonly note: () => BlockNote | undefined;
};

/** With the columns, as SQL, that the file is to have. */
export type Filled = Written & { readonly rows: number; readonly columns: string };

const noNote = () => undefined;

/** Fills a table of `columns` by `fill`, and copies of it what that says to a Parquet file. */
export async function writeFile(
  duckdb: Duckdb,
  { folder, effort, note }: Target,
  columns: string,
  fill: (connection: DuckDBConnection, table: string) => Promise<Filled>,
): Promise<LocalFile> {
  const id = Bun.randomUUIDv7();
  const path = join(folder, `${id}.parquet`);
  const table = `block_${id.replaceAll("-", "")}`;
  try {
    return await duckdb.use("write a block", async (connection) => {
      await connection.run(`CREATE TEMP TABLE ${table} (${columns})`);
      try {
        const { columns: kept, ...written } = await fill(connection, table);
        const metadata = metadataSql(note(), written);
        const from = `(SELECT ${kept} FROM ${table})`;
        await connection.run(copyStatement(from, path, effort, metadata));
        const { size } = await stat(path);
        return { ...written, path, bytes: size };
      } finally {
        await connection.run(`DROP TABLE ${table}`);
      }
    });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
