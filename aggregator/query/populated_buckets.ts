import { bucketColumns, type Histogram } from "#shared/model/histogram.ts";

/** Which bounds a bucket holds itself, in Prometheus's numbers. */
const openLeft = 0;
const openRight = 1;
const closed = 3;

/** Buckets that hold observations as parallel columns, ascending in value. */
export type PopulatedBuckets = {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly counts: Float64Array;
  /** Which of its bounds each holds itself: 0 the upper, 1 the lower, 3 both. */
  readonly bounds: Uint8Array;
};

/** Of a histogram those that answers tell of. */
export function populatedBuckets(histogram: Histogram): PopulatedBuckets {
  const { lower, upper, counts, zeroAt } = bucketColumns(histogram);
  const bounds = new Uint8Array(counts.length);
  for (let i = 0; i < counts.length; i++)
    bounds[i] = i === zeroAt ? closed : i < zeroAt ? openRight : openLeft;
  if (!counts.includes(0)) return { lower, upper, counts, bounds };
  const isPopulated = (_: number, i: number): boolean => counts[i] !== 0;
  return {
    lower: lower.filter(isPopulated),
    upper: upper.filter(isPopulated),
    counts: counts.filter(isPopulated),
    bounds: bounds.filter(isPopulated),
  };
}
