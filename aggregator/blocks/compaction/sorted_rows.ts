// Hot: guarded by `bench day`.
import type { FineMarks } from "#shared/model/metrics.ts";
import { compareTexts } from "../series/labels_text.ts";
import { fineLeaf } from "../metrics/beside_columns.ts";
import { FineColumn, rowStarts, Slabs, ValuesColumn } from "../metrics/metrics_columns.ts";
import { checkVersion } from "../file/format_version.ts";
import { type ColumnPages, encodings } from "../parquet/column_pages.ts";
import {
  decodeFloats,
  decodeIntegers,
  decodeUint32s,
  expectType,
} from "../parquet/decode_column.ts";
import { DeltaColumn } from "../parquet/delta_column.ts";
import { physical, type RowGroup } from "../parquet/footer.ts";
import { ParquetFile } from "../parquet/parquet_file.ts";
import { decodeTexts, type TextColumn } from "../parquet/text_column.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";

const timesPath = "t.list.element";
const valuesPath = "v.list.element";
const readPaths = ["name", "labels", "t_min", "n", timesPath, "v_divisor", valuesPath] as const;
/** The columns of a block of plain numbers, and no others. */
const numberPaths = new Set<string>([
  ...readPaths,
  "series",
  "t_max",
  "t_group",
  "stale",
  fineLeaf,
]);

/** The rows of one row group, decoded as far as any row may be asked for. */
type Rows = {
  readonly count: number;
  readonly names: TextColumn;
  readonly labels: TextColumn;
  readonly tMin: Float64Array;
  readonly divisors: Float64Array;
  /** Row i has the samples [starts[i], starts[i + 1]). */
  readonly starts: Uint32Array;
  readonly offsets: Offsets;
  readonly values: ValuesColumn;
  readonly fine: FineColumn | undefined;
};

/** Times after the first of their row; all of a row group, or still packed. */
type Offsets = Uint32Array | DeltaColumn;

/** Where samples are decoded to. */
export type SampleRoom = {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Needed where a block hasFine. */
  readonly fine?: FineMarks;
};

/**
 * A block of plain numbers, row by row in its order, with one row group in memory at a time. Throws UnsupportedParquet where the file is of another
 * form, and where its series do not ascend as sortSeries() has them.
 */
export class SortedRows {
  readonly #file: ParquetFile;
  #nextGroup = 0;
  #rows: Rows | undefined;
  #row = 0;
  #name = "";
  #text = "";
  #offsets = new Uint32Array(0);

  private constructor(file: ParquetFile) {
    this.#file = file;
  }

