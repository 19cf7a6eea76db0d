import type { LogSlice } from "../../read/source.ts";

/** Walks the rows of slices in the order of time; `slice` and `row` are those of the record that next() has moved to. */
export type MergedRows = { readonly next: () => boolean; slice: number; row: number };

/** A slice and how far it has been read, in the direction asked for. */
type Cursor = {
  readonly slice: number;
  readonly rows: Uint32Array;
  at: number;
  ms: number;
  nanos: number;
};

/**
 * The rows of one span as one list: by time, those of equal time by slice and then by row; backward is that list from its end. Nothing
 * is sorted that is in order already, and nothing is merged that is not asked for.
 */
export function mergedRows(
  slices: readonly LogSlice[],
  direction: "backward" | "forward",
): MergedRows {
  const sign = direction === "forward" ? 1 : -1;
  const heap: Cursor[] = [];
  for (const [slice, { batch, rows }] of slices.entries()) {
    if (rows.length === 0) continue;
    const ordered = inOrder({ batch, rows });
    const at = sign === 1 ? 0 : ordered.length - 1;
    const cursor: Cursor = { slice, rows: ordered, at, ms: 0, nanos: 0 };
    load(cursor, slices);
    push(heap, cursor, sign);
  }
  const merged: MergedRows = {
    slice: 0,
    row: 0,
    next: () => {
      const [top] = heap;
      if (top === undefined) return false;
      merged.slice = top.slice;
      merged.row = top.rows[top.at] ?? 0;
      top.at += sign;
      if (top.at >= 0 && top.at < top.rows.length) load(top, slices);
      else {
        const last = heap.pop();
        if (heap.length > 0 && last !== undefined) heap[0] = last;
      }
      sink(heap, sign);
      return true;
    },
  };
  return merged;
}

function load(cursor: Cursor, slices: readonly LogSlice[]): void {
  const batch = slices[cursor.slice]?.batch;
  const row = cursor.rows[cursor.at] ?? 0;
  cursor.ms = batch?.timestampsMs[row] ?? 0;
  cursor.nanos = batch?.nanos[row] ?? 0;
}

/** Rows by time; as they are where they lie in that order, as those of files do. */
function inOrder({ batch, rows }: LogSlice): Uint32Array {
  const { timestampsMs, nanos } = batch;
  const compare = (a: number, b: number) =>
    (timestampsMs[a] ?? 0) - (timestampsMs[b] ?? 0) || (nanos[a] ?? 0) - (nanos[b] ?? 0) || a - b;
  for (let i = 1; i < rows.length; i++)
    if (compare(rows[i - 1] ?? 0, rows[i] ?? 0) > 0) return rows.toSorted(compare);
  return rows;
}

function isBefore(a: Cursor, b: Cursor, sign: number): boolean {
  const order = a.ms - b.ms || a.nanos - b.nanos || a.slice - b.slice;
  return sign * order < 0;
}

function push(heap: Cursor[], cursor: Cursor, sign: number): void {
  let at = heap.length;
  heap.push(cursor);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !isBefore(cursor, above, sign)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = cursor;
}

function sink(heap: Cursor[], sign: number): void {
  const [cursor] = heap;
  if (cursor === undefined) return;
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    let least = heap[child];
    const other = heap[child + 1];
    if (least === undefined) break;
    if (other !== undefined && isBefore(other, least, sign)) {
      least = other;
      child++;
    }
    if (!isBefore(least, cursor, sign)) break;
    heap[at] = least;
    at = child;
  }
  heap[at] = cursor;
}
