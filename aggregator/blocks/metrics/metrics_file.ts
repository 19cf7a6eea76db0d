import { pacer } from "#shared/async/pacer.ts";
import type { ReadTrace } from "../../read/read_trace.ts";
import { OperatingError } from "#shared/errors.ts";
import { lowerBound } from "../../duckdb/columns.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import { fineLeaf } from "./beside_columns.ts";
import {
  FineColumn,
  type KnownTimes,
  rowStarts,
  Slabs,
  TimesColumn,
  ValuesColumn,
} from "./metrics_columns.ts";
import type { ColumnPages } from "../parquet/column_pages.ts";
import { decodeFloats, decodeIntegers } from "../parquet/decode_column.ts";
import type { RowGroup } from "../parquet/footer.ts";
import type { ReadSeries } from "./metrics_reader.ts";
import { readOwnFiles } from "./own_files.ts";
import type { PackedColumns } from "../parquet/packed_columns.ts";
import type { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import type { Selector } from "../series/selector.ts";
import { type DecodedSeries, Pieces } from "./series_pieces.ts";
import { SharedColumns } from "./shared_columns.ts";
import { labelColumns, RowFinder, type WantedRows } from "./wanted_rows.ts";

/** Inclusive, in Unix milliseconds. */
type Span = { readonly startMs: number; readonly endMs: number };

export type ReadBounds = {
  /** Leaves out samples outside of it. */
  readonly span: Span | undefined;
  /** Values are not wanted, but for rows with stale markers: see SelectRequest. */
  readonly presence?: boolean;
  /** Throws OperatingError "overloaded" when more would be decoded. */
  readonly samplesMax: number;
  readonly signal: AbortSignal | undefined;
  readonly trace?: ReadTrace | undefined;
};

/** Rows whose samples are put together between two looks at the clock. */
const rowsAtOnce = 128;
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
  const { signal } = bounds;
  return readOwnFiles({ paths, filesAtOnce, knownColumns, signal }, (file) => reading.file(file));
}

/** The columns of a block of numbers: see docs/formats/parquet.md. */
const metaColumns = ["t_min", "t_max", "n", "t_group", "stale", "v_divisor"] as const;
const timesColumn = "t.list.element";
const valuesColumn = "v.list.element";
const knownColumns = new Set<string>([
  ...labelColumns,
  "series",
  ...metaColumns,
  timesColumn,
  valuesColumn,
  fineLeaf,
  // What stands beside samples, and is read on its own.
  "start_ms",
  "e_t.list.element",
  "e_v.list.element",
  "e_labels",
]);

/** What the row groups of a file have in common. */
type FileState = {
  readonly found: Map<ReadSeries, Pieces>;
  readonly slabs: Slabs;
  readonly times: KnownTimes;
};
/** Columns of a row group, by row. */
type RowColumns = {
  readonly tMin: Float64Array;
  /** Where there is a span. */
  readonly tMax: Float64Array | undefined;
  /** Where only presence counts. */
  readonly stale: Float64Array | undefined;
  readonly divisors: Float64Array;
  /** Rows of the same number have the same times. */
  readonly groups: Float64Array;
  readonly starts: Uint32Array;
};

type SampleColumns = {
  readonly times: TimesColumn;
  readonly values: ValuesColumn | undefined;
  readonly fine: FineColumn | undefined;
};

/** The times of a row that lie in the span; the first has the index `begin` in the row. */
type Cut = { readonly begin: number; readonly timesMs: Float64Array };

class Reading {
  readonly #bounds: ReadBounds;
  readonly #finder: RowFinder;
  /** What is read of a row group at once. */
  readonly #columns: readonly string[];
  readonly #shared = new SharedColumns();
  readonly #cuts = new WeakMap<Float64Array, Cut>();
  /** A row of which a part is wanted. */
  #room = new Float64Array(0);
  #samples = 0;

  constructor(selector: Selector, bounds: ReadBounds, known: KnownTexts) {
    this.#bounds = bounds;
    this.#finder = new RowFinder(selector, known);
    // Where a name is given, few row groups may hold it, and those that may will nearly always do.
    const withValues = selector.name !== undefined && bounds.presence !== true;
    const first = [...labelColumns, ...metaColumns, timesColumn];
    this.#columns = withValues ? [...first, valuesColumn] : first;
  }

