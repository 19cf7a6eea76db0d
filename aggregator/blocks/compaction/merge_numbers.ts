// Hot: guarded by `bench day`.
import { rm } from "node:fs/promises";
import type { FineMarks } from "#shared/model/metrics.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { isAscending } from "../../duckdb/columns.ts";
import type { BlockNote } from "../file/block_metadata.ts";
import type { SampleRun } from "../../read/cut_metrics.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { parseLabels, compareTexts, type SeriesText } from "../series/labels_text.ts";
import type { LocalFile } from "../file/local_file.ts";
import { joinPieces } from "../metrics/merge_series.ts";
import { type NumbersFile, writeNumbersFile } from "../metrics/numbers_file.ts";
import { UnsupportedParquet } from "../parquet/unsupported.ts";
import type { CollectedSeries } from "../series/collected_series.ts";
import { SortedRows } from "./sorted_rows.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "../deletion/tombstones.ts";

/** Blocks of plain numbers, whose files hold what is still deleted out of them. */
export type NumberInputs = {
  readonly blocks: readonly Block[];
  readonly paths: readonly string[];
  readonly deleted: Deleted;
};

export type NumberOutputs = {
  readonly folder: string;
  /** A file is ended before the first series after so many samples. */
  readonly samplesMax: number;
  readonly noteOf: (part: number, isLast: boolean) => BlockNote;
  /** A new list of the series of a file. Undefined where none is kept. */
  readonly collect: () => CollectedSeries | undefined;
};

/** zstd's, of merged blocks of numbers. */
const mergedLevel = 9;
/** Series between looks at the clock. */
const seriesBetweenLooks = 16;
/** All samples of one series are held, and may have to be sorted: 64 MiB, and a day of one every 20 ms. */
const seriesSamplesMax = 2 ** 22;

/** Blocks that are of another form than plain numbers, or whose series stand in another order. */
export class NotOfNumbers extends Error {
  readonly blocks: readonly Block[];

  constructor(blocks: readonly Block[], cause: unknown) {
    super("blocks that are not of plain numbers", { cause });
    this.blocks = blocks;
  }
}

/**
 * Merges blocks of plain numbers without DuckDB: all are sorted, so one row group of each and one of the result are all that is held, however large they
 * are. Of samples of equal times the first block's stands. Throws NotOfNumbers and OperatingError.
 */
export async function mergeNumbers(
  { blocks, paths, deleted }: NumberInputs,
  { folder, samplesMax, noteOf, collect }: NumberOutputs,
  signal: AbortSignal,
): Promise<LocalFile[]> {
  const inputs: Input[] = [];
  const files: LocalFile[] = [];
  try {
    await openAll(blocks, paths, inputs);
    const merge = new Merge(inputs, deleted, signal);
    await merge.begin();
    while (!merge.isDone) {
      const series = collect();
      const file = await writeNumbersFile(
        { folder, level: mergedLevel, withFine: merge.hasFine },
        () => noteOf(files.length, merge.isDone),
        (target) => merge.fill(target, samplesMax, series),
      );
      if (file !== undefined) files.push({ ...file, ...(series && { series }) });
    }
    return files;
  } catch (error) {
    for (const { path } of files) await rm(path, { force: true });
    if (error instanceof NotOfNumbers || !isUnsupported(error)) throw error;
    throw new NotOfNumbers(blocks, error);
  } finally {
    for (const { rows } of inputs) await rows.close();
  }
}

async function openAll(
  blocks: readonly Block[],
  paths: readonly string[],
  into: Input[],
): Promise<void> {
  const others: Block[] = [];
  let why: unknown;
  for (const [i, block] of blocks.entries()) {
    try {
      into.push({ block, rows: await SortedRows.open(paths[i] ?? "") });
    } catch (error) {
      if (!isUnsupported(error)) throw error;
      others.push(block);
      why = error;
    }
  }
  if (others.length > 0) throw new NotOfNumbers(others, why);
}

function isUnsupported(error: unknown): boolean {
  if (error instanceof UnsupportedParquet) return true;
  return error instanceof Error && error.cause instanceof UnsupportedParquet;
}

type Input = { readonly rows: SortedRows; readonly block: Block };
/** Samples [begin, end) of those that are joined. */
type Piece = { readonly begin: number; readonly end: number };
type Joined = { readonly text: SeriesText; readonly run: SampleRun };

class Merge {
  /** Whether a sample may be fine. */
  readonly hasFine: boolean;
  readonly #deleted: Deleted;
  readonly #signal: AbortSignal;
  /** Those that stand on a row, in the order of commit. */
  #inputs: readonly Input[];
  /** The next series that has a sample; its samples lie in the memory below. */
  #next: Joined | undefined;
  #times = new Float64Array(4_096);
  #values = new Float64Array(4_096);
  /** As long as the others where a block has marks of fine samples, else nothing. */
  #fine: FineMarks = new Uint8Array(0);
  #used = 0;
  #looks = 0;

  constructor(inputs: readonly Input[], deleted: Deleted, signal: AbortSignal) {
    this.#inputs = inputs;
    this.#deleted = deleted;
    this.#signal = signal;
    this.hasFine = inputs.some(({ rows }) => rows.hasFine);
    if (this.hasFine) this.#fine = new Uint8Array(this.#times.length);
  }

