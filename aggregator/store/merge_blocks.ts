import type { DuckDBConnection } from "@duckdb/node-api";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SeriesSamples } from "../query/source.ts";
import { createBlockView } from "./block_view.ts";
import { copyStatement, writeMetricsRows, type LocalFile } from "./block_writer.ts";
import { throwIfAborted } from "./duckdb.ts";
import { SeriesTexts, type KnownTexts } from "./labels_text.ts";
import type { MaintenanceDeps } from "./deps.ts";
import { joinPieces } from "./merge_series.ts";
import { parquetList } from "./metrics_reader.ts";
import type { Block } from "./store.ts";
import { decodeValues } from "./value_codec.ts";
import { readFloatLists, readFloats, readTexts, readUint32Lists } from "./vectors.ts";

/** Writes the content of blocks of one tenant and signal into as few new ones as the limit allows, and uploads them. */
export async function mergeBlocks(
  deps: MaintenanceDeps,
  inputs: readonly Block[],
  signal: AbortSignal,
): Promise<Block[]> {
  const [first] = inputs;
  if (first === undefined) return [];
  const { writer, staging, tools } = deps;
  const files = await createBlockView(tools, inputs).files(inputs, signal);
  const local: LocalFile[] = [];
  try {
    await writer.use(
      "merge blocks",
      async (connection) => {
        if (first.signal === "logs")
          local.push(await mergeLogs(connection, files.paths, inputs, staging));
        else local.push(...(await mergeMetrics(deps, connection, files.paths, signal)));
      },
      signal,
    );
    const added: Block[] = [];
    // The age of what it holds, so that it stands where its inputs stood in the order of commit.
    const createdMs = Math.min(...inputs.map((block) => block.createdMs));
    for (const file of local)
      added.push(await deps.upload(first.tenant, first.signal, file, createdMs));
    return added;
  } finally {
    files.release();
    for (const { path } of local) await rm(path, { force: true });
  }
}

/** Records keep the order of their blocks and rows where stream and time are the same. */
async function mergeLogs(
  connection: DuckDBConnection,
  paths: readonly string[],
  inputs: readonly Block[],
  staging: string,
): Promise<LocalFile> {
  const path = join(staging, `${Bun.randomUUIDv7()}.parquet`);
  try {
    await connection.run(
      copyStatement(
        `(SELECT ts, stream, severity, body, body_raw, attributes FROM ${parquetList(paths)}
          ORDER BY stream, ts, file_index, file_row_number)`,
        path,
        "logs",
        "small",
      ),
    );
    const { size } = await stat(path);
    return {
      path,
      bytes: size,
      items: inputs.reduce((sum, { items }) => sum + items, 0),
      rows: inputs.reduce((sum, { rows }) => sum + rows, 0),
      minMs: Math.min(...inputs.map(({ minMs }) => minMs)),
      maxMs: Math.max(...inputs.map(({ maxMs }) => maxMs)),
    };
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

async function mergeMetrics(
  deps: MaintenanceDeps,
  connection: DuckDBConnection,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<LocalFile[]> {
  const itemsMax = deps.config.compaction.items_max;
  const series = seriesInOrder(connection, paths, deps.tools.texts);
  const texts = new SeriesTexts();
  const files: LocalFile[] = [];
  let next = await series.next();
  try {
    while (next.done !== true) {
      const file = await writeMetricsRows(
        deps.writer,
        deps.staging,
        async (writer) => {
          while (next.done !== true && writer.items < itemsMax) {
            throwIfAborted(signal);
            writer.add(texts.get(next.value.labels), next.value);
            next = await series.next();
          }
        },
        "small",
      );
      files.push(file);
    }
    return files;
  } catch (error) {
    for (const { path } of files) await rm(path, { force: true });
    throw error;
  }
}

/** All series of some files, each whole, in the order of a block. Memory holds one series; DuckDB sorts, on disk where it must. */
async function* seriesInOrder(
  connection: DuckDBConnection,
  paths: readonly string[],
  known: KnownTexts,
): AsyncGenerator<SeriesSamples> {
  const result = await connection.stream(`
    SELECT name, labels, t_min::DOUBLE, v_divisor, t, v FROM ${parquetList(paths)}
    ORDER BY name, labels, file_index, t_min`);
  let current = "";
  let pieces: SeriesSamples[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const names = readTexts(chunk, 0);
    const texts = readTexts(chunk, 1);
    const tMin = readFloats(chunk, 2);
    const divisors = readFloats(chunk, 3);
    const times = readUint32Lists(chunk, 4);
    const values = readFloatLists(chunk, 5);
    for (let row = 0; row < chunk.rowCount; row++) {
      const key = `${names[row]}\0${texts[row]}`;
      if (key !== current && pieces.length > 0) yield joinPieces(pieces.splice(0));
      current = key;
      const count = times.lengths[row] ?? 0;
      const start = times.starts[row] ?? 0;
      const timestampsMs = new Float64Array(count);
      for (let i = 0; i < count; i++)
        timestampsMs[i] = (tMin[row] ?? 0) + (times.values[start + i] ?? 0);
      const decoded = new Float64Array(count);
      decodeValues(values.values, values.starts[row] ?? 0, count, divisors[row] ?? 0, decoded, 0);
      const { labels } = known.get(names[row] ?? "", texts[row] ?? "{}");
      pieces.push({ labels, timestampsMs, values: decoded });
    }
  }
  if (pieces.length > 0) yield joinPieces(pieces);
}
