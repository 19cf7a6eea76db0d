/** Where a picture has its time axis, in its own pixels. */
export type TimePlane = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly xOf: (ms: number) => number;
  readonly msOf: (x: number) => number;
};

/** A stretch in which data are known not to be complete: what was collected then is still on its way. */
export type Incomplete = { readonly startMs: number; readonly endMs: number };

/**
 * The plane of an axis whose columns are as wide as each other, whatever lies between their times: the centre of column `i` is at
 * `firstPx + i * columnPx`. Undefined without two columns in the order of time: one alone says nothing of how time runs.
 */
export function columnPlane(
  timesMs: readonly number[],
  firstPx: number,
  columnPx: number,
  { top, bottom }: { readonly top: number; readonly bottom: number },
): TimePlane | undefined {
  const last = timesMs.length - 1;
  const [startMs, endMs] = [timesMs[0], timesMs[last]];
  if (startMs === undefined || endMs === undefined || last < 1 || !(columnPx > 0)) return undefined;
  const at = (i: number): number => timesMs[i] ?? Number.NaN;
  const half = columnPx / 2;
  const [left, right] = [firstPx - half, firstPx + last * columnPx + half];
  // A column stands for half the way to its neighbours; the outermost for as much on their other side.
  const [headMs, tailMs] = [(at(1) - at(0)) / 2, (at(last) - at(last - 1)) / 2];
  return {
    left,
    right,
    top,
    bottom,
    startMs: startMs - headMs,
    endMs: endMs + tailMs,
    xOf: (ms) => {
      if (ms <= startMs) return firstPx - ((startMs - ms) / (2 * headMs)) * columnPx;
      if (ms >= endMs) return right - half + ((ms - endMs) / (2 * tailMs)) * columnPx;
      const i = columnBefore(timesMs, ms);
      return firstPx + (i + (ms - at(i)) / (at(i + 1) - at(i))) * columnPx;
    },
    msOf: (x) => {
      const place = (x - firstPx) / columnPx;
      if (place <= 0) return startMs + place * 2 * headMs;
      if (place >= last) return endMs + (place - last) * 2 * tailMs;
      const i = Math.floor(place);
      return at(i) + (place - i) * (at(i + 1) - at(i));
    },
  };
}

/** The last of the times, which are in order, that is not after `ms`; the first where all are. */
export function columnBefore(timesMs: ArrayLike<number>, ms: number): number {
  let [low, high] = [0, timesMs.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((timesMs[middle] ?? 0) <= ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The nearest of the times, which are in order; undefined for none. */
export function columnNear(timesMs: ArrayLike<number>, ms: number): number | undefined {
  if (timesMs.length === 0) return undefined;
  const before = columnBefore(timesMs, ms);
  const [a, b] = [timesMs[before] ?? 0, timesMs[before + 1] ?? Number.POSITIVE_INFINITY];
  return ms - a <= b - ms ? before : before + 1;
}