  get isDone(): boolean {
    return this.#next === undefined;
  }

  async begin(): Promise<void> {
    const standing: Input[] = [];
    for (const input of this.#inputs) if (await input.rows.next()) standing.push(input);
    this.#inputs = standing;
    await this.#goOn();
  }

  /** Writes series until the file is full or all are written; true, as all of them are numbers. */
  async fill(
    file: NumbersFile,
    samplesMax: number,
    series: CollectedSeries | undefined,
  ): Promise<true> {
    let samples = 0;
    while (this.#next !== undefined && samples < samplesMax) {
      const { text, run } = this.#next;
      series?.add(text);
      samples += run.count;
      for (let at = file.add(text, run, 0); at < run.count; at = file.add(text, run, at)) {
        await file.rowGroup();
        await nextTurn();
      }
      await this.#goOn();
    }
    return true;
  }

  async #goOn(): Promise<void> {
    this.#next = undefined;
    while (this.#next === undefined && this.#inputs.length > 0) {
      if (++this.#looks % seriesBetweenLooks === 0 && isTurnOver()) await nextTurn();
      throwIfAborted(this.#signal);
      const { name, text } = this.#lowest();
      const run = await this.#join(name, text);
      if (run.count === 0) continue;
      const hash = Bun.hash.xxHash64(`${name}\0${text}`);
      this.#next = { text: { name, text, hash }, run };
    }
  }

  #lowest(): Pick<SortedRows, "name" | "text"> {
    let [name, text]: [string | undefined, string] = [undefined, ""];
    for (const { rows } of this.#inputs) {
      const order = name === undefined ? -1 : compareTexts(rows.name, name);
      if (order < 0 || (order === 0 && compareTexts(rows.text, text) < 0))
        [name, text] = [rows.name, rows.text];
    }
    return { name: name ?? "", text };
  }

  /** All samples of a series, good until the next one. Its inputs go on to what is after it. */
  async #join(name: string, text: string): Promise<SampleRun> {
    this.#used = 0;
    const pieces: Piece[] = [];
    const ended = new Set<Input>();
    for (const input of this.#inputs) {
      const { rows, block } = input;
      const begin = this.#used;
      while (rows.name === name && rows.text === text) {
        this.#take(rows);
        if (rows.step() || (await rows.next())) continue;
        ended.add(input);
        break;
      }
      if (this.#used === begin) continue;
      if (!isAscending(this.#times.subarray(begin, this.#used)))
        throw new UnsupportedParquet("samples of a series in another order");
      if (this.#deleted.concerns(block)) this.#leaveOut(block, name, text, begin);
      if (this.#used > begin) pieces.push({ begin, end: this.#used });
    }
    if (ended.size > 0) this.#inputs = this.#inputs.filter((input) => !ended.has(input));
    const timestampsMs = this.#times.subarray(0, this.#used);
    const own = { timestampsMs, values: this.#values };
    const run = { count: this.#used, ...own, ...(this.hasFine ? { fine: this.#fine } : {}) };
    if (pieces.length <= 1 || isAscending(timestampsMs)) return run;
    const joined = joinPieces(
      pieces.map(({ begin, end }) => ({
        labels: {},
        timestampsMs: this.#times.subarray(begin, end),
        values: this.#values.subarray(begin, end),
        ...(this.hasFine ? { fine: this.#fine.subarray(begin, end) } : {}),
      })),
    );
    return { count: joined.timestampsMs.length, ...joined };
  }

  #take(rows: SortedRows): void {
    const end = this.#used + rows.count;
    if (end > seriesSamplesMax) throw new UnsupportedParquet("a series of too many samples");
    this.#ensure(end);
    rows.decode({ times: this.#times, values: this.#values, fine: this.#fine }, this.#used);
    this.#used = end;
  }

  /** Takes what is deleted out of the samples from `begin` on. */
  #leaveOut(block: Block, name: string, text: string, begin: number): void {
    const whole = {
      labels: parseLabels(name, text),
      timestampsMs: this.#times.subarray(begin, this.#used),
      values: this.#values.subarray(begin, this.#used),
      ...(this.hasFine ? { fine: this.#fine.subarray(begin, this.#used) } : {}),
    };
    const [left] = this.#deleted.mask(block, [whole]);
    if (left === whole) return;
    if (left !== undefined) {
      this.#times.set(left.timestampsMs, begin);
      this.#values.set(left.values, begin);
      if (left.fine !== undefined) this.#fine.set(left.fine, begin);
    }
    this.#used = begin + (left?.timestampsMs.length ?? 0);
  }

  #ensure(samples: number): void {
    if (samples <= this.#times.length) return;
    const length = Math.max(samples, 2 * this.#times.length);
    const [times, values] = [new Float64Array(length), new Float64Array(length)];
    times.set(this.#times.subarray(0, this.#used));
    values.set(this.#values.subarray(0, this.#used));
    [this.#times, this.#values] = [times, values];
    if (!this.hasFine) return;
    const fine = new Uint8Array(length);
    fine.set(this.#fine.subarray(0, this.#used));
    this.#fine = fine;
  }
}
