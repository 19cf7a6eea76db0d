import {
  type BucketColumns,
  bucketColumns,
  type Histogram,
  noBuckets,
  usesCustomBuckets,
} from "./histogram.ts";

/** Buckets between whose bounds one can interpolate: a zero bucket beside buckets of one sign is on that side of zero. */
function biased(histogram: Histogram): BucketColumns {
  const columns = bucketColumns(histogram);
  const { lower, upper, zeroAt } = columns;
  if (zeroAt < 0) return columns;
  const [negative, positive] = [zeroAt > 0, lower.length > zeroAt + 1];
  if (positive && !negative) lower[zeroAt] = 0;
  if (negative && !positive) upper[zeroAt] = 0;
  return columns;
}

/** The value that lies a share into a bucket: on a logarithmic scale, but in zero and custom buckets on a linear one. */
function valueAt(linear: boolean, lower: number, upper: number, share: number): number {
  if (linear) return lower + (upper - lower) * share;
  const [low, high] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  const size = 2 ** (low + (high - low) * share);
  return lower > 0 ? size : -size;
}

/** Which share of a bucket lies below a value inside it; the inverse of valueAt. */
function shareBelow(linear: boolean, lower: number, upper: number, value: number): number {
  if (linear) return (value - lower) / (upper - lower);
  const [low, high] = [Math.log2(Math.abs(lower)), Math.log2(Math.abs(upper))];
  return (Math.log2(Math.abs(value)) - low) / (high - low);
}

export type QuantileEstimate = {
  readonly value: number;
  /** Whether NaN observations (they make the sum NaN) moved the result up, or left none. */
  readonly nans: "none" | "skewed" | "all";
};

/**
 * The value that a share q of the observations doesn't exceed. -Inf for q < 0, +Inf for q > 1, NaN for q NaN and without
 * observations. NaN observations count as greater than all others.
 */
export function histogramQuantile(q: number, histogram: Histogram): QuantileEstimate {
  if (q < 0) return { value: -Infinity, nans: "none" };
  if (q > 1) return { value: Infinity, nans: "none" };
  if (histogram.count === 0 || Number.isNaN(q)) return { value: Number.NaN, nans: "none" };
  const hasNans = Number.isNaN(histogram.sum);
  // From the nearer end, so that rounding adds up less; where NaNs stand above all, only from below.
  const upward = hasNans || q < 0.5;
  const columns = biased(histogram);
  const rank = (upward ? q : 1 - q) * histogram.count;
  const { at, reached } = search(columns, rank, upward);
  const count = Math.min(reached, histogram.count);
  if (hasNans && (at === -1 || count < rank)) return { value: Number.NaN, nans: "all" };
  const nans = hasNans ? "skewed" : "none";
  return { value: inBucket(histogram, columns, at, count, rank, upward), nans };
}

/** The bucket in which a rank is reached, and the observations up to its far end; else the last one. */
function search({ counts }: BucketColumns, rank: number, upward: boolean) {
  let at = -1;
  let reached = 0;
  for (let i = 0; i < counts.length; i++) {
    const bucket = upward ? i : counts.length - 1 - i;
    if (counts[bucket] === 0) continue;
    at = bucket;
    reached += counts[bucket] ?? 0;
    if (reached >= rank) break;
  }
  return { at, reached };
}

function inBucket(
  histogram: Histogram,
  { lower, upper, counts, zeroAt }: BucketColumns,
  at: number,
  reached: number,
  rank: number,
  upward: boolean,
): number {
  if (at === -1) return Number.NaN;
  let low = lower[at] ?? 0;
  const high = upper[at] ?? 0;
  const custom = usesCustomBuckets(histogram);
  if (custom && low === -Infinity) {
    if (high <= 0) return high;
    low = 0;
  } else if (custom && high === Infinity) return low;
  const bucket = counts[at] ?? 0;
  const share = (upward ? rank - (reached - bucket) : reached - rank) / bucket;
  return valueAt(custom || at === zeroAt, low, high, share);
}

export type FractionEstimate = { readonly value: number; readonly hasNans: boolean };

/** The share of observations in (lower, upper]; NaN without observations and for NaN bounds. */
export function histogramFraction(
  lower: number,
  upper: number,
  histogram: Histogram,
): FractionEstimate {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) {
    return { value: Number.NaN, hasNans: false };
  }
  if (lower >= upper) return { value: 0, hasNans: false };
  const hasNans = Number.isNaN(histogram.sum);
  const columns = biased(histogram);
  // NaN observations are in the count and in no bucket.
  const most = hasNans ? columns.counts.reduce((a, b) => a + b, 0) : histogram.count;
  const rank = (value: number): number => Math.min(rankOf(histogram, columns, value, most), most);
  return { value: (rank(upper) - rank(lower)) / histogram.count, hasNans };
}