  async file(file: ParquetFile): Promise<readonly DecodedSeries[]> {
    const state: FileState = { found: new Map(), slabs: new Slabs(), times: new Map() };
    for (const group of file.footer.groups) await this.#group(file, group, state);
    return [...state.found.values()].map((pieces) => pieces.join(this.#shared));
  }

  async #group(file: ParquetFile, rowGroup: RowGroup, state: FileState): Promise<void> {
    throwIfAborted(this.#bounds.signal);
    if (!this.#finder.mayHold(rowGroup)) return;
    const packed = await file.packed(rowGroup, this.#columns);
    const wanted = await this.#finder.rows(rowGroup, packed);
    if (this.#bounds.trace !== undefined) this.#bounds.trace.rowGroups += 1;
    if (wanted.rows.length === 0) return;
    const columns = await rowColumns(packed, rowGroup.rows, this.#bounds);
    const within = this.#within(wanted, columns);
    if (within.rows.length === 0) return;
    const [times, values, fine] = await Promise.all([
      this.#times(packed, within, columns, state),
      this.#values(file, rowGroup, packed, within, columns),
      this.#fine(file, rowGroup),
    ]);
    const { starts } = columns;
    const groups = { numbers: columns.groups, known: state.times };
    const samples = {
      times: new TimesColumn(times, starts, this.#shared, groups),
      values: values && new ValuesColumn(values, starts, state.slabs),
      fine: fine && new FineColumn(fine, starts),
    };
    await this.#take(within, columns, samples, state.found);
  }

  /** Undefined where no sample is fine, as in nearly all files, or it is not looked at. */
  async #fine(file: ParquetFile, group: RowGroup): Promise<ColumnPages | undefined> {
    if (this.#bounds.presence === true || !group.columns.has(fineLeaf)) return undefined;
    return (await file.packed(group, [fineLeaf])).pages(fineLeaf);
  }

  /** Rows with samples in the span. */
  #within(wanted: WantedRows, { starts, tMin, tMax }: RowColumns): WantedRows {
    const { rows, series } = wanted;
    if (tMax === undefined && rows.every((row) => starts[row + 1] !== starts[row])) return wanted;
    const within = { rows: [] as number[], series: [] as ReadSeries[] };
    for (let i = 0; i < rows.length; i++) {
      const [row = 0, one] = [rows[i], series[i]];
      // A row without samples is one of exemplars.
      if (one === undefined || starts[row + 1] === starts[row]) continue;
      if (tMax !== undefined && !this.#isWithin(tMin[row] ?? 0, tMax[row] ?? 0)) continue;
      within.rows.push(row);
      within.series.push(one);
    }
    return within;
  }

  /** Undefined where the times of all rows were decoded in an earlier row group of the file. */
  #times(
    packed: PackedColumns,
    { rows }: WantedRows,
    { groups, starts }: RowColumns,
    { times }: FileState,
  ): Promise<ColumnPages> | undefined {
    const isKnown = (row: number) =>
      times.get(groups[row] ?? 0)?.offsets.length === (starts[row + 1] ?? 0) - (starts[row] ?? 0);
    return rows.every(isKnown) ? undefined : packed.pages(timesColumn);
  }

  /** Undefined where they are not looked at. */
  async #values(
    file: ParquetFile,
    group: RowGroup,
    packed: PackedColumns,
    { rows }: WantedRows,
    { stale }: RowColumns,
  ): Promise<ColumnPages | undefined> {
    if (stale !== undefined && rows.every((row) => stale[row] === 0)) return undefined;
    const isRead = this.#columns.includes(valuesColumn);
    const from = isRead ? packed : await file.packed(group, [valuesColumn]);
    return from.pages(valuesColumn);
  }

  async #take(
    { rows, series }: WantedRows,
    { tMin, stale, divisors, starts }: RowColumns,
    { times, values, fine }: SampleColumns,
    found: Map<ReadSeries, Pieces>,
  ): Promise<void> {
    const pause = pacer();
    const countOf = (row: number) => (starts[row + 1] ?? 0) - (starts[row] ?? 0);
    let expected = rows.reduce((sum, row) => sum + countOf(row), 0);
    for (const [i, row] of rows.entries()) {
      if (i % rowsAtOnce === 0) await pause();
      const one = series[i];
      if (one === undefined) continue;
      let pieces = found.get(one);
      if (pieces === undefined) found.set(one, (pieces = new Pieces(one.labels)));
      const count = countOf(row);
      const all = times.row(row, tMin[row] ?? 0);
      const { begin, timesMs } = this.#cut(all);
      this.#spend(timesMs.length);
      pieces.addTimes(timesMs);
      const marks = fine?.row(row);
      if (marks !== undefined) pieces.addFine(marks.subarray(begin, begin + timesMs.length));
      const divisor = divisors[row] ?? 0;
      const isLookedAt = values !== undefined && (stale === undefined || (stale[row] ?? 0) > 0);
      const constant = isLookedAt ? values.constantOf(row, divisor) : 0;
      if (constant !== undefined) pieces.addConstant(constant, timesMs.length, this.#shared);
      else if (values !== undefined && timesMs.length === count)
        pieces.addValues(values.row(row, divisor, expected), divisor === 0);
      else if (values !== undefined) {
        if (this.#room.length < count) this.#room = new Float64Array(count);
        values.decode(row, divisor, this.#room, 0);
        pieces.addValues(this.#room.slice(begin, begin + timesMs.length), divisor === 0);
      }
      expected -= count;
    }
  }

  /** The times in the span: of a large block a row is much longer than most spans. Of the same array the same one. */
  #cut(timesMs: Float64Array): Cut {
    const { span } = this.#bounds;
    const last = timesMs.at(-1) ?? 0;
    if (span === undefined || ((timesMs[0] ?? 0) >= span.startMs && last <= span.endMs))
      return { begin: 0, timesMs };
    let cut = this.#cuts.get(timesMs);
    if (cut === undefined) {
      const begin = lowerBound(timesMs, span.startMs);
      const end = last <= span.endMs ? timesMs.length : lowerBound(timesMs, span.endMs + 1);
      cut = { begin, timesMs: timesMs.slice(begin, end) };
      this.#cuts.set(timesMs, cut);
    }
    return cut;
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

async function rowColumns(
  packed: PackedColumns,
  rows: number,
  { span, presence }: ReadBounds,
): Promise<RowColumns> {
  const integers = async (name: (typeof metaColumns)[number]) => {
    const values = decodeIntegers(await packed.pages(name));
    if (values.length !== rows) throw new UnsupportedParquet(`rows without ${name}`);
    return values;
  };
  return {
    tMin: await integers("t_min"),
    tMax: span === undefined ? undefined : await integers("t_max"),
    stale: presence === true ? await integers("stale") : undefined,
    divisors: decodeFloats(await packed.pages("v_divisor")),
    groups: await integers("t_group"),
    starts: rowStarts(await integers("n"), rows),
  };
}
