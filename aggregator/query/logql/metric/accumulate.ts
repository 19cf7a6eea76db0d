import type { RangeOp } from "#shared/query_language/logql/ast.ts";
import type { Pace } from "../limits.ts";
import type { Panes } from "./panes.ts";

/** What is known of the records of a series, pane by pane. Which columns there are depends on the function. */
export type Accumulator = {
  readonly counts: Float64Array;
  readonly first: Float64Array;
  readonly second: Float64Array;
};

/** How a range function takes in values and what it makes of the panes of a window. */
export type RangeFunction = {
  /** Columns beside the count. */
  readonly columns: 0 | 1 | 2;
  readonly add: (to: Accumulator, pane: number, value: number, timeMs: number) => void;
  /** Value of the window over panes [from, to), in which there is a record at least. */
  readonly merge: (of: Accumulator, from: number, to: number) => number;
};

const none = new Float64Array(0);

export function newAccumulator({ columns }: RangeFunction, panes: number): Accumulator {
  return {
    counts: new Float64Array(panes),
    first: columns > 0 ? new Float64Array(panes) : none,
    second: columns > 1 ? new Float64Array(panes) : none,
  };
}

const count: RangeFunction = {
  columns: 0,
  add: ({ counts }, pane) => {
    counts[pane] = (counts[pane] ?? 0) + 1;
  },
  merge: ({ counts }, from, to) => total(counts, from, to),
};

function total(column: Float64Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += column[i] ?? 0;
  return sum;
}

const sum: RangeFunction = {
  columns: 1,
  add: ({ counts, first }, pane, value) => {
    counts[pane] = (counts[pane] ?? 0) + 1;
    first[pane] = (first[pane] ?? 0) + value;
  },
  merge: ({ first }, from, to) => total(first, from, to),
};

const average: RangeFunction = {
  ...sum,
  merge: ({ counts, first }, from, to) => total(first, from, to) / total(counts, from, to),
};

/** Keeps the value that is further to one side; NaN gives way to any number. */
function extreme(sign: 1 | -1): RangeFunction {
  const isBetter = (value: number, than: number) =>
    sign * value > sign * than || Number.isNaN(than);
  return {
    columns: 1,
    add: ({ counts, first }, pane, value) => {
      const before = counts[pane] ?? 0;
      counts[pane] = before + 1;
      if (before === 0 || isBetter(value, first[pane] ?? 0)) first[pane] = value;
    },
    merge: ({ counts, first }, from, to) => {
      let best = Number.NaN;
      for (let i = from; i < to; i++)
        if ((counts[i] ?? 0) > 0 && isBetter(first[i] ?? 0, best)) best = first[i] ?? 0;
      return best;
    },
  };
}

/** Welford's algorithm in a pane, and Chan's to put panes together: mean, and sum of squared differences from it. */
const variance: RangeFunction = {
  columns: 2,
  add: ({ counts, first, second }, pane, value) => {
    const known = (counts[pane] ?? 0) + 1;
    const before = first[pane] ?? 0;
    const mean = before + (value - before) / known;
    counts[pane] = known;
    first[pane] = mean;
    second[pane] = (second[pane] ?? 0) + (value - before) * (value - mean);
  },
  merge: ({ counts, first, second }, from, to) => {
    let [known, mean, squares] = [0, 0, 0];
    for (let i = from; i < to; i++) {
      const more = counts[i] ?? 0;
      if (more === 0) continue;
      const difference = (first[i] ?? 0) - mean;
      const all = known + more;
      squares += (second[i] ?? 0) + (difference * difference * known * more) / all;
      mean += (difference * more) / all;
      known = all;
    }
    return squares / known;
  },
};

/** The value of the earliest or latest record; of equal times the one that came first, or last. */
function atEdge(edge: "first" | "last"): RangeFunction {
  const wins = (time: number, than: number) => (edge === "first" ? time < than : time >= than);
  return {
    columns: 2,
    add: ({ counts, first, second }, pane, value, timeMs) => {
      const before = counts[pane] ?? 0;
      counts[pane] = before + 1;
      if (before > 0 && !wins(timeMs, second[pane] ?? 0)) return;
      first[pane] = value;
      second[pane] = timeMs;
    },
    merge: ({ counts, first }, from, to) => {
      if (edge === "first") {
        for (let i = from; i < to; i++) if ((counts[i] ?? 0) > 0) return first[i] ?? 0;
      } else {
        for (let i = to - 1; i >= from; i--) if ((counts[i] ?? 0) > 0) return first[i] ?? 0;
      }
      return Number.NaN;
    },
  };
}

/** Functions whose windows can be put together from panes; the others need the samples themselves. */
const functions: Readonly<Partial<Record<RangeOp, RangeFunction>>> = {
  count_over_time: count,
  bytes_over_time: sum,
  bytes_rate: sum,
  sum_over_time: sum,
  avg_over_time: average,
  min_over_time: extreme(-1),
  max_over_time: extreme(1),
  stdvar_over_time: variance,
  stddev_over_time: {
    ...variance,
    merge: (of, from, to) => Math.sqrt(variance.merge(of, from, to)),
  },
  first_over_time: atEdge("first"),
  last_over_time: atEdge("last"),
  absent_over_time: count,
};

/** The function of an operation; `hasValues` tells rates of unwrapped values from those of lines. */
export function rangeFunction(op: RangeOp, hasValues: boolean): RangeFunction | undefined {
  if (op === "rate") return hasValues ? sum : count;
  return functions[op];
}

/** Panes that are put together before the clock is looked at. */
const panesAtOnce = 2_000_000;

/** Values of all windows of a series: NaN is a value, absence is told by `present`. */
export async function fillWindows(
  fn: RangeFunction,
  of: Accumulator,
  panes: Panes,
  divisor: number,
  into: { readonly values: Float64Array; readonly present: Uint8Array },
  pace: Pace,
): Promise<void> {
  // How many records lie before each pane: tells empty windows, and counts without going over the panes.
  const before = new Float64Array(panes.count + 1);
  for (let i = 0; i < panes.count; i++) before[i + 1] = (before[i] ?? 0) + (of.counts[i] ?? 0);
  let merged = 0;
  for (let i = 0; i < into.values.length; i++) {
    const [from, to] = [panes.from[i] ?? 0, panes.to[i] ?? 0];
    const records = (before[to] ?? 0) - (before[from] ?? 0);
    if (records === 0) continue;
    merged += to - from;
    if (merged > panesAtOnce) {
      merged = 0;
      await pace.breathe();
    }
    into.present[i] = 1;
    into.values[i] = (fn === count ? records : fn.merge(of, from, to)) / divisor;
  }
}
