import { OperatingError } from "#shared/errors.ts";
import type { BucketColumn } from "../../read/source.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import type { KnownTexts } from "../series/labels_text.ts";
import { rowStarts, Slabs } from "../metrics/metrics_columns.ts";
import type { ReadSeries } from "../metrics/metrics_reader.ts";
import { readOwnFiles } from "../metrics/own_files.ts";
import { decodeIntegers } from "../parquet/decode_column.ts";
import type { RowGroup } from "../parquet/footer.ts";
import type { PackedColumns } from "../parquet/packed_columns.ts";
import type { ParquetFile } from "../parquet/parquet_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import type { Selector } from "../series/selector.ts";
import { SharedColumns } from "../metrics/shared_columns.ts";
import { labelColumns, RowFinder, type WantedRows } from "../metrics/wanted_rows.ts";
import {
  CodedColumn,
  codedColumns,
  isListed,
  listColumns,
  OffsetsColumn,
  type Run,
  timesColumn,
} from "./tier_columns.ts";
import { type DecodedBuckets, joined } from "./tier_reader.ts";
import { neededColumns, type TierRow } from "./tier_rows.ts";

export type TierBounds = {
  /** Leaves out rows (not buckets) outside of it; Unix milliseconds, inclusive. */
  readonly span: { readonly startMs: number; readonly endMs: number } | undefined;
  /** Throws OperatingError "overloaded" when more would be decoded. */
  readonly entriesMax: number;
  readonly signal: AbortSignal | undefined;
};

/** As files of a day are small. */
const filesAtOnce = 4;

/**
 * The matching series of some files of a tier, file by file, read without DuckDB: as readSeriesOfFiles(), and of the columns only those
 * that are asked for. A file of another form (with histograms, say) is undefined.
 */
export async function readBucketsOfFiles(
  paths: readonly string[],
  selector: Selector,
  bounds: TierBounds,
  wanted: readonly BucketColumn[],
  known: KnownTexts,
): Promise<(readonly DecodedBuckets[] | undefined)[]> {
  const reading = new Reading(selector, bounds, neededColumns(wanted), known);
  const { signal } = bounds;
  // Files of tiers have no exemplars, which would stand behind all names once more.
  const isPast = (group: RowGroup) => reading.isPast(group);
  return readOwnFiles({ paths, filesAtOnce, knownColumns, isPast, signal }, (file) =>
    reading.file(file),
  );
}

const knownColumns = new Set<string>([
  ...labelColumns,
  "series",
  "t_min",
  "t_max",
  "n",
  timesColumn,
  ...Object.values(listColumns),
  ...(["last", "sum", "first", "min", "max", "resets"] as const).flatMap(codedColumns),
]);

type Memory = { readonly slabs: Slabs; readonly shared: SharedColumns };
type Found = Map<ReadSeries, TierRow[]>;
/** The columns of a row group that are needed. */
type Columns = {
  readonly starts: Uint32Array;
  readonly tMin: Float64Array;
  readonly tMax: Float64Array;
  readonly times: OffsetsColumn;
  readonly last: CodedColumn;
  readonly lists: ReadonlyMap<BucketColumn, OffsetsColumn>;
  readonly coded: ReadonlyMap<BucketColumn, CodedColumn>;
};

class Reading {
  readonly #bounds: TierBounds;
  readonly #needed: readonly BucketColumn[];
  readonly #finder: RowFinder;
  readonly #columns: readonly string[];
  readonly #shared = new SharedColumns();
  #entries = 0;