function rankOf(
  histogram: Histogram,
  { lower, upper, counts, zeroAt }: BucketColumns,
  value: number,
  most: number,
): number {
  const custom = usesCustomBuckets(histogram);
  let rank = 0;
  for (let i = 0; i < counts.length; i++) {
    let low = lower[i] ?? 0;
    const high = upper[i] ?? 0;
    const count = counts[i] ?? 0;
    if (custom && low === -Infinity && high > 0) low = 0;
    if (low >= value) return rank;
    if (high > value) {
      // Where a bucket has no lower bound, nothing can be interpolated: all of it is below.
      if (low === -Infinity) return rank + count;
      return rank + count * shareBelow(custom || i === zeroAt, low, high, value);
    }
    rank += count;
  }
  return most;
}

/** The estimated variance, every observation taken for the middle of its bucket. */
export function histogramVariance(histogram: Histogram): number {
  const { lower, upper, counts, zeroAt } = bucketColumns(histogram);
  const mean = histogram.sum / histogram.count;
  const custom = usesCustomBuckets(histogram);
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count === 0) continue;
    const middle = middleOf(custom || i === zeroAt, lower[i] ?? 0, upper[i] ?? 0);
    const value = count * (middle - mean) ** 2;
    const total = sum + value;
    if (Number.isFinite(total)) {
      lost += sum >= value ? sum - total + value : value - total + sum;
    }
    sum = total;
  }
  return (sum + lost) / histogram.count;
}

/** The arithmetic mean of linear bounds, the geometric one of logarithmic bounds. */
function middleOf(linear: boolean, lower: number, upper: number): number {
  if (linear) return lower / 2 + upper / 2;
  const size = Math.sqrt(Math.abs(lower)) * Math.sqrt(Math.abs(upper));
  return lower < 0 ? -size : size;
}

/**
 * Keeps the observations up to `cut` ("upper" side removed) or from it on ("lower" removed). Inside a bucket it
 * interpolates; a bucket without a bound on one side is kept or removed as a whole. Where nothing is removed the histogram
 * is returned as it is; else count and sum are those of the buckets that are left.
 */
export function trimHistogram(
  histogram: Histogram,
  cut: number,
  removed: "upper" | "lower",
): Histogram {
  const columns = biased(histogram);
  const { lower, upper, counts, zeroAt } = columns;
  const custom = usesCustomBuckets(histogram);
  const kept = new Float64Array(counts.length);
  let [count, sum, changed] = [0, 0, false];
  for (let i = 0; i < counts.length; i++) {
    const before = counts[i] ?? 0;
    const bounds = { lower: lower[i] ?? 0, upper: upper[i] ?? 0, linear: custom || i === zeroAt };
    const part = trimBucket(bounds, cut, removed);
    kept[i] = part.share * before;
    if (part.share !== 1 && before !== 0) changed = true;
    count += kept[i] ?? 0;
    if (kept[i] !== 0) sum += part.middle * (kept[i] ?? 0);
  }
  if (!changed) return histogram;
  const from = zeroAt + 1;
  const pick = (indices: Int32Array, at: (i: number) => number) => {
    const left = Array.from(indices, (index, i) => ({ index, count: kept[at(i)] ?? 0 })).filter(
      (bucket) => bucket.count !== 0,
    );
    if (left.length === 0) return noBuckets;
    return {
      indices: Int32Array.from(left, (bucket) => bucket.index),
      counts: Float64Array.from(left, (bucket) => bucket.count),
    };
  };
  return {
    ...histogram,
    count,
    sum,
    zeroCount: zeroAt < 0 ? 0 : (kept[zeroAt] ?? 0),
    positive: pick(histogram.positive.indices, (i) => from + i),
    negative: pick(histogram.negative.indices, (i) => zeroAt - 1 - i),
  };
}

type Bounds = { readonly lower: number; readonly upper: number; readonly linear: boolean };

/** Which share of a bucket stays, and the middle of what stays. */
type Kept = { readonly share: number; readonly middle: number };

const nothing: Kept = { share: 0, middle: 0 };

function whole(middle: number): Kept {
  return { share: 1, middle };
}

function trimBucket(
  { lower, upper, linear }: Bounds,
  cut: number,
  removed: "upper" | "lower",
): Kept {
  const keepsLow = removed === "upper";
  if (upper === Infinity) {
    // Only everything, or from its lower bound (or the cut inside it) on.
    if (cut === (keepsLow ? Infinity : -Infinity)) return whole(0);
    if (keepsLow || cut === Infinity || lower === -Infinity) return nothing;
    return whole(Math.max(lower, cut));
  }
  let low = lower;
  if (lower === -Infinity) {
    if (cut === -Infinity) return keepsLow ? nothing : whole(upper);
    if (upper <= 0) return keepsLow ? whole(Math.min(upper, cut)) : nothing;
    // A first bucket with a positive bound is taken to begin at zero.
    if (!keepsLow && cut < 0) return nothing;
    low = 0;
  }
  if (keepsLow ? cut >= upper : cut <= low) return whole(middleOf(linear, low, upper));
  if (keepsLow ? cut <= low : cut >= upper) return nothing;
  if (Number.isNaN(cut)) return nothing;
  const below = shareBelow(linear, low, upper, cut);
  return keepsLow
    ? { share: below, middle: middleOf(linear, low, cut) }
    : { share: 1 - below, middle: middleOf(linear, cut, upper) };
}
