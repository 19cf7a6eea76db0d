import { rename, rm } from "node:fs/promises";
import type { Matcher } from "#shared/model/labels.ts";
import { compileLineFilters, textOf } from "../read/line_filters.ts";
import { compileMatchers } from "../read/matching.ts";
import { LineFunction } from "../query/sql/line_function.ts";
import { logsView } from "../query/sql/views.ts";
import type { LineFilter, LogSlice } from "../read/source.ts";
import { quoted } from "../duckdb/duckdb.ts";
import { storeError } from "../read/storage_error.ts";
import { labelsText } from "../blocks/series/labels_text.ts";
import { readableBlocks } from "../blocks/integrity/read_readable.ts";
import { readSlices } from "../blocks/logs/read_slices.ts";
import { mergeLogs } from "../blocks/compaction/merge_logs.ts";
import type { MissingBlocks } from "../read/missing_blocks.ts";
import type { StorageTools } from "./storage_tools.ts";
import type { Block } from "../read/store.ts";
import { Deleted } from "../blocks/deletion/tombstones.ts";

export type LogExportRequest = {
  readonly tenant: string;
  readonly matchers: readonly Matcher[];
  readonly lineFilters: readonly LineFilter[];
  /** Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  readonly format: "parquet" | "jsonl";
  /** A file, or "-" for the standard output. */
  readonly output: string;
  /** Called with damaged blocks, which are left out. */
  readonly missing?: MissingBlocks;
};

const never = new AbortController().signal;
const nsPerMs = 1_000_000n;

/**
 * Writes the records of committed blocks that match, a row or a line a record: timestamp (Unix nanoseconds), stream and attributes
 * (label sets), severity, body. Parquet is sorted by stream and time; JSON lines stand block by block, each sorted so. Holds one row group
 * at a time. The file appears whole or not at all. Gives the number of records. Throws OperatingError.
 */
export async function exportLogs(tools: StorageTools, request: LogExportRequest): Promise<number> {
  const deleted = new Deleted(await tools.catalog.tombstones());
  const blocks = (await tools.catalog.blocks())
    .filter(
      ({ tenant, signal, minMs, maxMs }) =>
        tenant === request.tenant &&
        signal === "logs" &&
        maxMs >= request.startMs &&
        minMs <= request.endMs,
    )
    .toSorted((a, b) => a.minMs - b.minMs);
  const output = request.output === "-" ? "-" : `${request.output}.partial`;
  const write = request.format === "parquet" ? writeParquet : writeLines;
  try {
    const records = await write(tools, blocks, deleted, { ...request, output });
    if (output !== "-") await rename(output, request.output);
    return records;
  } catch (cause) {
    if (output !== "-") await rm(output, { force: true });
    throw storeError(`export to ${request.output}`, cause);
  }
}

async function writeParquet(
  tools: StorageTools,
  blocks: readonly Block[],
  deleted: Deleted,
  request: LogExportRequest,
): Promise<number> {
  const paths: string[] = [];
  let records = 0;
  for (const block of blocks)
    await withWanted(tools, block, deleted, request, async (slices) => {
      const file = await mergeLogs(tools.staging, [slices], undefined, never);
      records += file.rows;
      paths.push(file.path);
    });
  // A view of no files has no columns, one of an empty file has.
  if (paths.length === 0) paths.push((await mergeLogs(tools.staging, [], undefined, never)).path);
  await tools.duckdb.use("export", async (connection) => {
    const name = `lapwing_line_${Bun.randomUUIDv7().replaceAll("-", "")}`;
    const lines = new LineFunction(connection, name, paths);
    try {
      await connection.run(logsView(paths, name));
      await connection.run(`COPY (SELECT epoch_ns(timestamp) AS timestamp, to_json(stream)::VARCHAR AS stream,
          severity, body, to_json(attributes)::VARCHAR AS attributes
        FROM logs ORDER BY stream, timestamp)
        TO ${quoted(request.output)} (FORMAT parquet, COMPRESSION zstd)`);
      await connection.run("DROP VIEW logs");
    } finally {
      lines.close();
    }
  });
  for (const path of paths) await rm(path, { force: true });
  return records;
}

async function writeLines(
  tools: StorageTools,
  blocks: readonly Block[],
  deleted: Deleted,
  request: LogExportRequest,
): Promise<number> {
  const sink = (request.output === "-" ? Bun.stdout : Bun.file(request.output)).writer();
  let records = 0;
  try {
    for (const block of blocks)
      await withWanted(tools, block, deleted, request, async (slices) => {
        for await (const slice of slices) {
          for (let i = 0; i < slice.rows.length; i++) await sink.write(lineOf(slice, i));
          records += slice.rows.length;
          await sink.flush();
        }
      });
  } finally {
    await sink.end();
  }
  return records;
}

function lineOf({ batch, rows }: LogSlice, i: number): string {
  const row = rows[i] ?? 0;
  const start = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
  const attributes = batch.attributes?.[row];
  const ns = BigInt(batch.timestampsMs[row] ?? 0) * nsPerMs + BigInt(batch.nanos[row] ?? 0);
  const stream = labelsText(batch.streams[batch.streamOf[row] ?? 0] ?? {});
  const body = JSON.stringify(textOf(batch.bodies, start, batch.bodyEnds[row] ?? 0));
  const more = attributes === undefined ? "" : `,"attributes":${labelsText(attributes)}`;
  const severity = batch.severities[row] ?? 0;
  return `{"timestamp":"${ns}","stream":${stream},"severity":${severity},"body":${body}${more}}\n`;
}

async function withWanted(
  tools: StorageTools,
  block: Block,
  deleted: Deleted,
  request: LogExportRequest,
  take: (slices: AsyncIterable<LogSlice>) => Promise<void>,
): Promise<void> {
  const { guard } = tools.read;
  if ((await guard.verify([block])).length > 0) {
    readableBlocks(guard, [block], request.missing);
    return;
  }
  const file = await guard.acquire(block);
  try {
    await take(wanted(readSlices(file.path, deleted.logMasks(block)), request));
  } finally {
    file.release();
  }
}

async function* wanted(
  slices: AsyncIterable<LogSlice>,
  { matchers, lineFilters, startMs, endMs }: LogExportRequest,
): AsyncGenerator<LogSlice> {
  const matches = compileMatchers(matchers);
  const filters = compileLineFilters(lineFilters);
  for await (const { batch, rows } of slices) {
    const isWanted = batch.streams.map((labels) => matches(labels));
    const passes = filters(batch);
    const { streamOf, timestampsMs, bodyEnds } = batch;
    const left = rows.filter((row) => {
      const timeMs = timestampsMs[row] ?? 0;
      if (isWanted[streamOf[row] ?? 0] !== true || timeMs < startMs || timeMs > endMs) return false;
      return passes(row, row === 0 ? 0 : (bodyEnds[row - 1] ?? 0), bodyEnds[row] ?? 0);
    });
    if (left.length > 0) yield { batch, rows: left };
  }
}
