import {
  type Buckets,
  bucketsOf,
  type CounterResetHint,
  emptyHistogram,
  type Histogram,
  noBuckets,
  usesCustomBuckets,
} from "./histogram.ts";
import { commonLayout, type Layout, layoutOf } from "./histogram_layout.ts";

type Sum = { sum: number; lost: number };
/** Two columns: the sums, and what their rounding lost. */
type SumSide = {
  readonly indices: Int32Array;
  readonly sums: Float64Array;
  readonly lost: Float64Array;
};

/** Neumaier's step of a compensated sum. */
function addTo(into: Sum, value: number): void {
  const { sum } = into;
  const after = sum + value;
  if (infinite(after)) into.lost = 0;
  else if (Math.abs(sum) >= Math.abs(value)) into.lost += sum - after + value;
  else into.lost += value - after + sum;
  into.sum = after;
}

function infinite(value: number): boolean {
  return value === Infinity || value === -Infinity;
}

function total({ sum, lost }: Sum): number {
  return sum + lost;
}

/** The hint of a sum: gauges make gauges, and counters that don't agree make one of which nothing is known. */
export function combineHints(a: CounterResetHint, b: CounterResetHint): CounterResetHint {
  if (a === b) return a;
  return a === "gauge" || b === "gauge" ? "gauge" : "unknown";
}

/**
 * A running sum of histograms of one kind, every number of it with its rounding error beside it. Layouts that differ are
 * brought to the finest one that all share.
 */
export class HistogramSum {
  #schema: number;
  #zeroThreshold: number;
  #customValues: readonly number[];
  #positive: SumSide;
  #negative: SumSide;
  #hint: CounterResetHint;
  readonly #zero: Sum;
  readonly #count: Sum;
  readonly #sum: Sum;
  readonly #seen = new Set<CounterResetHint>();
  #reconciled = false;

  constructor(first: Histogram) {
    this.#schema = first.schema;
    this.#zeroThreshold = first.zeroThreshold;
    this.#customValues = first.customValues;
    this.#positive = sumSide(first.positive);
    this.#negative = sumSide(first.negative);
    this.#hint = first.counterResetHint;
    this.#zero = { sum: first.zeroCount, lost: 0 };
    this.#count = { sum: first.count, lost: 0 };
    this.#sum = { sum: first.sum, lost: 0 };
    this.#seen.add(first.counterResetHint);
  }

  /** Whether custom bounds differed, so that some were given up. */
  get reconciledBounds(): boolean {
    return this.#reconciled;
  }

  /** Whether some histogram is known to be just after a counter reset and another is known not to be. */
  get conflictingResets(): boolean {
    return this.#seen.has("reset") && this.#seen.has("not_reset");
  }

