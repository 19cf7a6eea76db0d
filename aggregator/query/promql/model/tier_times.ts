import type { BucketColumn, SeriesBuckets, TierSpan } from "../../../read/source.ts";

const samples: TierSpan = { afterMs: -Infinity, untilMs: Infinity, bucketMs: 0 };

/** The span that a time is in. */
export function spanAt(spans: readonly TierSpan[], timeMs: number): TierSpan {
  for (const span of spans) if (timeMs <= span.untilMs) return span;
  return samples;
}

/** Width of the widest buckets between two times; 0 where there are only samples. */
export function widestBucket(spans: readonly TierSpan[], fromMs: number, toMs: number): number {
  let widestMs = 0;
  for (const { afterMs, untilMs, bucketMs } of spans)
    if (untilMs >= fromMs && afterMs < toMs) widestMs = Math.max(widestMs, bucketMs);
  return widestMs;
}

/** A time among samples as it is; among buckets the end of the last one that is whole then. */
export function flooredTime(spans: readonly TierSpan[], timeMs: number): number {
  const { bucketMs } = spanAt(spans, timeMs);
  return bucketMs === 0 ? timeMs : Math.floor(timeMs / bucketMs) * bucketMs;
}

/** The columns without some of the entries. */
export function keptBuckets(
  { spans, columns }: SeriesBuckets,
  isKept: (index: number) => boolean,
): SeriesBuckets {
  const kept: Partial<Record<BucketColumn, Float64Array>> = {};
  for (const [name, column] of Object.entries(columns))
    Object.assign(kept, { [name]: column.filter((_, i) => isKept(i)) });
  return { spans, columns: kept };
}
