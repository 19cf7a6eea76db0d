import { setImmediate } from "node:timers/promises";
import type { LogSlice } from "../../read/source.ts";
import type { BlockNote } from "../file/block_metadata.ts";
import type { LocalFile } from "../file/local_file.ts";
import { throwIfAborted } from "../../duckdb/duckdb.ts";
import { logsRowGroupRows } from "../logs/write/logs_columns.ts";
import { withLogsFile } from "../logs/write/logs_file.ts";
import { compareTimes, type Run } from "../logs/write/logs_order.ts";
import { LogSource, type Stretch } from "../logs/write/logs_source.ts";

/**
 * Writes the records of several inputs, each in the order of a block (by stream, then time), as one file in that order; records of equal
 * time stand in the order of the inputs, then as they stood. Of each input it holds one slice, which is a row group of a file.
 */
export async function mergeLogs(
  folder: string,
  inputs: readonly AsyncIterable<LogSlice>[],
  note: BlockNote | undefined,
  signal: AbortSignal,
): Promise<LocalFile> {
  const cursors = inputs.map((input, place) => new Cursor(input[Symbol.asyncIterator](), place));
  const heap = new CursorHeap();
  try {
    for (const cursor of cursors) if (await cursor.load()) heap.push(cursor);
    return await withLogsFile(folder, note, async (file) => {
      let [rows, runs]: [number, Run[]] = [0, []];
      const write = async () => {
        await file.rowGroup({ rows, runs });
        [rows, runs] = [0, []];
        throwIfAborted(signal);
        await setImmediate();
      };
      for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
        const { stretch } = first;
        const end = first.endOfRun(heap.first, logsRowGroupRows - rows);
        runs.push({ stretch, count: end - first.at });
        rows += end - first.at;
        first.at = end;
        if (rows === logsRowGroupRows) await write();
        if (await first.advance()) heap.push(first);
      }
      if (rows > 0) await write();
    });
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** Where an input stands. */
class Cursor {
  readonly place: number;
  readonly #slices: AsyncIterator<LogSlice>;
  #source: LogSource | undefined;
  #next = 0;
  #stretch: Stretch | undefined;
  /** The next record of the stretch; those before are in a run. */
  at = 0;

  constructor(slices: AsyncIterator<LogSlice>, place: number) {
    this.#slices = slices;
    this.place = place;
  }

  get stretch(): Stretch {
    if (this.#stretch === undefined) throw new RangeError("a cursor before its first slice");
    return this.#stretch;
  }

  /** Goes on to the next record, where it stands behind a stretch; false at the end. */
  async advance(): Promise<boolean> {
    return this.at < this.stretch.end || (await this.load());
  }

  /** Goes on to the next stretch; false at the end. */
  async load(): Promise<boolean> {
    for (;;) {
      const stretch = this.#source?.stretches[this.#next++];
      if (stretch !== undefined) {
        this.#stretch = stretch;
        this.at = stretch.at;
        return true;
      }
      const next = await this.#slices.next();
      if (next.done === true) return false;
      this.#source = new LogSource(next.value.batch, next.value.rows);
      this.#next = 0;
    }
  }

  async close(): Promise<void> {
    await this.#slices.return?.();
  }

  /** The end of the records, at most `rowsMax`, that come before the next one of `other`; one at least. */
  endOfRun(other: Cursor | undefined, rowsMax: number): number {
    const last = Math.min(this.stretch.end, this.at + rowsMax);
    if (other === undefined || this.stretch.stream < other.stretch.stream) return last;
    let end = this.at + 1;
    while (end < last && this.#isBefore(end, other)) end++;
    return end;
  }

  isBefore(other: Cursor): boolean {
    const [mine, theirs] = [this.stretch.stream, other.stretch.stream];
    return mine === theirs ? this.#isBefore(this.at, other) : mine < theirs;
  }

  /** Whether a record comes before the next one of another cursor at the same stream. */
  #isBefore(at: number, other: Cursor): boolean {
    const step = compareTimes(this.stretch, at, other.stretch, other.at);
    return step === 0 ? this.place < other.place : step < 0;
  }
}

/** A binary heap; the cursor whose next row comes first is on top. */
class CursorHeap {
  readonly #cursors: Cursor[] = [];

  get first(): Cursor | undefined {
    return this.#cursors[0];
  }

  push(cursor: Cursor): void {
    const cursors = this.#cursors;
    let at = cursors.push(cursor) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = cursors[parent];
      if (above === undefined || above.isBefore(cursor)) break;
      cursors[at] = above;
      at = parent;
    }
    cursors[at] = cursor;
  }

  pop(): Cursor | undefined {
    const cursors = this.#cursors;
    const [first] = cursors;
    const last = cursors.pop();
    if (last === undefined || cursors.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [cursors[child], cursors[child + 1]];
      if (left === undefined) break;
      let least = left;
      if (right?.isBefore(left) === true) {
        least = right;
        child++;
      }
      if (last.isBefore(least)) break;
      cursors[at] = least;
      at = child;
    }
    cursors[at] = last;
    return first;
  }
}
