import type { DuckDBConnection } from "@duckdb/node-api";
import type { SeriesSamples } from "../../read/source.ts";
import { readHistograms, valueColumns } from "./histogram_columns.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import { joinPieces } from "./merge_series.ts";
import { quoted } from "../../duckdb/duckdb.ts";
import { parquetList, parquetListByName } from "./metrics_reader.ts";
import { BesideColumns, timeColumns } from "./beside_columns.ts";
import { decodeValues } from "./value_codec.ts";
import { readFloatLists, readFloats, readTexts, readUint32Lists } from "../../duckdb/vectors.ts";

/** Samples that DuckDB sorts at a time: it holds all of them, and what it held is slow to come back. */
const samplesPerPass = 500_000;

/**
 * All series of some files, each whole, in the order of a block; `condition` is SQL on the columns. Memory holds one series,
 * and DuckDB what it sorts: files are read in passes, from one metric's name to another, which row groups are sorted by.
 */
export async function* seriesInOrder(
  connection: DuckDBConnection,
  paths: readonly string[],
  known: KnownTexts,
  condition = "true",
): AsyncGenerator<SeriesSamples> {
  for (const { first, last } of await passesOf(connection, paths, condition)) {
    const names = `name >= ${quoted(first)} AND name <= ${quoted(last)}`;
    yield* seriesOfPass(connection, paths, `${names} AND (${condition})`, known);
  }
}

export type NameRange = { readonly first: string; readonly last: string };

/** Ranges of names whose samples can be sorted at a time; of files of samples or buckets. */
export async function passesOf(
  connection: DuckDBConnection,
  paths: readonly string[],
  condition: string,
): Promise<NameRange[]> {
  const result = await connection.runAndReadAll(`
    SELECT name, sum(n)::DOUBLE FROM ${parquetList(paths)}
    WHERE n > 0 AND ${condition} GROUP BY name ORDER BY name`);
  const passes: NameRange[] = [];
  let samples = Infinity;
  for (const [name, count] of result.getRows()) {
    if (typeof name !== "string") continue;
    const before = passes.at(-1);
    samples += Number(count);
    if (before !== undefined && samples <= samplesPerPass) {
      passes[passes.length - 1] = { ...before, last: name };
    } else {
      passes.push({ first: name, last: name });
      samples = Number(count);
    }
  }
  return passes;
}

async function* seriesOfPass(
  connection: DuckDBConnection,
  paths: readonly string[],
  condition: string,
  known: KnownTexts,
): AsyncGenerator<SeriesSamples> {
  const result = await connection.stream(`
    SELECT name, labels, t_min::DOUBLE, v_divisor, ${timeColumns(true)}, ${valueColumns}
    FROM ${parquetListByName(paths)}
    WHERE n > 0 AND ${condition} ORDER BY name, labels, file_index, t_min`);
  const beside = new BesideColumns(result.columnNames());
  let current = "";
  let pieces: SeriesSamples[] = [];
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const names = readTexts(chunk, 0);
    const texts = readTexts(chunk, 1);
    const tMin = readFloats(chunk, 2);
    const divisors = readFloats(chunk, 3);
    const times = readUint32Lists(chunk, beside.times);
    const startOf = beside.starts(chunk);
    const fineOf = beside.fine(chunk);
    const values = readFloatLists(chunk, beside.values);
    const histogramsOf = readHistograms(chunk, beside.histograms);
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
      const { labels } = known.get(names[row] ?? "", texts[row] ?? "{}");
      const histograms = histogramsOf(row);
      if (histograms === undefined)
        decodeValues(values.values, values.starts[row] ?? 0, count, divisors[row] ?? 0, decoded, 0);
      const startMs = startOf(row);
      const starts = startMs === 0 ? undefined : new Float64Array(count).fill(startMs);
      const fine = fineOf(row);
      pieces.push({ labels, timestampsMs, values: decoded, histograms, starts, fine });
    }
  }
  if (pieces.length > 0) yield joinPieces(pieces);
}
