import type { Histogram } from "#shared/model/histogram.ts";
import { populatedBuckets, type PopulatedBuckets } from "../../query/populated_buckets.ts";
import type { AnswerPart } from "./answer_part.ts";
import { float64Bytes } from "./bytes.ts";

/** Buckets of one part. */
const bucketsMax = 8_192;

/** A histogram, where it stands. */
export type PlacedHistogram = {
  readonly series: number;
  readonly timeMs: number;
  readonly histogram: Histogram;
};

/** Native histograms of series that were written before. */
export function* histogramParts(all: Iterable<PlacedHistogram>): Generator<AnswerPart> {
  let placed: PlacedHistogram[] = [];
  let buckets: PopulatedBuckets[] = [];
  let count = 0;
  for (const one of all) {
    const populated = populatedBuckets(one.histogram);
    placed.push(one);
    buckets.push(populated);
    // One without buckets takes room, too.
    count += 1 + populated.counts.length;
    if (count < bucketsMax) continue;
    yield partOf(placed, buckets);
    [placed, buckets, count] = [[], [], 0];
  }
  if (placed.length > 0) yield partOf(placed, buckets);
}

function partOf(placed: readonly PlacedHistogram[], buckets: readonly PopulatedBuckets[]) {
  return {
    histograms: {
      series: placed.map(({ series }) => series),
      times: float64Bytes([placed.map(({ timeMs }) => timeMs)]),
      counts: float64Bytes([placed.map(({ histogram }) => histogram.count)]),
      sums: float64Bytes([placed.map(({ histogram }) => histogram.sum)]),
      lengths: buckets.map(({ counts }) => counts.length),
      lower: float64Bytes(buckets.map(({ lower }) => lower)),
      upper: float64Bytes(buckets.map(({ upper }) => upper)),
      bucketCounts: float64Bytes(buckets.map(({ counts }) => counts)),
      bounds: new Uint8Array(Buffer.concat(buckets.map(({ bounds }) => bounds))),
    },
  };
}