  constructor(
    selector: Selector,
    bounds: TierBounds,
    needed: readonly BucketColumn[],
    known: KnownTexts,
  ) {
    this.#bounds = bounds;
    this.#needed = needed;
    this.#finder = new RowFinder(selector, known);
    this.#columns = [
      ...labelColumns,
      "t_min",
      "t_max",
      "n",
      timesColumn,
      ...needed.flatMap(columnsOf),
      ...codedColumns("last"),
    ];
  }

  isPast(group: RowGroup): boolean {
    return this.#finder.isPast(group);
  }

  async file(file: ParquetFile): Promise<readonly DecodedBuckets[]> {
    const found: Found = new Map();
    const memory = { slabs: new Slabs(), shared: this.#shared };
    for (const group of file.footer.groups) await this.#group(file, group, memory, found);
    return [...found].map(([{ labels }, rows]) => joined(labels, rows, this.#needed, this.#shared));
  }

  async #group(file: ParquetFile, group: RowGroup, memory: Memory, found: Found): Promise<void> {
    throwIfAborted(this.#bounds.signal);
    if (!this.#finder.mayHold(group)) return;
    // Nearly all files hold no fine samples, and lack the column.
    const isThere = (path: string) => path !== listColumns.fine || group.columns.has(path);
    const packed = await file.packed(group, this.#columns.filter(isThere));
    const wanted = await this.#finder.rows(group, packed);
    if (wanted.rows.length === 0) return;
    const needed = this.#needed.filter((name) => name !== "fine" || isThere(listColumns.fine));
    const columns = await this.#unpack(
      packed,
      group.rows,
      { range: rangeOf(wanted), needed },
      memory,
    );
    const runs = this.#runs(wanted, columns);
    let expected = runs.reduce((sum, { run }) => sum + entriesOf(run, columns), 0);
    this.#spend(expected);
    for (const { run, series } of runs) {
      const row = this.#row(run, columns, expected * (columns.coded.size + 1));
      expected -= row.values.length;
      const rows = found.get(series);
      if (rows === undefined) found.set(series, [row]);
      else rows.push(row);
    }
  }

  /** All of them are decoded, or made ready to be, for rows within `range`. */
  async #unpack(
    packed: PackedColumns,
    rows: number,
    { range, needed }: { readonly range: Run; readonly needed: readonly BucketColumn[] },
    memory: Memory,
  ): Promise<Columns> {
    const integers = async (path: string) => {
      const values = decodeIntegers(await packed.pages(path));
      if (values.length !== rows) throw new UnsupportedParquet(`rows without ${path}`);
      return values;
    };
    const starts = rowStarts(await integers("n"), rows);
    const times = async (path: string) =>
      new OffsetsColumn(await packed.pages(path), starts, range, memory.shared);
    const lists = new Map<BucketColumn, OffsetsColumn>();
    const coded = new Map<BucketColumn, CodedColumn>();
    const [tMin, tMax, own, last] = await Promise.all([
      integers("t_min"),
      integers("t_max"),
      times(timesColumn),
      CodedColumn.read(packed, "last", starts, memory),
      ...needed.map(async (name) => {
        if (isListed(name)) lists.set(name, await times(listColumns[name]));
        else coded.set(name, await CodedColumn.read(packed, name, starts, memory));
      }),
    ]);
    return { starts, tMin, tMax, times: own, last, lists, coded };
  }

  /** Neighbouring rows of one series in the span. */
  #runs(
    { rows, series }: WantedRows,
    { tMin, tMax }: Columns,
  ): { readonly run: Run; readonly series: ReadSeries }[] {
    const runs: { run: { from: number; to: number }; series: ReadSeries }[] = [];
    for (let i = 0; i < rows.length; i++) {
      const [row = 0, one] = [rows[i], series[i]];
      if (one === undefined || !this.#isWithin(tMin[row] ?? 0, tMax[row] ?? 0)) continue;
      const before = runs.at(-1);
      if (before?.series === one && before.run.to === row) before.run.to = row + 1;
      else runs.push({ run: { from: row, to: row + 1 }, series: one });
    }
    return runs;
  }

  /** What a run has, as one row; a column that a row leaves empty follows from another one. */
  #row(run: Run, { times, last, lists, coded, tMin }: Columns, expected: number): TierRow {
    const timestampsMs = times.run(run, tMin);
    const values = last.run(run, undefined, expected);
    const columns: Partial<Record<BucketColumn, Float64Array>> = {};
    const zeros = () => this.#shared.constant(0, values.length);
    for (const [name, list] of lists)
      columns[name] = list.run(run, name === "firstMs" ? tMin : undefined);
    if (this.#needed.includes("fine")) columns.fine ??= zeros();
    for (const name of codedInOrder) {
      const other = name === "resets" ? zeros() : name === "min" ? columns.first : values;
      const column = coded.get(name)?.run(run, other ?? values, expected);
      if (column !== undefined) columns[name] = column;
    }
    return { timestampsMs, values, columns, histograms: undefined };
  }

  #isWithin(firstMs: number, lastMs: number): boolean {
    const { span } = this.#bounds;
    return span === undefined || (lastMs >= span.startMs && firstMs <= span.endMs);
  }

  #spend(entries: number): void {
    this.#entries += entries;
    const { entriesMax } = this.#bounds;
    if (this.#entries > entriesMax)
      throw new OperatingError("overloaded", `query reads more than ${entriesMax} samples`);
  }
}

/** `min` may be told by `first`. */
const codedInOrder = ["first", "sum", "min", "max", "resets"] as const;

function columnsOf(name: BucketColumn): readonly string[] {
  return isListed(name) ? [listColumns[name]] : codedColumns(name);
}

function entriesOf({ from, to }: Run, { starts }: Columns): number {
  return (starts[to] ?? 0) - (starts[from] ?? 0);
}

/** From the first wanted row to the last. */
function rangeOf({ rows }: WantedRows): Run {
  return { from: rows[0] ?? 0, to: (rows.at(-1) ?? 0) + 1 };
}
