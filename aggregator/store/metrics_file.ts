import { OperatingError } from "#shared/errors.ts";
import { throwIfAborted } from "./duckdb.ts";
import { storeError } from "./errors.ts";
import type { KnownLabels, KnownTexts } from "./labels_text.ts";
import { type KnownTimes, Slabs, TimesColumn, ValuesColumn } from "./metrics_columns.ts";
import { valuesMax } from "./parquet/column_pages.ts";
import { decodeFloats, decodeIntegers } from "./parquet/decode_column.ts";
import type { ColumnChunk, RowGroup } from "./parquet/footer.ts";
import { ParquetFile } from "./parquet/parquet_file.ts";
import { decodeTexts } from "./parquet/text_column.ts";
import { UnsupportedParquet } from "./parquet/unsupported.ts";
import type { Selector } from "./selector.ts";
import { type DecodedSeries, Pieces } from "./series_pieces.ts";
import { SharedColumns } from "./shared_columns.ts";

/** Inclusive, in Unix milliseconds. */
type Span = { readonly startMs: number; readonly endMs: number };

export type ReadBounds = {
  /** Leaves out chunks (not samples) outside of it. */
  readonly span: Span | undefined;
  /** Values are not wanted, but for rows with stale markers: see SelectRequest. */
  readonly presence?: boolean;
  /** Throws OperatingError "overloaded" when more would be decoded. */
  readonly samplesMax: number;
  readonly signal: AbortSignal | undefined;
};

/** Files under work at the same time: pages are unpacked in other threads, some 11 MB a file. */
const filesAtOnce = 3;

/**
 * The matching series of some blocks, file by file, read without DuckDB: pages are unpacked in the runtime's threads, and only rows that are wanted are
 * decoded. What a selector needs of a row group decides what is read of it: a name outside of its bounds, nothing; no label set
 * that matches, neither times nor values. A file of another form (histograms, columns we do not know) is undefined.
 */
export async function readSeriesOfFiles(
  paths: readonly string[],
  selector: Selector,
  bounds: ReadBounds,
  known: KnownTexts,
): Promise<(readonly DecodedSeries[] | undefined)[]> {
  const reading = new Reading(selector, bounds, known);
  const files: (readonly DecodedSeries[] | undefined)[] = paths.map(() => undefined);
  let next = 0;
  const work = async () => {
    for (let i = next++; i < paths.length; i = next++)
      files[i] = await reading.file(paths[i] ?? "");
  };
  await Promise.all(Array.from({ length: filesAtOnce }, work));
  return files;
}

/** The columns of a block of numbers: see docs/formats/parquet.md. */
const labelColumns = ["name", "labels"] as const;
const metaColumns = [
  "t_min",
  "t_max",
  "n",
  "t_group",
  "stale",
  "t.list.element",
  "v_divisor",
] as const;
const valuesColumn = "v.list.element";
const knownColumns = new Set<string>([
  ...labelColumns,
  "series",
  ...metaColumns,
  valuesColumn,
  // What stands beside samples, and is read on its own.
  "start_ms",
  "e_t.list.element",
  "e_v.list.element",
  "e_labels",
]);

/** A series as one read has met it. */
type ReadSeries = { readonly labels: KnownLabels; readonly isWanted: boolean };
/** Rows of a row group that are wanted, ascending, and their series. */
type WantedRows = { readonly rows: readonly number[]; readonly series: readonly ReadSeries[] };

/** What the row groups of a file have in common. */
type FileState = {
  readonly found: Map<ReadSeries, Pieces>;
  readonly slabs: Slabs;
  readonly times: KnownTimes;
};
/** Columns of a row group, by row. */
type RowColumns = {
  readonly tMin: Float64Array;
  readonly tMax: Float64Array;
  readonly stale: Float64Array;
  readonly divisors: Float64Array;
  readonly starts: Uint32Array;
  readonly times: TimesColumn;
};

class Reading {
  readonly #selector: Selector;
  readonly #bounds: ReadBounds;
  readonly #known: KnownTexts;
  readonly #shared = new SharedColumns();
  /** By name, then the text of the labels: texts repeat from block to block. */
  readonly #series = new Map<string, Map<string, ReadSeries>>();
  #samples = 0;

  constructor(selector: Selector, bounds: ReadBounds, known: KnownTexts) {
    this.#selector = selector;
    this.#bounds = bounds;
    this.#known = known;
  }

