/**
 * Whether a histogram is known to stand before (`not_reset`) or after (`reset`) a counter reset as seen from the sample
 * before it, is no counter at all (`gauge`), or none of these is known.
 */
export type CounterResetHint = "unknown" | "reset" | "not_reset" | "gauge";

/** Populated buckets of one side. Parallel arrays; no count is 0. */
export type Buckets = {
  /** Ascending. */
  readonly indices: Int32Array;
  readonly counts: Float64Array;
};

/**
 * A native histogram with float counts, as Prometheus defines it (prometheus.io/docs/specs/native_histograms).
 *
 * With an exponential schema (-4 to 8), positive bucket i holds (b^(i-1), b^i] where b = 2^(2^-schema), negative buckets
 * mirror that, and observations within zeroThreshold of zero are in the zero bucket. With custom buckets (schema -53)
 * positive bucket i ends at customValues[i], inclusive; the first begins at -Inf, the last ends at +Inf, and there are no
 * negative and no zero buckets. Never changed once made: shared with caches and between evaluations.
 */
export type Histogram = {
  readonly schema: number;
  /** Not negative. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  /** All observations, NaN ones included, which are in no bucket. */
  readonly count: number;
  readonly sum: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  /** Finite upper bounds, ascending; empty unless the schema is customSchema. */
  readonly customValues: readonly number[];
  readonly counterResetHint: CounterResetHint;
};

/** Beside a column of values: where an entry is a histogram, the value at that place counts for nothing. */
export type HistogramColumn = readonly (Histogram | undefined)[];

export const customSchema = -53;

export const noBuckets: Buckets = { indices: new Int32Array(0), counts: new Float64Array(0) };

/** Nothing observed, one bucket wide open (schema 0, no zero bucket); to be spread and changed. */
export const emptyHistogram: Histogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positive: noBuckets,
  negative: noBuckets,
  customValues: [],
  counterResetHint: "unknown",
};

export function usesCustomBuckets({ schema }: { readonly schema: number }): boolean {
  return schema === customSchema;
}

/** Drops buckets without observations. `indices` must ascend; the arrays are not kept. */
export function bucketsOf(indices: Int32Array, counts: Float64Array): Buckets {
  let populated = 0;
  for (const count of counts) if (count !== 0) populated++;
  if (populated === counts.length) return { indices, counts };
  if (populated === 0) return noBuckets;
  const kept = { indices: new Int32Array(populated), counts: new Float64Array(populated) };
  for (let i = 0, to = 0; i < counts.length; i++) {
    const count = counts[i] ?? 0;
    if (count === 0) continue;
    kept.indices[to] = indices[i] ?? 0;
    kept.counts[to++] = count;
  }
  return kept;
}

/** Counts of neighbouring buckets from index `first` on. */
export function denseBuckets(first: number, counts: readonly number[]): Buckets {
  return bucketsOf(
    Int32Array.from(counts, (_, i) => first + i),
    Float64Array.from(counts),
  );
}

/** The upper bound of a positive bucket of an exponential schema. The last finite one ends at the greatest double. */
export function exponentialBound(index: number, schema: number): number {
  const exponent = index * 2 ** -schema;
  if (exponent === 1_024) return Number.MAX_VALUE;
  const whole = Math.floor(exponent);
  return whole === exponent ? 2 ** exponent : 2 ** whole * 2 ** (exponent - whole);
}

function upperBound(histogram: BoundsOf, index: number): number {
  if (histogram.schema !== customSchema) return exponentialBound(index, histogram.schema);
  return histogram.customValues[index] ?? Infinity;
}

function lowerBound(histogram: BoundsOf, index: number): number {
  if (histogram.schema !== customSchema) return exponentialBound(index - 1, histogram.schema);
  return histogram.customValues[index - 1] ?? -Infinity;
}

type BoundsOf = { readonly schema: number; readonly customValues: readonly number[] };

/** All populated buckets of a histogram as parallel columns, ascending in value. */
export type BucketColumns = {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly counts: Float64Array;
  /** Where the zero bucket stands, populated or not; -1 with custom buckets. Negative buckets stand before it, last first. */
  readonly zeroAt: number;
};

export function bucketColumns(histogram: Histogram): BucketColumns {
  const { positive, negative, zeroThreshold, zeroCount } = histogram;
  const zeroAt = usesCustomBuckets(histogram) ? -1 : negative.counts.length;
  const from = zeroAt + 1;
  const length = from + positive.counts.length;
  const lower = new Float64Array(length);
  const upper = new Float64Array(length);
  const counts = new Float64Array(length);
  for (let i = 0; i < zeroAt; i++) {
    const index = negative.indices[zeroAt - 1 - i] ?? 0;
    lower[i] = -upperBound(histogram, index);
    upper[i] = -lowerBound(histogram, index);
    counts[i] = negative.counts[zeroAt - 1 - i] ?? 0;
  }
  if (zeroAt >= 0) {
    lower[zeroAt] = -zeroThreshold;
    upper[zeroAt] = zeroThreshold;
    counts[zeroAt] = zeroCount;
  }
  for (let i = from; i < length; i++) {
    const index = positive.indices[i - from] ?? 0;
    lower[i] = lowerBound(histogram, index);
    upper[i] = upperBound(histogram, index);
    counts[i] = positive.counts[i - from] ?? 0;
  }
  return { lower, upper, counts, zeroAt };
}

/** How many plain samples a histogram weighs, for limits on memory: 16 bytes each. */
export function sampleWeight({ positive, negative, customValues }: Histogram): number {
  const buckets = positive.counts.length + negative.counts.length;
  return Math.ceil((144 + buckets * 12 + customValues.length * 8) / 16);
}

/** Samples of a column of values and histograms, a histogram by its weight. */
export function columnWeight(length: number, histograms: HistogramColumn | undefined): number {
  if (histograms === undefined) return length;
  let weight = length;
  for (const histogram of histograms) {
    if (histogram !== undefined) weight += sampleWeight(histogram) - 1;
  }
  return weight;
}

/** NaN is the same as NaN. */
export function sameNumber(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

export function sameCustomValues(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => value === b[i]));
}

function sameBuckets(a: Buckets, b: Buckets): boolean {
  if (a.counts.length !== b.counts.length) return false;
  for (let i = 0; i < a.counts.length; i++) {
    if (a.indices[i] !== b.indices[i] || !sameNumber(a.counts[i] ?? 0, b.counts[i] ?? 0))
      return false;
  }
  return true;
}

/** Same layout and same numbers, NaN being equal to NaN; the hint about counter resets doesn't matter. */
export function equalHistograms(a: Histogram, b: Histogram): boolean {
  return (
    a.schema === b.schema &&
    sameNumber(a.count, b.count) &&
    sameNumber(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    sameNumber(a.zeroCount, b.zeroCount) &&
    sameCustomValues(a.customValues, b.customValues) &&
    sameBuckets(a.positive, b.positive) &&
    sameBuckets(a.negative, b.negative)
  );
}
