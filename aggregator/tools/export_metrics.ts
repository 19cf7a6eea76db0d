import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Matcher } from "#shared/model/labels.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import type { MissingBlocks } from "../read/missing_blocks.ts";
import { metricsView } from "../query/sql/views.ts";
import type { SeriesSamples } from "../read/source.ts";
import { runOf } from "../read/cut_metrics.ts";
import { createBlockView } from "../blocks/view/block_view.ts";
import { writeMetricsRows } from "../blocks/block_writer.ts";
import { lowerBound } from "../duckdb/columns.ts";
import { quoted } from "../duckdb/duckdb.ts";
import { storeError } from "../read/storage_error.ts";
import { SeriesTexts } from "../blocks/series/labels_text.ts";
import { parquetList } from "../blocks/metrics/metrics_reader.ts";
import { openMetricsEnd, openMetricsLines } from "./openmetrics_text.ts";
import { compileSelectors, type Selector } from "../blocks/series/selector.ts";
import { seriesInOrder } from "../blocks/metrics/series_in_order.ts";
import type { StorageTools } from "./storage_tools.ts";
import { Deleted } from "../blocks/deletion/tombstones.ts";

export type ExportRequest = {
  readonly tenant: string;
  /** Alternatives; none means everything. */
  readonly selectors: readonly (readonly Matcher[])[];
  /** Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  readonly format: "parquet" | "openmetrics";
  /** A file, or "-" for the standard output. */
  readonly output: string;
  /** Called with damaged blocks, which are left out. */
  readonly missing?: MissingBlocks;
};

export type ExportReport = { readonly series: number; readonly samples: number };

/**
 * Writes the samples of committed blocks that match: as Parquet a row a sample (timestamp, name, labels as JSON, value),
 * as OpenMetrics text that `promtool tsdb create-blocks-from openmetrics` reads (which has no stale markers and no
 * native histograms: they are left out; as Parquet these have no value). The file appears whole or not at all.
 */
export async function exportMetrics(
  tools: StorageTools,
  request: ExportRequest,
): Promise<ExportReport> {
  const selector = compileSelectors(request.selectors, "labels");
  const deleted = new Deleted(await tools.catalog.tombstones());
  const blocks = (await tools.catalog.blocks()).filter(
    ({ tenant, signal, minMs, maxMs, bucketMs }) =>
      bucketMs === undefined &&
      tenant === request.tenant &&
      signal === "metrics" &&
      maxMs >= request.startMs &&
      minMs <= request.endMs,
  );
  const paths: string[] = [];
  // One after another: a bucket's files together may be larger than the disk.
  for (const block of blocks) {
    await createBlockView(tools.read, [block], deleted).withFiles(
      [block],
      { missing: request.missing },
      async (files) => {
        if (files.length > 0) paths.push(await wantedRows(tools, files, selector, request));
      },
    );
  }
  const partial = request.output === "-" ? "-" : `${request.output}.partial`;
  try {
    const report = await write(tools, paths, selector, { ...request, output: partial });
    if (partial !== "-") await rename(partial, request.output);
    return report;
  } catch (cause) {
    if (partial !== "-") await rm(partial, { force: true });
    throw storeError(`export to ${request.output}`, cause);
  }
}

/** The rows of a block that may match, as a file of our own. */
async function wantedRows(
  { duckdb, staging }: StorageTools,
  paths: readonly string[],
  { sql }: Selector,
  { startMs, endMs }: ExportRequest,
): Promise<string> {
  const path = join(staging, `${Bun.randomUUIDv7()}.parquet`);
  const [start, end] = [BigInt(startMs), BigInt(endMs)];
  await duckdb.use("export", (connection) =>
    connection.run(`COPY (SELECT * FROM ${parquetList(paths)}
      WHERE (${sql}) AND t_max >= ${start}::BIGINT AND t_min <= ${end}::BIGINT)
      TO ${quoted(path)} (FORMAT parquet)`),
  );
  return path;
}

function write(
  tools: StorageTools,
  paths: readonly string[],
  selector: Selector,
  request: ExportRequest,
): Promise<ExportReport> {
  return request.format === "parquet"
    ? writeParquet(tools, paths, selector, request)
    : writeText(tools, paths, selector, request);
}

async function writeParquet(
  tools: StorageTools,
  paths: readonly string[],
  selector: Selector,
  request: ExportRequest,
): Promise<ExportReport> {
  const { duckdb, staging } = tools;
  const texts = new SeriesTexts();
  const counted = { series: 0, samples: 0 };
  const { path } = await writeMetricsRows(
    duckdb,
    staging,
    (writer) =>
      eachWanted(tools, paths, selector, request, (one) => {
        writer.add(texts.get(one.labels), runOf(one));
        counted.series += 1;
        counted.samples += one.values.length;
      }),
    "fast",
  );
  await duckdb.use("export", async (connection) => {
    await connection.run(metricsView([path]));
    await connection.run(`COPY (SELECT timestamp, name, to_json(labels)::VARCHAR AS labels, value
      FROM metrics ORDER BY name, labels, timestamp)
      TO ${quoted(request.output)} (FORMAT parquet, COMPRESSION zstd)`);
    await connection.run("DROP VIEW metrics");
  });
  return counted;
}

async function writeText(
  tools: StorageTools,
  paths: readonly string[],
  selector: Selector,
  request: ExportRequest,
): Promise<ExportReport> {
  const sink = (request.output === "-" ? Bun.stdout : Bun.file(request.output)).writer();
  const counted = { series: 0, samples: 0 };
  try {
    await eachWanted(tools, paths, selector, request, async (one) => {
      const words = wordsOf(one.values);
      const shown: number[] = [];
      for (let i = 0; i < one.values.length; i++)
        if (!isStale(words, i) && one.histograms?.[i] === undefined) shown.push(i);
      if (shown.length === 0) return;
      await sink.write(openMetricsLines(one, shown));
      await sink.flush();
      counted.series += 1;
      counted.samples += shown.length;
    });
    await sink.write(openMetricsEnd);
  } finally {
    await sink.end();
  }
  return counted;
}

/** Hands over what matches, series by series, in order. */
async function eachWanted(
  { duckdb, read }: StorageTools,
  paths: readonly string[],
  selector: Selector,
  request: ExportRequest,
  take: (series: SeriesSamples) => void | Promise<void>,
): Promise<void> {
  if (paths.length === 0) return;
  await duckdb.use("export", async (connection) => {
    for await (const series of seriesInOrder(connection, paths, read.texts)) {
      if (!selector.matches(series.labels)) continue;
      const begin = lowerBound(series.timestampsMs, request.startMs);
      const end = Math.max(begin, lowerBound(series.timestampsMs, request.endMs + 1));
      if (begin === end) continue;
      await take({
        ...series,
        timestampsMs: series.timestampsMs.subarray(begin, end),
        values: series.values.slice(begin, end),
        histograms: series.histograms?.slice(begin, end),
        starts: series.starts?.slice(begin, end),
        fine: series.fine?.slice(begin, end),
      });
    }
  });
}
