import { setImmediate } from "node:timers/promises";
import type { LogSlice } from "../query/source.ts";
import type { BlockNote } from "./block_metadata.ts";
import type { LocalFile } from "./block_writer.ts";
import { throwIfAborted } from "./duckdb.ts";
import { labelsText } from "./labels_text.ts";
import { logSource, logsRowGroupRows, type LogSource } from "./logs_columns.ts";
import { withLogsFile } from "./logs_file.ts";

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
      let group = new GatheredRows();
      const write = async () => {
        await file.rowGroup(group.sources, group.order(), 0, group.rows);
        group = new GatheredRows();
        throwIfAborted(signal);
        await setImmediate();
      };
      for (let first = heap.pop(); first !== undefined; first = heap.pop()) {
        const end = first.endOfRun(heap.first, logsRowGroupRows - group.rows);
        group.add(first, end);
        first.at = end;
        if (group.rows === logsRowGroupRows) await write();
        if (first.at < first.rows.length || (await first.load())) heap.push(first);
      }
      if (group.rows > 0) await write();
    });
  } finally {
    for (const cursor of cursors) await cursor.close();
  }
}

/** Where an input stands. */
class Cursor {
  readonly place: number;
  readonly #slices: AsyncIterator<LogSlice>;
  /** Rows of `source` that are wanted, and the next of them. */
  rows: Uint32Array = new Uint32Array();
  at = 0;
  #source: LogSource | undefined;
  #texts: readonly string[] = [];

  constructor(slices: AsyncIterator<LogSlice>, place: number) {
    this.#slices = slices;
    this.place = place;
  }

  get source(): LogSource {
    if (this.#source === undefined) throw new RangeError("a cursor before its first slice");
    return this.#source;
  }

  /** Goes on to the next slice; false at the end. */
  async load(): Promise<boolean> {
    for (;;) {
      const next = await this.#slices.next();
      if (next.done === true) return false;
      const { batch, rows } = next.value;
      if (rows.length === 0) continue;
      this.#source = logSource(batch);
      this.#texts = batch.streams.map((labels) => labelsText(labels));
      this.rows = rows;
      this.at = 0;
      return true;
    }
  }

  async close(): Promise<void> {
    await this.#slices.return?.();
  }

  textAt(at: number): string {
    return this.#texts[this.source.batch.streamOf[this.rows[at] ?? 0] ?? 0] ?? "";
  }

  /** The end of the rows, at most `rowsMax`, that come before the next one of `other`; one at least. */
  endOfRun(other: Cursor | undefined, rowsMax: number): number {
    const last = Math.min(this.rows.length, this.at + rowsMax);
    if (other === undefined) return last;
    let end = this.at + 1;
    while (end < last && this.#isBefore(end, other)) end++;
    return end;
  }

  isBefore(other: Cursor): boolean {
    return this.#isBefore(this.at, other);
  }

  #isBefore(at: number, other: Cursor): boolean {
    const [mine, theirs] = [this.textAt(at), other.textAt(other.at)];
    if (mine !== theirs) return mine < theirs;
    const [a, b] = [this.source.batch, other.source.batch];
    const [row, otherRow] = [this.rows[at] ?? 0, other.rows[other.at] ?? 0];
    const ms = (a.timestampsMs[row] ?? 0) - (b.timestampsMs[otherRow] ?? 0);
    if (ms !== 0) return ms < 0;
    const nanos = (a.nanos[row] ?? 0) - (b.nanos[otherRow] ?? 0);
    return nanos === 0 ? this.place < other.place : nanos < 0;
  }
}

/** Rows for one row group, in their order. */
class GatheredRows {
  readonly sources: LogSource[] = [];
  readonly #numbers = new Map<LogSource, number>();
  readonly #batchOf = new Uint32Array(logsRowGroupRows);
  readonly #rowOf = new Uint32Array(logsRowGroupRows);
  readonly #texts: string[] = [];
  readonly #ends: number[] = [];
  rows = 0;

  /** The cursor's rows up to `end`. */
  add(cursor: Cursor, end: number): void {
    const { source } = cursor;
    let number = this.#numbers.get(source);
    if (number === undefined) {
      number = this.sources.push(source) - 1;
      this.#numbers.set(source, number);
    }
    for (let at = cursor.at; at < end; at++) {
      const text = cursor.textAt(at);
      if (this.#texts.at(-1) !== text) {
        this.#texts.push(text);
        this.#ends.push(this.rows);
      }
      this.#batchOf[this.rows] = number;
      this.#rowOf[this.rows++] = cursor.rows[at] ?? 0;
      this.#ends[this.#ends.length - 1] = this.rows;
    }
  }

  order() {
    return {
      total: this.rows,
      texts: this.#texts,
      ends: Uint32Array.from(this.#ends),
      batchOf: this.#batchOf,
      rowOf: this.#rowOf,
    };
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
