import { canonicalFloat } from "#shared/text/exposition/go_float.ts";
import { type Family, type SampleSink, counter } from "./family.ts";

/** A histogram with buckets, as three families of one metadata. */
export type Histogram = {
  /** Upper bounds, ascending, without +Inf. */
  readonly bounds: readonly number[];
  readonly bucket: Family;
  readonly sum: Family;
  readonly count: Family;
};

/** `name` without _bucket, _sum, _count. */
export function histogram(
  name: string,
  help: string,
  bounds: readonly number[],
  labelNames: readonly string[] = [],
): Histogram {
  const part = (suffix: string, names: readonly string[]): Family => ({
    ...counter(name + suffix, help, names),
    type: "histogram",
    partOf: name,
  });
  return {
    bounds,
    bucket: part("_bucket", [...labelNames, "le"]),
    sum: part("_sum", labelNames),
    count: part("_count", labelNames),
  };
}

/**
 * `counts` as long as bounds and one more for what is above the last: how many were observed in each bucket alone. Bounds are written as scrapes give them ("10.0", "1e+06"). Without a known
 * sum it is left out.
 */
export function addHistogram(
  sink: SampleSink,
  { bounds, bucket, sum, count }: Histogram,
  counts: ArrayLike<number>,
  total: number | undefined,
  ...labelValues: readonly string[]
): void {
  let below = 0;
  for (let i = 0; i <= bounds.length; i++) {
    below += counts[i] ?? 0;
    sink.add(bucket, below, ...labelValues, canonicalFloat(bounds[i] ?? Number.POSITIVE_INFINITY));
  }
  sink.add(count, below, ...labelValues);
  if (total !== undefined) sink.add(sum, total, ...labelValues);
}

/** The place in `counts` that a value belongs to. */
export function bucketOf({ bounds }: Histogram, value: number): number {
  const at = bounds.findIndex((bound) => value <= bound);
  return at < 0 ? bounds.length : at;
}
