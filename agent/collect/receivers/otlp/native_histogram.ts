import type {
  ExponentialHistogramDataPoint,
  ExponentialHistogramDataPoint_Buckets,
  HistogramDataPoint,
} from "#proto/gen/foreign/otlp_metrics_pb.js";
import {
  type Buckets,
  bucketsOf,
  customSchema,
  denseBuckets,
  type Histogram,
  noBuckets,
} from "#shared/model/histogram.ts";
import { histogramBucketsMax, schemaMax } from "#shared/model/histogram_checks.ts";
import { checkedHistogram } from "#shared/model/histogram_spans.ts";
import { PointRejectedError } from "./point_writer.ts";

const scaleMin = -4;
/** Beyond the last bucket of every scale, and well within 32 bits. */
const offsetMax = 2 ** 30;
/** Where a point names no threshold, as in Prometheus. */
const zeroThresholdDefault = 1e-128;

/**
 * An exponential histogram as a native one (opentelemetry.io, compatibility with Prometheus; Prometheus's
 * otlptranslator): scales over 8 are merged to 8, bucket i of OTLP is i + 1, min and max are not kept, no sum is 0. Throws
 * PointRejectedError for one that makes no sense, or is coarser than scale -4.
 */
export function exponentialHistogram(point: ExponentialHistogramDataPoint): Histogram {
  const { scale, positive, negative } = point;
  if (scale < scaleMin)
    throw new PointRejectedError(
      "unsupported_histogram",
      `scale is ${scale}, expected at least ${scaleMin}`,
    );
  // A shift takes 5 bits only; all that can be told apart is gone by then.
  const shift = Math.min(31, Math.max(0, scale - schemaMax));
  return checked({
    schema: Math.min(scale, schemaMax),
    zeroThreshold: point.zeroThreshold === 0 ? zeroThresholdDefault : point.zeroThreshold,
    zeroCount: Number(point.zeroCount),
    count: Number(point.count),
    sum: point.sum ?? 0,
    positive: sideOf(positive, shift),
    negative: sideOf(negative, shift),
    customValues: [],
    counterResetHint: "unknown",
  });
}

function sideOf(side: ExponentialHistogramDataPoint_Buckets | undefined, shift: number): Buckets {
  const counts = side?.bucketCounts ?? [];
  const offset = side?.offset ?? 0;
  if (counts.length === 0) return noBuckets;
  checkLength(counts.length);
  if (Math.abs(offset) > offsetMax)
    throw new PointRejectedError("invalid_sample", `offset ${offset} is beyond every bucket`);
  const indices = new Int32Array(counts.length);
  const sums = new Float64Array(counts.length);
  let length = 0;
  for (let i = 0; i < counts.length; i++) {
    const count = Number(counts[i]);
    if (count === 0) continue;
    const index = ((offset + i) >> shift) + 1;
    if (length === 0 || indices[length - 1] !== index) indices[length++] = index;
    sums[length - 1] = (sums[length - 1] ?? 0) + count;
  }
  return bucketsOf(indices.slice(0, length), sums.slice(0, length));
}

/** A histogram with explicit bounds as a native one with custom buckets. Throws PointRejectedError as above. */
export function customHistogram(point: HistogramDataPoint): Histogram {
  const { explicitBounds: bounds, bucketCounts: counts } = point;
  checkLength(counts.length);
  return checked({
    schema: customSchema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: Number(point.count),
    sum: point.sum ?? 0,
    // Without buckets all there is to know is the count: it stands in the one that is open at both ends.
    positive: denseBuckets(0, counts.length === 0 ? [Number(point.count)] : counts.map(Number)),
    negative: noBuckets,
    // A bound at infinity is there without being named.
    customValues: bounds.at(-1) === Infinity ? bounds.slice(0, -1) : bounds,
    counterResetHint: "unknown",
  });
}

function checkLength(length: number): void {
  if (length > histogramBucketsMax)
    throw new PointRejectedError(
      "invalid_sample",
      `${length} buckets, at most ${histogramBucketsMax}`,
    );
}

function checked(histogram: Histogram): Histogram {
  const { count, sum, zeroCount, positive, negative } = histogram;
  const inBuckets = zeroCount + totalOf(positive) + totalOf(negative);
  // Observations of NaN are counted and in no bucket; they make the sum NaN.
  const fits = Number.isNaN(sum) ? inBuckets <= count : inBuckets === count;
  if (!fits && count <= Number.MAX_SAFE_INTEGER)
    throw new PointRejectedError(
      "invalid_sample",
      `the count is ${count}, but ${inBuckets} observations are in buckets`,
    );
  const known = checkedHistogram(histogram);
  if (known === undefined)
    throw new PointRejectedError("invalid_sample", "bounds or thresholds of buckets make no sense");
  return known;
}

function totalOf({ counts }: Buckets): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
