import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { type Exemplar, type SeriesExemplars, uniqueExemplars } from "#shared/model/exemplars.ts";
import { quoted } from "../../duckdb/duckdb.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import { parquetListByName, type Span } from "./metrics_reader.ts";
import type { ExemplarsWritten } from "../../read/exemplars_written.ts";
import type { Selector } from "../series/selector.ts";
import {
  fillLists,
  fillNulls,
  fillTexts,
  readFloatLists,
  readFloats,
  readTexts,
  readUint32Lists,
} from "../../duckdb/vectors.ts";

/** The columns that a block has besides when it holds exemplars; drawn in docs/formats/parquet.md. */
export const exemplarColumns = "e_t UINTEGER[], e_v DOUBLE[], e_labels VARCHAR";
export const exemplarColumnNames = "e_t, e_v, e_labels";
export const exemplarTypes = ["UINTEGER[]", "DOUBLE[]", "VARCHAR"] as const;

/** A row is at most this long: what a reader must decode to get one exemplar. */
const rowExemplarsMax = 1_000;
/** Offsets are 32 bits wide. */
const rowSpanMsMax = 2 ** 32 - 1;

/** Where the row that begins with the exemplar at `begin` ends. */
export function exemplarRowEnd(exemplars: readonly Exemplar[], begin: number): number {
  const firstMs = exemplars[begin]?.timestampMs ?? 0;
  let end = begin + 1;
  while (end < exemplars.length && end - begin < rowExemplarsMax) {
    if ((exemplars[end]?.timestampMs ?? 0) - firstMs > rowSpanMsMax) break;
    end++;
  }
  return end;
}

/** Fills the columns of exemplars, the first of which is the chunk's `first`; a row of samples has none. */
export function fillExemplars(
  chunk: DuckDBDataChunk,
  first: number,
  rows: readonly (readonly Exemplar[] | undefined)[],
): void {
  const lengths = rows.map((row) => row?.length ?? 0);
  const all = rows.flatMap((row) => row ?? []);
  const offsets = rows.flatMap((row) =>
    (row ?? []).map(({ timestampMs }) => timestampMs - (row?.[0]?.timestampMs ?? 0)),
  );
  fillLists(chunk, first, lengths, Uint32Array.from(offsets));
  fillLists(
    chunk,
    first + 1,
    lengths,
    Float64Array.from(all, ({ value }) => value),
  );
  const texts = rows.map((row) =>
    row === undefined ? undefined : JSON.stringify(row.map(({ labels }) => wellFormed(labels))),
  );
  fillTexts(chunk, first + 2, texts);
  fillNulls(chunk, first + 2, texts);
}

function wellFormed(labels: Exemplar["labels"]): Exemplar["labels"] {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name.toWellFormed(), value.toWellFormed()]),
  );
}

const LabelSets = z.array(z.record(z.string(), z.string()));

/**
 * The exemplars of some files that match, file by file, in the order of the files; a span leaves out rows, not exemplars. Throws
 * OperatingError "overloaded" when it would decode more than `exemplarsMax`.
 */
export async function readExemplars(
  connection: DuckDBConnection,
  paths: readonly string[],
  selector: Selector,
  span: Span | undefined,
  exemplarsMax: number,
  known: KnownTexts,
): Promise<SeriesExemplars[][]> {
  const files = paths.map((): SeriesExemplars[] => []);
  const places = await filesWithExemplars(connection, paths);
  if (places.length === 0) return files;
  const within =
    span === undefined
      ? ""
      : `AND t_max >= ${bigint(span.startMs)} AND t_min <= ${bigint(span.endMs)}`;
  const result = await connection.stream(`
    SELECT file_index::DOUBLE, name, labels, t_min::DOUBLE, ${exemplarColumnNames}
    FROM ${parquetListByName(places.map((place) => paths[place] ?? ""))}
    WHERE e_labels IS NOT NULL AND (${selector.sql}) ${within}`);
  let count = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    const fileOf = readFloats(chunk, 0);
    for (const [row, one] of seriesOf(chunk, 1, known).entries()) {
      if (!selector.matches(one.labels)) continue;
      count += one.exemplars.length;
      if (count > exemplarsMax)
        throw new OperatingError("overloaded", `query reads more than ${exemplarsMax} exemplars`);
      files[places[fileOf[row] ?? 0] ?? 0]?.push(one);
    }
  }
  return files;
}