  async file(path: string): Promise<readonly DecodedSeries[] | undefined> {
    throwIfAborted(this.#bounds.signal);
    let file: ParquetFile | undefined;
    try {
      file = await ParquetFile.open(path);
      const state: FileState = { found: new Map(), slabs: new Slabs(), times: new Map() };
      for (const group of file.footer.groups) await this.#group(file, group, state);
      return [...state.found.values()].map((pieces) => pieces.join(this.#shared));
    } catch (cause) {
      if (cause instanceof UnsupportedParquet) return undefined;
      throw storeError(`read ${path}`, cause);
    } finally {
      await file?.close();
    }
  }

  async #group(file: ParquetFile, rowGroup: RowGroup, state: FileState): Promise<void> {
    throwIfAborted(this.#bounds.signal);
    for (const name of rowGroup.columns.keys())
      if (!knownColumns.has(name)) throw new UnsupportedParquet(`column ${name}`);
    if (isOutside(chunkOf(rowGroup, "name"), this.#selector.name)) return;
    const { rows, series } = await this.#wantedRows(file, rowGroup);
    if (rows.length === 0) return;
    const [tMin, tMax, n, group, stale, times, divisor] = await file.columns(
      metaColumns.map((name) => chunkOf(rowGroup, name)),
    );
    if (!tMin || !tMax || !n || !group || !stale || !times || !divisor) return;
    const starts = startsOf(decodeIntegers(n), rowGroup.rows);
    const groups = { numbers: decodeIntegers(group), known: state.times };
    const columns: RowColumns = {
      tMin: decodeIntegers(tMin),
      tMax: decodeIntegers(tMax),
      stale: decodeIntegers(stale),
      divisors: decodeFloats(divisor),
      starts,
      times: new TimesColumn(times, starts, this.#shared, groups),
    };
    const within = { rows: [] as number[], series: [] as ReadSeries[] };
    for (const [i, row] of rows.entries()) {
      const one = series[i];
      // A row without samples is one of exemplars.
      if (one === undefined || starts[row + 1] === starts[row]) continue;
      if (!this.#isWithin(columns.tMin[row] ?? 0, columns.tMax[row] ?? 0)) continue;
      within.rows.push(row);
      within.series.push(one);
    }
    const needsValues =
      this.#bounds.presence !== true || within.rows.some((row) => (columns.stale[row] ?? 0) > 0);
    if (within.rows.length === 0) return;
    let values: ValuesColumn | undefined;
    if (needsValues) {
      const [pages] = await file.columns([chunkOf(rowGroup, valuesColumn)]);
      if (pages !== undefined) values = new ValuesColumn(pages, starts, state.slabs);
    }
    this.#take(within, columns, values, state.found);
  }

  #take(
    { rows, series }: WantedRows,
    { tMin, stale, divisors, starts, times }: RowColumns,
    values: ValuesColumn | undefined,
    found: Map<ReadSeries, Pieces>,
  ): void {
    const countOf = (row: number) => (starts[row + 1] ?? 0) - (starts[row] ?? 0);
    let expected = rows.reduce((sum, row) => sum + countOf(row), 0);
    for (const [i, row] of rows.entries()) {
      const one = series[i];
      if (one === undefined) continue;
      let pieces = found.get(one);
      if (pieces === undefined) found.set(one, (pieces = new Pieces(one.labels)));
      const count = countOf(row);
      this.#spend(count);
      pieces.addTimes(times.row(row, tMin[row] ?? 0));
      const divisor = divisors[row] ?? 0;
      const isLookedAt =
        values !== undefined && (this.#bounds.presence !== true || (stale[row] ?? 0) > 0);
      const constant = isLookedAt ? values.constantOf(row, divisor) : 0;
      if (constant !== undefined) pieces.addConstant(constant, count, this.#shared);
      else if (values !== undefined)
        pieces.addValues(values.row(row, divisor, expected), divisor === 0);
      expected -= count;
    }
  }

  async #wantedRows(file: ParquetFile, group: RowGroup): Promise<WantedRows> {
    const pages = await file.columns(labelColumns.map((name) => chunkOf(group, name)));
    const [names, labels] = pages.map((column) => decodeTexts(column));
    const rows: number[] = [];
    const series: ReadSeries[] = [];
    if (names?.count !== group.rows || labels?.count !== group.rows)
      throw new UnsupportedParquet("rows without a name or labels");
    let name: string | undefined;
    let ofName: Map<string, ReadSeries> | undefined;
    let isNameWanted = false;
    for (let row = 0; row < group.rows; row++) {
      const rowName = names.text(row);
      if (rowName !== name) {
        name = rowName;
        isNameWanted = this.#selector.matchesName(name);
        ofName = this.#series.get(name);
        if (ofName === undefined) this.#series.set(name, (ofName = new Map()));
      }
      if (!isNameWanted) continue;
      const text = labels.text(row);
      let one = ofName?.get(text);
      if (one === undefined) {
        const known = this.#known.get(name, text);
        one = { labels: known, isWanted: this.#selector.matches(known.labels) };
        ofName?.set(text, one);
      }
      if (!one.isWanted) continue;
      rows.push(row);
      series.push(one);
    }
    return { rows, series };
  }

  #isWithin(firstMs: number, lastMs: number): boolean {
    const { span } = this.#bounds;
    return span === undefined || (lastMs >= span.startMs && firstMs <= span.endMs);
  }

  #spend(samples: number): void {
    this.#samples += samples;
    const { samplesMax } = this.#bounds;
    if (this.#samples > samplesMax)
      throw new OperatingError("overloaded", `query reads more than ${samplesMax} samples`);
  }
}

function chunkOf(group: RowGroup, name: string): ColumnChunk {
  const chunk = group.columns.get(name);
  if (chunk === undefined) throw new UnsupportedParquet(`no column ${name}`);
  return chunk;
}

/** Bounds are of bytes, as UTF-8 sorts them. */
function isOutside({ min, max }: ColumnChunk, name: string | undefined): boolean {
  if (name === undefined || min === undefined || max === undefined) return false;
  const bytes = Buffer.from(name);
  return Buffer.compare(bytes, min) < 0 || Buffer.compare(bytes, max) > 0;
}

/** Where each row's samples begin among those of the row group, and at last where they end. */
function startsOf(counts: Float64Array, rows: number): Uint32Array {
  if (counts.length !== rows) throw new UnsupportedParquet("rows without a count");
  const starts = new Uint32Array(rows + 1);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    starts[row] = at;
    at += counts[row] ?? 0;
    if (at > valuesMax) throw new UnsupportedParquet("more samples than a page holds");
  }
  starts[rows] = at;
  return starts;
}
