import type { DuckDBConnection } from "@duckdb/node-api";
import { OperatingError } from "#shared/errors.ts";
import type { Histogram, HistogramColumn } from "#shared/model/histogram.ts";
import { concatenate } from "../../duckdb/columns.ts";
import { quoted } from "../../duckdb/duckdb.ts";
import type { KnownLabels, KnownTexts } from "../series/labels_text.ts";
import {
  overlap,
  parquetListByName,
  SeriesNames,
  type ReadSeries,
  type Span,
} from "../metrics/metrics_reader.ts";
import type { Selector } from "../series/selector.ts";
import { seriesBytes } from "../metrics/series_pieces.ts";
import { passesOf } from "../metrics/series_in_order.ts";
import { SharedColumns } from "../metrics/shared_columns.ts";
import { readFloats, readTexts } from "../../duckdb/vectors.ts";
import type { BucketColumn } from "../../read/source.ts";
import { bucketColumns, type BucketSeries } from "./bucket_buffer.ts";
import { chunkRows, neededColumns, selectedColumns, type TierRow } from "./tier_rows.ts";

/** A series as one block of a tier has it; columns that were not asked for are absent. */
export type DecodedBuckets = {
  readonly key: string;
  readonly labels: KnownLabels["labels"];
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly columns: Readonly<Partial<Record<BucketColumn, Float64Array>>>;
  readonly histograms: HistogramColumn | undefined;
  /** Memory that this series alone takes. */
  readonly bytes: number;
};

/** The matching series of some files of a tier, file by file. Throws OperatingError "overloaded" above entriesMax. */
export async function readBuckets(
  connection: DuckDBConnection,
  paths: readonly string[],
  selector: Selector,
  span: Span | undefined,
  wanted: readonly BucketColumn[],
  entriesMax: number,
  known: KnownTexts,
): Promise<DecodedBuckets[][]> {
  const needed = neededColumns(wanted);
  const files = paths.map(() => new Map<ReadSeries, TierRow[]>());
  const names = new SeriesNames(selector, known);
  const shared = new SharedColumns();
  const result = await connection.stream(`
    SELECT file_index::DOUBLE, series, name, labels, ${selectedColumns(needed)}
    FROM ${parquetListByName(paths)}
    WHERE ${selector.sql} ${span === undefined ? "" : `AND ${overlap(span)}`}`);
  const columnNames = result.columnNames();
  let entries = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const fileOf = readFloats(chunk, 0);
    const rowOf = chunkRows(chunk, columnNames, 4, needed, shared);
    for (const [row, series] of names.of(chunk).entries()) {
      if (!series.isWanted) continue;
      const file = files[fileOf[row] ?? 0];
      const one = rowOf(row);
      entries += one.values.length;
      const rows = file?.get(series);
      if (rows === undefined) file?.set(series, [one]);
      else rows.push(one);
    }
    if (entries > entriesMax)
      throw new OperatingError("overloaded", `query reads more than ${entriesMax} samples`);
  }
  return files.map((series) =>
    [...series].map(([{ labels }, rows]) => joined(labels, rows, needed, shared)),
  );
}

/** All series of some files of a tier, in the order of a block, each whole but in one piece a file. */
export async function* bucketsInOrder(
  connection: DuckDBConnection,
  paths: readonly string[],
  known: KnownTexts,
): AsyncGenerator<BucketSeries[]> {
  for (const { first, last } of await passesOf(connection, paths, "true")) {
    const names = `name >= ${quoted(first)} AND name <= ${quoted(last)}`;
    yield* bucketsOfPass(connection, paths, names, known);
  }
}

async function* bucketsOfPass(
  connection: DuckDBConnection,
  paths: readonly string[],
  condition: string,
  known: KnownTexts,
): AsyncGenerator<BucketSeries[]> {
  const result = await connection.stream(`
    SELECT name, labels, file_index::DOUBLE, ${selectedColumns(bucketColumns)}
    FROM ${parquetListByName(paths)}
    WHERE ${condition} ORDER BY name, labels, file_index, t_min`);
  const columnNames = result.columnNames();
  let shared = new SharedColumns();
  let current: { name: string; text: string; file: number } | undefined;
  let pieces: BucketSeries[] = [];
  let rows: TierRow[] = [];
  const labelsOf = (one: { name: string; text: string }) => known.get(one.name, one.text);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const names = readTexts(chunk, 0);
    const texts = readTexts(chunk, 1);
    const fileOf = readFloats(chunk, 2);
    const rowOf = chunkRows(chunk, columnNames, 3, bucketColumns, shared);
    for (let row = 0; row < chunk.rowCount; row++) {
      const next = { name: names[row] ?? "", text: texts[row] ?? "{}", file: fileOf[row] ?? 0 };
      const isSameSeries = current?.name === next.name && current.text === next.text;
      if (current !== undefined && (!isSameSeries || current.file !== next.file)) {
        pieces.push(whole(labelsOf(current), rows, shared));
        rows = [];
        if (!isSameSeries) yield pieces.splice(0);
      }
      current = next;
      rows.push(rowOf(row));
    }
    // What is shared among one chunk's series is much; what all of a day's are would be too much.
    shared = new SharedColumns();
  }
  if (current === undefined) return;
  pieces.push(whole(labelsOf(current), rows, shared));
  yield pieces;
}

/** Rows of one series, which come in the order of time, as one. */
export function joined(
  { key, labels }: KnownLabels,
  rows: readonly TierRow[],
  needed: readonly BucketColumn[],
  shared: SharedColumns,
): DecodedBuckets {
  const columns: Partial<Record<BucketColumn, Float64Array>> = {};
  // A series whose last value is a constant has its other columns shared too, or nearly.
  let bytes = seriesBytes;
  const join = (parts: readonly Float64Array[]) => shared.join(parts);
  for (const name of needed) columns[name] = join(rows.map((row) => empty(row.columns[name])));
  const values = join(rows.map((row) => row.values));
  const counted: Float64Array[] = [];
  for (const column of [values, ...Object.values(columns)]) {
    if (counted.includes(column)) continue;
    counted.push(column);
    bytes += column.byteLength;
  }
  const timestampsMs = join(rows.map((row) => row.timestampsMs));
  return { key, labels, timestampsMs, values, columns, histograms: histogramsOf(rows), bytes };
}

function whole(
  { key, labels }: KnownLabels,
  rows: readonly TierRow[],
  shared: SharedColumns,
): BucketSeries {
  const { timestampsMs, values, columns, histograms } = joined(
    { key, labels },
    rows,
    bucketColumns,
    shared,
  );
  return {
    labels,
    key,
    timestampsMs,
    values,
    histograms,
    columns: {
      count: empty(columns.count),
      fine: empty(columns.fine),
      sum: empty(columns.sum),
      min: empty(columns.min),
      max: empty(columns.max),
      first: empty(columns.first),
      firstMs: empty(columns.firstMs),
      resets: empty(columns.resets),
    },
  };
}

const nothing = concatenate([]);

function empty(column: Float64Array | undefined): Float64Array {
  return column ?? nothing;
}

function histogramsOf(rows: readonly TierRow[]): HistogramColumn | undefined {
  if (rows.every(({ histograms }) => histograms === undefined)) return undefined;
  return rows.flatMap(({ values, histograms }): (Histogram | undefined)[] =>
    Array.from(values, (_, i) => histograms?.[i]),
  );
}