  static async open(path: string): Promise<SortedRows> {
    const file = await ParquetFile.open(path);
    try {
      checkVersion(file.footer.pairs);
      for (const { columns } of file.footer.groups)
        for (const column of columns.paths())
          if (!numberPaths.has(column)) throw new UnsupportedParquet(`column ${column}`);
      return new SortedRows(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Of the row that it stands on. */
  get name(): string {
    return this.#name;
  }
  get text(): string {
    return this.#text;
  }
  /** Whether a sample of the file may be fine. */
  get hasFine(): boolean {
    return this.#file.footer.groups[0]?.columns.has(fineLeaf) === true;
  }
  /** How many samples the row has. */
  get count(): number {
    const { starts } = this.#rows ?? noRows;
    return (starts[this.#row + 1] ?? 0) - (starts[this.#row] ?? 0);
  }

  /** Of the row group in memory. */
  get heldSamples(): number {
    return this.#rows?.starts.at(-1) ?? 0;
  }

  /** Whether the row after the one that it stands on is in memory: then next() may be left out for step(). */
  step(): boolean {
    const rows = this.#rows;
    if (rows === undefined || this.#row + 1 >= rows.count) return false;
    this.#row += 1;
    this.#take(rows);
    return true;
  }

  /** Goes on to the next row, or the first one; false behind the last. */
  async next(): Promise<boolean> {
    if (this.step()) return true;
    // Before the next ones come: two row groups at once would be twice the memory.
    this.#rows = undefined;
    const { groups } = this.#file.footer;
    for (;;) {
      const group = groups[this.#nextGroup++];
      if (group === undefined) return false;
      if (group.rows === 0) continue;
      const rows = await readRows(this.#file, group);
      this.#rows = rows;
      this.#row = 0;
      this.#take(rows);
      return true;
    }
  }

  /** Decodes the samples of the row into the room from `at` on. */
  decode({ times, values, fine }: SampleRoom, at: number): void {
    const rows = this.#rows;
    if (rows === undefined) return;
    const row = this.#row;
    const first = rows.tMin[row] ?? 0;
    const begin = rows.starts[row] ?? 0;
    const { count } = this;
    const offsets = this.#offsetsOf(rows.offsets, begin, count);
    for (let i = 0; i < count; i++) times[at + i] = first + (offsets[i] ?? 0);
    rows.values.decode(row, rows.divisors[row] ?? 0, values, at);
    const marks = rows.fine?.row(row);
    if (marks === undefined) fine?.fill(0, at, at + count);
    else fine?.set(marks, at);
  }

  /** Good until the next row. */
  #offsetsOf(offsets: Offsets, begin: number, count: number): Uint32Array {
    if (offsets instanceof Uint32Array) return offsets.subarray(begin, begin + count);
    if (this.#offsets.length < count) this.#offsets = new Uint32Array(count);
    // The first is 0 after itself.
    offsets.decodeUint32s(begin, count, 0, this.#offsets);
    return this.#offsets;
  }

  #take({ names, labels }: Rows): void {
    const [name, text] = [names.text(this.#row), labels.text(this.#row)];
    const isSame = name === this.#name && text === this.#text;
    if (!isSame && (compareTexts(this.#name, name) || compareTexts(this.#text, text)) > 0)
      throw new UnsupportedParquet("series in another order");
    this.#name = name;
    this.#text = text;
  }
}

const noRows = { starts: new Uint32Array(0) };

async function readRows(file: ParquetFile, group: RowGroup): Promise<Rows> {
  const hasFine = group.columns.has(fineLeaf);
  const packed = await file.packed(group, hasFine ? [...readPaths, fineLeaf] : readPaths);
  const integers = async (path: "t_min" | "n") => {
    const values = decodeIntegers(await packed.pages(path));
    if (values.length !== group.rows) throw new UnsupportedParquet(`rows without ${path}`);
    return values;
  };
  const [names, labels] = [
    decodeTexts(await packed.pages("name")),
    decodeTexts(await packed.pages("labels")),
  ];
  const divisors = decodeFloats(await packed.pages("v_divisor"));
  const starts = rowStarts(await integers("n"), group.rows);
  const offsets = offsetsOf(await packed.pages(timesPath));
  const samples = offsets instanceof Uint32Array ? offsets.length : offsets.count;
  const counts = [names.count, labels.count, divisors.length];
  if (counts.some((count) => count !== group.rows) || samples !== starts.at(-1))
    throw new UnsupportedParquet("columns of unequal length");
  return {
    count: group.rows,
    names,
    labels,
    tMin: await integers("t_min"),
    divisors,
    starts,
    offsets,
    values: new ValuesColumn(await packed.pages(valuesPath), starts, slabs),
    fine: hasFine ? new FineColumn(await packed.pages(fineLeaf), starts) : undefined,
  };
}

function offsetsOf(column: ColumnPages): Offsets {
  const [page] = column.pages;
  if (column.pages.length !== 1 || page?.encoding !== encodings.deltaBinaryPacked)
    return decodeUint32s(column);
  expectType(column, physical.int32);
  return new DeltaColumn(page.bytes);
}

/** Rows are decoded into the caller's memory alone. */
const slabs = new Slabs();
