import { type Buckets, bucketsOf, type Histogram, noBuckets } from "./histogram.ts";
import { histogramBucketsMax, isValidHistogram, schemaMax } from "./histogram_checks.ts";
import { histogramFromLayout, layoutOf, reduceResolution } from "./histogram_layout.ts";

/** A run of neighbouring buckets: the first run's offset is its index, later ones' are the gap to the run before. */
export type BucketSpan = { readonly offset: number; readonly length: number };

const finestSchema = 52;
/** Beyond the last bucket of every schema, and well within 32 bits. */
const indexMax = 2 ** 30;

/** Buckets as Prometheus's protocols carry them. Undefined where spans and counts don't fit together, or are too many. */
export function bucketsOfSpans(
  spans: readonly BucketSpan[],
  counts: readonly number[],
): Buckets | undefined {
  if (spans.length > histogramBucketsMax) return undefined;
  let length = 0;
  for (const span of spans) length += span.length;
  if (length !== counts.length || length > histogramBucketsMax) return undefined;
  if (length === 0) return noBuckets;
  const indices = new Int32Array(length);
  let [index, at] = [0, 0];
  for (const [i, span] of spans.entries()) {
    if (i > 0 && span.offset < 0) return undefined;
    index += span.offset;
    if (Math.abs(index) > indexMax) return undefined;
    for (let left = span.length; left > 0; left--) indices[at++] = index++;
  }
  return bucketsOf(indices, Float64Array.from(counts));
}

/** The runs that hold the buckets, without any between: what bucketsOfSpans() reads. */
export function spansOfBuckets({ indices }: Buckets): BucketSpan[] {
  const spans: BucketSpan[] = [];
  let end = 0;
  for (let at = 0; at < indices.length;) {
    const first = indices[at] ?? 0;
    let length = 1;
    while (indices[at + length] === first + length) length++;
    spans.push({ offset: first - end, length });
    end = first + length;
    at += length;
  }
  return spans;
}

/** Counts as differences, each to the one before, as sums. */
export function countsOfDeltas(deltas: readonly number[]): number[] {
  let count = 0;
  return deltas.map((delta) => (count += delta));
}

/**
 * What comes in, ready to be stored: undefined where it is none that can be evaluated (isValidHistogram) or counts are
 * negative. Schemas finer than 8 are reduced to it. Hints but "gauge" are forgotten: they are true of the sender's
 * sample before this one only, which may not have come.
 */
export function checkedHistogram(histogram: Histogram): Histogram | undefined {
  const known = reduced(histogram);
  const { count, zeroCount, positive, negative } = known;
  if (isNegative(count) || isNegative(zeroCount)) return undefined;
  if (positive.counts.some(isNegative) || negative.counts.some(isNegative)) return undefined;
  if (!isValidHistogram(known)) return undefined;
  if (known.counterResetHint === "gauge") return known;
  return { ...known, counterResetHint: "unknown" };
}

function reduced(histogram: Histogram): Histogram {
  const { schema } = histogram;
  if (!(schema > schemaMax && schema <= finestSchema)) return histogram;
  return histogramFromLayout(histogram, reduceResolution(layoutOf(histogram), schemaMax));
}

function isNegative(count: number): boolean {
  return count < 0;
}