  /** Adds (or with -1 subtracts). Returns false, having done nothing, for a histogram of the other kind of buckets. */
  add(other: Histogram, sign: 1 | -1 = 1): boolean {
    if (usesCustomBuckets(other) !== usesCustomBuckets({ schema: this.#schema })) return false;
    this.#seen.add(other.counterResetHint);
    this.#hint = combineHints(this.#hint, other.counterResetHint);
    const theirs = this.#alike(other) ? layoutOf(other) : this.#align(other);
    this.#positive = merged(this.#positive, theirs.positive, sign);
    this.#negative = merged(this.#negative, theirs.negative, sign);
    addTo(this.#zero, sign * (theirs.zero[0] ?? 0));
    addTo(this.#count, sign * other.count);
    addTo(this.#sum, sign * other.sum);
    return true;
  }

  #alike({ schema, zeroThreshold, customValues }: Histogram): boolean {
    return (
      schema === this.#schema &&
      zeroThreshold === this.#zeroThreshold &&
      customValues === this.#customValues
    );
  }

  #align(other: Histogram): Layout {
    const own = {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zero: [this.#zero.sum, this.#zero.lost],
      positive: columnsOf(this.#positive),
      negative: columnsOf(this.#negative),
      customValues: this.#customValues,
    };
    const { a, b, reconciledBounds } = commonLayout(own, layoutOf(other));
    this.#reconciled ||= reconciledBounds;
    this.#schema = a.schema;
    this.#zeroThreshold = a.zeroThreshold;
    this.#customValues = a.customValues;
    this.#positive = fromColumns(a.positive);
    this.#negative = fromColumns(a.negative);
    this.#zero.sum = a.zero[0] ?? 0;
    this.#zero.lost = a.zero[1] ?? 0;
    return b;
  }

  /** Multiplies everything but the layout. */
  scale(factor: number): void {
    for (const number of [this.#zero, this.#count, this.#sum]) {
      number.sum *= factor;
      number.lost *= factor;
    }
    for (const { sums, lost } of [this.#positive, this.#negative]) {
      for (let i = 0; i < sums.length; i++) {
        sums[i] = (sums[i] ?? 0) * factor;
        lost[i] = (lost[i] ?? 0) * factor;
      }
    }
  }

  /** Whether any number of it is infinite. */
  get overflowed(): boolean {
    return (
      [this.#zero, this.#count, this.#sum].some(({ sum }) => infinite(sum)) ||
      this.#positive.sums.some(infinite) ||
      this.#negative.sums.some(infinite)
    );
  }

  result(): Histogram {
    return {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount: total(this.#zero),
      count: total(this.#count),
      sum: total(this.#sum),
      positive: totals(this.#positive),
      negative: totals(this.#negative),
      customValues: this.#customValues,
      counterResetHint: this.#hint,
    };
  }
}

function sumSide({ indices, counts }: Buckets): SumSide {
  return { indices, sums: counts.slice(), lost: new Float64Array(counts.length) };
}

function columnsOf({ indices, sums, lost }: SumSide): Layout["positive"] {
  return { indices, columns: [sums, lost] };
}

function fromColumns({ indices, columns }: Layout["positive"]): SumSide {
  const [sums = new Float64Array(0), lost = new Float64Array(0)] = columns;
  return { indices, sums, lost };
}

function totals({ indices, sums, lost }: SumSide): Buckets {
  if (indices.length === 0) return noBuckets;
  return bucketsOf(
    indices,
    sums.map((sum, i) => sum + (lost[i] ?? 0)),
  );
}

function sameIndices(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function merged(into: SumSide, { indices, columns }: Layout["positive"], sign: 1 | -1): SumSide {
  const counts = columns[0] ?? new Float64Array(0);
  if (counts.length === 0) return into;
  const cell: Sum = { sum: 0, lost: 0 };
  const target = sameIndices(into.indices, indices) ? into : widened(into, indices);
  for (let i = 0, at = 0; i < counts.length; i++) {
    while (target.indices[at] !== indices[i]) at++;
    cell.sum = target.sums[at] ?? 0;
    cell.lost = target.lost[at] ?? 0;
    addTo(cell, sign * (counts[i] ?? 0));
    target.sums[at] = cell.sum;
    target.lost[at] = cell.lost;
  }
  return target;
}

/** A copy with room for other indices too. */
function widened(side: SumSide, others: Int32Array): SumSide {
  const indices = new Int32Array(side.indices.length + others.length);
  const sums = new Float64Array(indices.length);
  const lost = new Float64Array(indices.length);
  let length = 0;
  let [a, b] = [0, 0];
  while (a < side.indices.length || b < others.length) {
    const own = side.indices[a] ?? Infinity;
    const other = others[b] ?? Infinity;
    indices[length] = Math.min(own, other);
    if (own <= other) {
      sums[length] = side.sums[a] ?? 0;
      lost[length] = side.lost[a++] ?? 0;
    }
    if (other <= own) b++;
    length++;
  }
  return {
    indices: indices.subarray(0, length),
    sums: sums.subarray(0, length),
    lost: lost.subarray(0, length),
  };
}

/** Outcome of an operation on two histograms. */
export type Combined = {
  readonly histogram: Histogram;
  readonly reconciledBounds: boolean;
  readonly conflictingResets: boolean;
};

/** a + b; undefined where one has exponential and the other custom buckets. */
export function addHistograms(a: Histogram, b: Histogram): Combined | undefined {
  return combined(a, b, 1);
}

/** a - b, always a gauge, since it may be negative; undefined as for addition. */
export function subtractHistograms(a: Histogram, b: Histogram): Combined | undefined {
  const difference = combined(a, b, -1);
  if (difference === undefined) return undefined;
  const histogram: Histogram = { ...difference.histogram, counterResetHint: "gauge" };
  return { ...difference, histogram };
}

function combined(a: Histogram, b: Histogram, sign: 1 | -1): Combined | undefined {
  const sum = new HistogramSum(a);
  if (!sum.add(b, sign)) return undefined;
  const { reconciledBounds, conflictingResets } = sum;
  return { histogram: sum.result(), reconciledBounds, conflictingResets };
}

function scaledBuckets({ indices, counts }: Buckets, compute: (count: number) => number): Buckets {
  return bucketsOf(indices, counts.map(compute));
}

/** Every count and the sum times a factor; negative factors make a gauge. */
export function multiplyHistogram(histogram: Histogram, factor: number): Histogram {
  const times = (value: number): number => value * factor;
  return {
    ...histogram,
    zeroCount: times(histogram.zeroCount),
    count: times(histogram.count),
    sum: times(histogram.sum),
    positive: scaledBuckets(histogram.positive, times),
    negative: scaledBuckets(histogram.negative, times),
    counterResetHint: factor < 0 ? "gauge" : histogram.counterResetHint,
  };
}

/** Every count and the sum by a divisor. By zero no regular buckets are left. */
export function divideHistogram(histogram: Histogram, divisor: number): Histogram {
  const by = (value: number): number => value / divisor;
  const { positive, negative } = histogram;
  return {
    ...histogram,
    zeroCount: by(histogram.zeroCount),
    count: by(histogram.count),
    sum: by(histogram.sum),
    positive: divisor === 0 ? noBuckets : scaledBuckets(positive, by),
    negative: divisor === 0 ? noBuckets : scaledBuckets(negative, by),
    counterResetHint: divisor < 0 ? "gauge" : histogram.counterResetHint,
  };
}

/** Nothing observed, in the layout of another. */
export function clearedHistogram({ schema, customValues, zeroThreshold }: Histogram): Histogram {
  return { ...emptyHistogram, schema, customValues, zeroThreshold };
}
