// Hot: guarded by `bench query`.
import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { OperatingError } from "#shared/errors.ts";
import { quoted } from "../../duckdb/duckdb.ts";
import { readHistograms, valueColumns } from "./histogram_columns.ts";
import type { KnownLabels, KnownTexts } from "../series/labels_text.ts";
import type { SeriesName } from "../series/series_index.ts";
import type { Selector } from "../series/selector.ts";
import { type DecodedSeries, Pieces } from "./series_pieces.ts";
import { SharedColumns } from "./shared_columns.ts";
import { BesideColumns, timeColumns } from "./beside_columns.ts";
import { constantOf, decodeValues, plainDivisor } from "./value_codec.ts";
import {
  readFloatLists,
  readFloats,
  readText,
  readTextLengths,
  readTexts,
  readUint32Lists,
  readWordPairs,
} from "../../duckdb/vectors.ts";

/** Inclusive, in Unix milliseconds. */
export type Span = { readonly startMs: number; readonly endMs: number };

export const parquetList = (paths: readonly string[]) =>
  `read_parquet([${paths.map((path) => quoted(path)).join(", ")}], hive_partitioning = false)`;

/** Columns are those of any file, found by name: blocks of numbers alone lack those of histograms. */
export const parquetListByName = (paths: readonly string[]) =>
  `read_parquet([${paths.map((path) => quoted(path)).join(", ")}], hive_partitioning = false,
    union_by_name = true)`;

/**
 * Reads the matching series of some files, file by file; a span leaves out chunks (not samples) outside of it. Throws
 * OperatingError "overloaded" when it would decode more than samplesMax.
 */
export async function readSeries(
  connection: DuckDBConnection,
  paths: readonly string[],
  selector: Selector,
  span: Span | undefined,
  samplesMax: number,
  known: KnownTexts,
  withStarts = false,
): Promise<DecodedSeries[][]> {
  const files = paths.map(() => new Map<ReadSeries, Pieces>());
  const names = new SeriesNames(selector, known);
  const shared = new SharedColumns();
  const result = await connection.stream(`
    SELECT file_index::DOUBLE, series, name, labels, t_min::DOUBLE, v_divisor, ${timeColumns(withStarts)},
    ${valueColumns}
    FROM ${parquetListByName(paths)} WHERE n > 0 AND (${selector.sql}) ${span === undefined ? "" : `AND ${overlap(span)}`}`);
  const beside = new BesideColumns(result.columnNames());
  let samples = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    samples += takeChunk(chunk, files, names, shared, beside);
    if (samples > samplesMax)
      throw new OperatingError("overloaded", `query reads more than ${samplesMax} samples`);
  }
  return files.map((series) => [...series.values()].map((pieces) => pieces.join(shared)));
}

