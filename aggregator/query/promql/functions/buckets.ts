/** A cumulative bucket of a classic histogram: how many observations were at most upperBound. */
export type Bucket = { readonly upperBound: number; count: number };

export type BucketQuantile = {
  readonly quantile: number;
  /** Set where counts fell from one bucket to the next by more than rounding and had to be lifted. */
  readonly forced?: {
    readonly minBucket: number;
    readonly maxBucket: number;
    readonly maxDiff: number;
  };
};

/** Relative difference of counts that is rounding and nothing else. */
const rounding = 1e-12;

/** Sorts `buckets` in place. NaN without a +Inf bucket, without observations, or with the +Inf bucket alone. */
export function bucketQuantile(q: number, buckets: Bucket[]): BucketQuantile {
  if (Number.isNaN(q)) return { quantile: Number.NaN };
  if (q < 0) return { quantile: -Infinity };
  if (q > 1) return { quantile: Infinity };
  const sorted = coalesced(buckets);
  if (sorted === undefined) return { quantile: Number.NaN };
  const forced = makeMonotonic(sorted);
  const quantile = interpolated(q, sorted);
  return forced === undefined ? { quantile } : { quantile, forced };
}

/** One bucket a bound, ascending, or undefined where the last is not +Inf. */
function coalesced(buckets: Bucket[]): Bucket[] | undefined {
  buckets.sort((a, b) => (a.upperBound < b.upperBound ? -1 : Number(a.upperBound > b.upperBound)));
  if (buckets.at(-1)?.upperBound !== Infinity) return undefined;
  const out: Bucket[] = [];
  for (const bucket of buckets) {
    const last = out.at(-1);
    if (last?.upperBound === bucket.upperBound) last.count += bucket.count;
    else out.push({ ...bucket });
  }
  return out;
}

function interpolated(q: number, buckets: readonly Bucket[]): number {
  const last = buckets.length - 1;
  const observations = buckets[last]?.count ?? 0;
  if (buckets.length < 2 || observations === 0) return Number.NaN;
  let rank = q * observations;
  let at = 0;
  while (at < last && !((buckets[at]?.count ?? 0) >= rank)) at++;
  const before = buckets[at - 1];
  const bucket = buckets[at];
  if (bucket === undefined) return Number.NaN;
  if (at === last) return before?.upperBound ?? Number.NaN;
  if (before === undefined && bucket.upperBound <= 0) return bucket.upperBound;
  const start = before?.upperBound ?? 0;
  let { count } = bucket;
  if (before !== undefined) {
    count -= before.count;
    rank -= before.count;
  }
  return start + (bucket.upperBound - start) * (rank / count);
}

function almostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  const sum = Math.abs(a) + Math.abs(b);
  const difference = Math.abs(a - b);
  if (a === 0 || b === 0 || sum < Number.MIN_VALUE * 2 ** 52)
    return difference < rounding * 2 ** -1022;
  return difference / Math.min(sum, Number.MAX_VALUE) < rounding;
}

function makeMonotonic(buckets: readonly Bucket[]): BucketQuantile["forced"] {
  let previous = buckets[0]?.count ?? 0;
  let minBucket = Infinity;
  let maxBucket = -Infinity;
  let maxDiff = 0;
  for (const bucket of buckets.slice(1)) {
    const { count, upperBound } = bucket;
    if (count === previous) continue;
    if (almostEqual(previous, count)) {
      bucket.count = previous;
      continue;
    }
    if (!(count < previous)) {
      previous = count;
      continue;
    }
    bucket.count = previous;
    minBucket = Math.min(minBucket, upperBound);
    maxBucket = Math.max(maxBucket, upperBound);
    maxDiff = Math.max(maxDiff, previous - count);
  }
  return minBucket === Infinity && maxBucket === -Infinity
    ? undefined
    : { minBucket, maxBucket, maxDiff };
}

/** The share of observations in (lower, upper]; sorts `buckets` in place. */
export function bucketFraction(lower: number, upper: number, buckets: Bucket[]): number {
  const sorted = coalesced(buckets);
  const count = sorted?.at(-1)?.count ?? 0;
  if (sorted === undefined || count === 0 || Number.isNaN(lower) || Number.isNaN(upper))
    return Number.NaN;
  if (lower >= upper) return 0;
  return (rankOf(upper, sorted, count) - rankOf(lower, sorted, count)) / count;
}

/** How many observations lie below a value, interpolated inside its bucket. */
function rankOf(value: number, buckets: readonly Bucket[], count: number): number {
  let rank = 0;
  let lowerBound = (buckets[0]?.upperBound ?? 0) <= 0 ? -Infinity : 0;
  for (const bucket of buckets) {
    if (lowerBound >= value) return Math.min(rank, count);
    if (bucket.upperBound > value) {
      // Inside a bucket without a lower bound nothing can be interpolated.
      if (lowerBound === -Infinity) return Math.min(bucket.count, count);
      const share = (value - lowerBound) / (bucket.upperBound - lowerBound);
      return Math.min(rank + (bucket.count - rank) * share, count);
    }
    rank = bucket.count;
    lowerBound = bucket.upperBound;
  }
  return count;
}
