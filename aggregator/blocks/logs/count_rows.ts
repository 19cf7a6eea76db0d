import type { LogSlice } from "../../read/source.ts";
import type { LogGroup, Times } from "./log_group.ts";
import { firstFrom } from "./texts/find_texts.ts";

const nanosPerMs = 1_000_000n;
const noBytes = new Uint8Array();
/** Where a stream has fewer rows for each of the bounds, its records are as soon looked at. */
const rowsPerPaneMin = 8;

/** The panes (bounds[i], bounds[i + 1]] that the times between two may be in: the first and the last. */
export function panesBetween(
  bounds: Float64Array,
  { min, max }: { readonly min: bigint; readonly max: bigint },
): readonly [first: number, last: number] {
  return [paneOfNs(bounds, min), paneOfNs(bounds, max)];
}

function paneOfNs(bounds: Float64Array, ns: bigint): number {
  // Rounds down, also before 1970.
  const nanos = ((ns % nanosPerMs) + nanosPerMs) % nanosPerMs;
  return paneOf(bounds, Number((ns - nanos) / nanosPerMs), Number(nanos));
}

/**
 * Some rows of a row group, ascending, as one record for all of a stream in a pane. Where these may be in one pane alone no time is looked at, else `group` has
 * its times. Undefined where that would be nearly as many records as rows.
 */
export function countRows(
  group: LogGroup,
  rows: Uint32Array,
  bounds: Float64Array,
  [first, last]: readonly [first: number, last: number],
): LogSlice | undefined {
  const { runEnds, streams } = group;
  const isOne = first === last;
  const records = (last - first + 1) * runEnds.length;
  if (!isOne && records * rowsPerPaneMin > rows.length) return undefined;
  const streamOf: number[] = [];
  const untilMs: number[] = [];
  const counts: number[] = [];
  let [from, at] = [0, 0];
  for (const end of runEnds) {
    const to = firstFrom(rows, end, at);
    const stream = streams.numbers[from] ?? 0;
    from = end;
    while (at < to) {
      const row = rows[at] ?? 0;
      const pane = isOne ? first : paneOfRow(group.times, row, bounds);
      const until = bounds[pane + 1] ?? Infinity;
      const next = isOne ? to : firstFrom(rows, firstBehind(group.times, until, row, end), at);
      streamOf.push(stream);
      untilMs.push(until);
      counts.push(next - at);
      at = next;
    }
  }
  return {
    batch: {
      streams: [...streams.values],
      streamOf: Uint32Array.from(streamOf),
      timestampsMs: Float64Array.from(untilMs),
      nanos: new Uint32Array(counts.length),
      severities: new Uint8Array(counts.length),
      bodies: noBytes,
      bodyEnds: new Uint32Array(counts.length),
    },
    rows: Uint32Array.from(counts, (_, i) => i),
    counts: Uint32Array.from(counts),
  };
}

function paneOfRow({ ms, nanos }: Times, row: number, bounds: Float64Array): number {
  return paneOf(bounds, ms[row] ?? 0, nanos[row] ?? 0);
}

/** The pane that a time is in; -1 for one before all, the last bound's number for one behind all. */
function paneOf(bounds: Float64Array, ms: number, nanos: number): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const bound = bounds[middle] ?? 0;
    if (bound < ms || (bound === ms && nanos > 0)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The first row of [from, end), whose times ascend, that is behind a whole millisecond. */
function firstBehind({ ms, nanos }: Times, boundMs: number, from: number, end: number): number {
  let [low, high] = [from, end];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = ms[middle] ?? 0;
    if (at < boundMs || (at === boundMs && nanos[middle] === 0)) low = middle + 1;
    else high = middle;
  }
  return low;
}