/** All exemplars of some files, series by series, each once, in the order of a block. Memory holds one series. */
export async function* exemplarsInOrder(
  connection: DuckDBConnection,
  paths: readonly string[],
  known: KnownTexts,
): AsyncGenerator<SeriesExemplars> {
  const places = await filesWithExemplars(connection, paths);
  if (places.length === 0) return;
  const result = await connection.stream(`
    SELECT name, labels, t_min::DOUBLE, ${exemplarColumnNames}
    FROM ${parquetListByName(places.map((place) => paths[place] ?? ""))}
    WHERE e_labels IS NOT NULL ORDER BY name, labels, t_min`);
  let current: SeriesExemplars | undefined;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (const one of seriesOf(chunk, 0, known)) {
      if (current?.key === one.key)
        current = { ...one, exemplars: [...current.exemplars, ...one.exemplars] };
      else {
        if (current !== undefined) yield unique(current);
        current = one;
      }
    }
  }
  if (current !== undefined) yield unique(current);
}

function unique(series: SeriesExemplars): SeriesExemplars {
  return { ...series, exemplars: uniqueExemplars(series.exemplars) };
}

/** What a file holds of exemplars, by reading all of them; undefined where there are none. */
export async function exemplarsOf(
  connection: DuckDBConnection,
  path: string,
): Promise<(ExemplarsWritten & { readonly uneven: number }) | undefined> {
  if ((await filesWithExemplars(connection, [path])).length === 0) return undefined;
  const reader = await connection.runAndReadAll(`
    SELECT sum(len(e_t))::DOUBLE, min(t_min)::DOUBLE, max(t_max)::DOUBLE,
      count(*) FILTER (len(e_t) <> len(e_v) OR len(e_t) <> json_array_length(e_labels))::DOUBLE
    FROM ${parquetListByName([path])} WHERE e_labels IS NOT NULL`);
  const [count = 0, minMs = 0, maxMs = 0, uneven = 0] = (reader.getRows()[0] ?? []).map(Number);
  return count === 0 ? undefined : { count, minMs, maxMs, uneven };
}

/** Places in `paths` of those that have the columns: files without exemplars lack them. */
async function filesWithExemplars(
  connection: DuckDBConnection,
  paths: readonly string[],
): Promise<number[]> {
  if (paths.length === 0) return [];
  const list = paths.map((path) => quoted(path)).join(", ");
  const reader = await connection.runAndReadAll(
    `SELECT DISTINCT file_name FROM parquet_schema([${list}]) WHERE name = 'e_labels'`,
  );
  const names = new Set(reader.getRows().map(([name]) => String(name)));
  return paths.flatMap((path, place) => (names.has(path) ? [place] : []));
}

/** A chunk's rows, whose columns from `first` on are name, labels, t_min and those of exemplars. */
function seriesOf(chunk: DuckDBDataChunk, first: number, known: KnownTexts): SeriesExemplars[] {
  const names = readTexts(chunk, first);
  const texts = readTexts(chunk, first + 1);
  const tMin = readFloats(chunk, first + 2);
  const times = readUint32Lists(chunk, first + 3);
  const values = readFloatLists(chunk, first + 4);
  const labelSets = readTexts(chunk, first + 5);
  return names.map((name, row) => {
    const sets = LabelSets.parse(JSON.parse(labelSets[row] ?? "[]"));
    const { key, labels } = known.get(name, texts[row] ?? "{}");
    const [timesAt, valuesAt] = [times.starts[row] ?? 0, values.starts[row] ?? 0];
    const exemplars = sets.map((set, i) => ({
      labels: set,
      value: values.values[valuesAt + i] ?? 0,
      timestampMs: (tMin[row] ?? 0) + (times.values[timesAt + i] ?? 0),
    }));
    return { key, labels, exemplars };
  });
}

/** BIGINT like the columns, so that row groups can be skipped. */
function bigint(ms: number): string {
  const bounded = Math.min(Math.max(Math.round(ms), -(2 ** 53)), 2 ** 53);
  return `${BigInt(bounded)}::BIGINT`;
}
