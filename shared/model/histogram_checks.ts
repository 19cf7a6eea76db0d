import { type Buckets, customSchema, type Histogram } from "./histogram.ts";

/** Buckets of a histogram; Prometheus's agents send a few hundred at most. */
export const histogramBucketsMax = 20_000;
const schemaMin = -4;
/** The finest that is kept; finer ones are reduced to it when they come in. */
export const schemaMax = 8;

/**
 * Whether this is a layout that can be evaluated: a known schema, indices and bounds that ascend, a threshold that is
 * a number. Checked wherever histograms come in.
 */
export function isValidHistogram(histogram: Histogram): boolean {
  const { schema, zeroThreshold, zeroCount, customValues, positive, negative } = histogram;
  if (positive.indices.length + negative.indices.length > histogramBucketsMax) return false;
  if (!isAscending(positive) || !isAscending(negative)) return false;
  if (schema !== customSchema) {
    const isKnown = Number.isInteger(schema) && schema >= schemaMin && schema <= schemaMax;
    return isKnown && customValues.length === 0 && zeroThreshold >= 0 && zeroThreshold < Infinity;
  }
  if (customValues.length > histogramBucketsMax) return false;
  if (zeroCount !== 0 || zeroThreshold !== 0 || negative.indices.length > 0) return false;
  if (
    !customValues.every(
      (bound, i) => Number.isFinite(bound) && bound > (customValues[i - 1] ?? -Infinity),
    )
  )
    return false;
  const [first = 0, last = 0] = [positive.indices[0], positive.indices.at(-1)];
  return first >= 0 && last <= customValues.length;
}

function isAscending({ indices, counts }: Buckets): boolean {
  if (indices.length !== counts.length) return false;
  for (let i = 1; i < indices.length; i++)
    if ((indices[i] ?? 0) <= (indices[i - 1] ?? 0)) return false;
  return true;
}
