import type { BucketColumn, SeriesBuckets } from "../../../read/source.ts";
import { type KahanSum, kahanAdd } from "../model/kahan.ts";
import { stretch } from "./rate.ts";
import { type Window, noValue, timeAt, valueAt } from "../model/window.ts";

/** What buckets tell, beside a window over them; columns that the function didn't ask for are empty. */
export type BucketView = {
  readonly columns: Readonly<Record<BucketColumn, Float64Array>>;
  /** The range as asked for; the window may be longer. */
  readonly askedMs: number;
};

export type BucketFunction = (window: Window, view: BucketView) => number;

type Entry = {
  readonly columns: readonly BucketColumn[];
  /** Absent where a function of samples does on the last sample of each. */
  readonly apply?: BucketFunction;
};

const ofDeltas = ["count", "fine", "first", "firstMs"] as const;

/**
 * Functions that buckets answer as all their samples would. Where a window had to be widened to whole buckets, what grows with
 * its length (sums, counts, increases) is scaled down to the range that was asked for.
 */
const functions: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["rate", { columns: [...ofDeltas, "resets"], apply: extrapolated(true, true) }],
  ["increase", { columns: [...ofDeltas, "resets"], apply: extrapolated(true, false) }],
  ["delta", { columns: ofDeltas, apply: extrapolated(false, false) }],
  ["sum_over_time", { columns: ["sum"], apply: sumOverTime }],
  ["avg_over_time", { columns: ["sum", "count"], apply: avgOverTime }],
  ["count_over_time", { columns: ["count"], apply: countOverTime }],
  [
    "min_over_time",
    { columns: ["min"], apply: (window, { columns }) => least(window, columns.min) },
  ],
  [
    "max_over_time",
    { columns: ["max"], apply: (window, { columns }) => greatest(window, columns.max) },
  ],
  [
    "first_over_time",
    { columns: ["first"], apply: (window, { columns }) => columns.first[window.from] ?? 0 },
  ],
  ["last_over_time", { columns: [], apply: (window) => valueAt(window, window.to - 1) }],
  [
    "ts_of_first_over_time",
    {
      columns: ["firstMs"],
      apply: (window, { columns }) => (columns.firstMs[window.from] ?? 0) / 1_000,
    },
  ],
  [
    "ts_of_last_over_time",
    { columns: [], apply: (window) => timeAt(window, window.to - 1) / 1_000 },
  ],
  ["present_over_time", { columns: [], apply: () => 1 }],
  ["absent_over_time", { columns: [] }],
]);

/** The columns that a function of windows needs; undefined for one that buckets can't answer as samples do. */
export function columnsOf(name: string): readonly BucketColumn[] | undefined {
  return functions.get(name)?.columns;
}

export function bucketFunctionOf(name: string): BucketFunction | undefined {
  return functions.get(name)?.apply;
}

const nothing = new Float64Array(0);

export function columnsIn({ columns }: SeriesBuckets): BucketView["columns"] {
  return {
    count: columns.count ?? nothing,
    fine: columns.fine ?? nothing,
    sum: columns.sum ?? nothing,
    min: columns.min ?? nothing,
    max: columns.max ?? nothing,
    first: columns.first ?? nothing,
    firstMs: columns.firstMs ?? nothing,
    resets: columns.resets ?? nothing,
  };
}

/** As for samples: the last less the first, and what stood before each reset, within buckets and between them. */
function extrapolated(counter: boolean, perSecond: boolean): BucketFunction {
  return (window, { columns, askedMs }) => {
    const { from, to, rangeMs } = window;
    const firsts = columns.first;
    const { resets } = columns;
    const count = countIn(window, columns.count);
    if (count < 2) return noValue(window);
    // As averageDistance() of the samples, but for the fine ones outside of the others.
    const others = count - countIn(window, columns.fine);
    const first = firsts[from] ?? 0;
    let result = valueAt(window, to - 1) - first;
    if (counter) {
      for (let i = from; i < to; i++) {
        if (i > from) {
          const before = valueAt(window, i - 1);
          if ((firsts[i] ?? 0) < before) result += before;
        }
        // Nothing to add where there is none, so that infinities stay as they are.
        const within = resets[i] ?? 0;
        if (within !== 0) result += within;
      }
    }
    const firstMs = columns.firstMs[from] ?? 0;
    const lastMs = timeAt(window, to - 1);
    const average = (lastMs - firstMs) / 1_000 / ((others < 2 ? count : others) - 1);
    const factor = stretch(window, { firstMs, lastMs, average }, counter, first, result);
    if (perSecond) return result * (factor / (rangeMs / 1_000));
    return result * (askedMs === rangeMs ? factor : (factor * askedMs) / rangeMs);
  };
}

function total(window: Window, column: Float64Array): KahanSum {
  const sum: KahanSum = { sum: 0, lost: 0 };
  for (let i = window.from; i < window.to; i++) kahanAdd(sum, column[i] ?? 0);
  return sum;
}

function sumOverTime(window: Window, { columns, askedMs }: BucketView): number {
  const { sum, lost } = total(window, columns.sum);
  const whole = sum === Infinity || sum === -Infinity ? sum : sum + lost;
  return askedMs === window.rangeMs ? whole : (whole * askedMs) / window.rangeMs;
}

function countOverTime(window: Window, { columns, askedMs }: BucketView): number {
  const count = countIn(window, columns.count);
  return askedMs === window.rangeMs ? count : (count * askedMs) / window.rangeMs;
}

function countIn({ from, to }: Window, column: Float64Array): number {
  let count = 0;
  for (let i = from; i < to; i++) count += column[i] ?? 0;
  return count;
}

function avgOverTime(window: Window, { columns }: BucketView): number {
  const count = countIn(window, columns.count);
  const { sum, lost } = total(window, columns.sum);
  if (sum === Infinity || sum === -Infinity) return sum;
  return sum / count + lost / count;
}

/** NaN only where there is nothing else. */
function least({ from, to }: Window, column: Float64Array): number {
  let best = Number.NaN;
  for (let i = from; i < to; i++) {
    const value = column[i] ?? 0;
    if (value < best || Number.isNaN(best)) best = value;
  }
  return best;
}

function greatest({ from, to }: Window, column: Float64Array): number {
  let best = Number.NaN;
  for (let i = from; i < to; i++) {
    const value = column[i] ?? 0;
    if (value > best || Number.isNaN(best)) best = value;
  }
  return best;
}