/** By file, each series that the selector may select with a sample in the span (in any time, without one). */
export async function readSeriesNames(
  connection: DuckDBConnection,
  paths: readonly string[],
  selector: Selector,
  span: Span | undefined,
): Promise<SeriesName[][]> {
  const files: SeriesName[][] = paths.map(() => []);
  const result = await connection.stream(`
    SELECT DISTINCT file_index::DOUBLE, name, labels FROM ${parquetList(paths)}
    WHERE n > 0 AND (${selector.sql}) ${span === undefined ? "" : `AND ${sampleWithin(span)}`}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const names = readTexts(chunk, 1);
    const texts = readTexts(chunk, 2);
    for (const [row, file] of readFloats(chunk, 0).entries())
      files[file]?.push({ name: names[row] ?? "", text: texts[row] ?? "{}" });
  }
  return files;
}

function takeChunk(
  chunk: DuckDBDataChunk,
  files: readonly Map<ReadSeries, Pieces>[],
  names: SeriesNames,
  shared: SharedColumns,
  beside: BesideColumns,
): number {
  const fileOf = readFloats(chunk, 0);
  const series = names.of(chunk);
  const tMin = readFloats(chunk, 4);
  const divisors = readFloats(chunk, 5);
  const times = readUint32Lists(chunk, beside.times);
  const startOf = beside.starts(chunk);
  const fineOf = beside.fine(chunk);
  const values = readFloatLists(chunk, beside.values);
  const histogramsOf = readHistograms(chunk, beside.histograms);
  let samples = 0;
  for (const [row, one] of series.entries()) {
    if (!one.isWanted) continue;
    const file = files[fileOf[row] ?? 0];
    let pieces = file?.get(one);
    if (pieces === undefined) {
      pieces = new Pieces(one.labels);
      file?.set(one, pieces);
    }
    const count = times.lengths[row] ?? 0;
    const divisor = divisors[row] ?? 0;
    pieces.addTimes(shared.times(tMin[row] ?? 0, times.values, times.starts[row] ?? 0, count));
    samples += count;
    if (beside.hasStarts) pieces.addStart(startOf(row), count);
    const marks = fineOf(row);
    if (marks !== undefined) pieces.addFine(marks);
    const histograms = histogramsOf(row);
    if (histograms !== undefined) {
      pieces.addHistograms(histograms, shared);
      continue;
    }
    const start = values.starts[row] ?? 0;
    const constant = constantOf(values.values, start, count, divisor);
    if (constant !== undefined) {
      pieces.addConstant(constant, count, shared);
    } else {
      const decoded = new Float64Array(count);
      decodeValues(values.values, start, count, divisor, decoded, 0);
      pieces.addValues(decoded, divisor === plainDivisor);
    }
  }
  return samples;
}

/** A series as one read has met it. */
export type ReadSeries = { readonly labels: KnownLabels; readonly isWanted: boolean };
type Named = ReadSeries & {
  readonly high: number;
  readonly nameBytes: number;
  readonly labelsBytes: number;
};

/**
 * Which series a row is of. Texts are read once a series, not once a row: a row is known again by the hash of its texts
 * and their lengths. Lives as long as one read, so that labels of one tenant can't be taken for those of another.
 */
export class SeriesNames {
  readonly #selector: Selector;
  readonly #known: KnownTexts;
  /** By the hash's low word; of two that share it the later stands, and the other is read again. */
  readonly #byHash = new Map<number, Named>();

  constructor(selector: Selector, known: KnownTexts) {
    this.#selector = selector;
    this.#known = known;
  }

  /** A chunk's series, row by row; `series`, `name` and `labels` are its columns 1 to 3. */
  of(chunk: DuckDBDataChunk): ReadSeries[] {
    const nameBytes = readTextLengths(chunk, 2);
    const labelsBytes = readTextLengths(chunk, 3);
    const hashes = readWordPairs(chunk, 1);
    const series: ReadSeries[] = [];
    for (let row = 0; row < nameBytes.length; row++) {
      const low = hashes[2 * row] ?? 0;
      const high = hashes[2 * row + 1] ?? 0;
      const named = this.#byHash.get(low);
      if (
        named !== undefined &&
        named.high === high &&
        named.nameBytes === nameBytes[row] &&
        named.labelsBytes === labelsBytes[row]
      ) {
        series.push(named);
        continue;
      }
      const labels = this.#known.get(readText(chunk, 2, row), readText(chunk, 3, row));
      const fresh = {
        labels,
        isWanted: this.#selector.matches(labels.labels),
        high,
        nameBytes: nameBytes[row] ?? 0,
        labelsBytes: labelsBytes[row] ?? 0,
      };
      this.#byHash.set(low, fresh);
      series.push(fresh);
    }
    return series;
  }
}

/** BIGINT like the columns: a DOUBLE would cast them, and row groups could not be skipped. */
export function overlap({ startMs, endMs }: Span): string {
  return `t_max >= ${bigint(startMs)} AND t_min <= ${bigint(endMs)}`;
}

function sampleWithin(span: Span): string {
  const [start, end] = [bigint(span.startMs), bigint(span.endMs)];
  // Only a chunk that reaches over both ends may have a gap right there.
  return `${overlap(span)} AND (t_min >= ${start} OR t_max <= ${end}
    OR len(list_filter(t, lambda x: x + t_min BETWEEN ${start} AND ${end})) > 0)`;
}

function bigint(ms: number): string {
  const bounded = Math.min(Math.max(Math.round(ms), -(2 ** 53)), 2 ** 53);
  return `${BigInt(bounded)}::BIGINT`;
}
