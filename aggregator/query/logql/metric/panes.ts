/**
 * Windows (t - range, t] of many steps, cut at all their bounds into panes that don't overlap: a record is counted into one pane, and a
 * window is put together from those that it covers. There are no more than twice as many panes as steps.
 */
export type Panes = {
  readonly count: number;
  /** The pane of a time, or -1 outside all windows. */
  readonly paneOf: (timeMs: number, nanos: number) => number;
  /** The first pane of each step's window, and the one behind its last. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Where panes begin and end, Unix milliseconds: pane i is (bounds[i], bounds[i + 1]]. */
  readonly bounds: Float64Array;
  /** Bounds of all windows in Unix milliseconds: what lies behind the first, up to the last. */
  readonly startMs: number;
  readonly endMs: number;
};

export function panesOf(steps: Float64Array, rangeMs: number, offsetMs: number): Panes {
  const ends = steps.map((step) => step - offsetMs);
  const starts = ends.map((end) => end - rangeMs);
  const bounds = Float64Array.from(new Set([...starts, ...ends])).toSorted();
  const indexOf = new Map([...bounds].map((bound, i) => [bound, i]));
  const from = Uint32Array.from(starts, (start) => indexOf.get(start) ?? 0);
  const to = Uint32Array.from(ends, (end) => indexOf.get(end) ?? 0);
  const count = Math.max(0, bounds.length - 1);
  // Records come in the order of time, so the pane of the last one is nearly always that of the next.
  let last = 0;
  const paneOf = (timeMs: number, nanos: number): number => {
    const time = nanos === 0 ? timeMs : timeMs + Math.min(Math.max(nanos / 1e6, 0.001), 0.999);
    if (time > (bounds[last] ?? 0) && time <= (bounds[last + 1] ?? 0)) return last;
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] ?? 0) < time) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || low >= bounds.length) return -1;
    last = low - 1;
    return last;
  };
  return { count, paneOf, from, to, bounds, startMs: bounds[0] ?? 0, endMs: bounds.at(-1) ?? 0 };
}
