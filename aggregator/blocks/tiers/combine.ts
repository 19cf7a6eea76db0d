import type { Histogram } from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import { concatenate, isAscending } from "../../duckdb/columns.ts";
import { withUnknownReset } from "../metrics/histogram_rows.ts";
import { bucketColumns, type BucketBuffer, type BucketSeries } from "./bucket_buffer.ts";
import { bucketEnd } from "./windows.ts";

/**
 * Adds buckets of one series, out of several pieces, to `into` as buckets of `bucketMs`, which is a multiple of theirs: makes a
 * coarser tier, and joins what was downsampled apart. Exact where what falls into a bucket does not overlap in time;
 * else counts, sums and extremes still are, and a reset between samples of different pieces may be missed. Of two entries
 * of a single sample at one time, the one of the earlier piece stands.
 */
export function combineBuckets(
  pieces: readonly BucketSeries[],
  bucketMs: number,
  into: BucketBuffer,
): void {
  const series = concatenated(pieces);
  if (series === undefined) return;
  const { timestampsMs, values, histograms } = series;
  const words = wordsOf(values);
  const order = isAscending(timestampsMs) ? undefined : byTime(timestampsMs);
  let open: Kind = "nothing";
  let openEndMs = 0;
  /** What stands before the marker that is open. */
  let before: Kind = "nothing";
  for (let i = 0; i < values.length; i++) {
    const at = order?.[i] ?? i;
    const timeMs = timestampsMs[at] ?? 0;
    const endMs = bucketEnd(timeMs, bucketMs);
    const histogram = histograms?.[at];
    if (endMs !== openEndMs) open = "nothing";
    openEndMs = endMs;
    if (open === "marker") {
      // Samples came after it.
      into.pop();
      open = before;
    }
    if (histogram !== undefined) {
      const count = series.columns.count[at] ?? 0;
      addHistogram(into, open === "histogram", timeMs, histogram, count);
      open = "histogram";
    } else if (isStale(words, at)) {
      into.pushMarker(timeMs);
      before = open;
      open = "marker";
    } else {
      if (open === "number") join(into, series, words, at);
      else append(into, series, words, at);
      open = "number";
    }
  }
}

type Kind = "nothing" | "number" | "histogram" | "marker";

function concatenated(pieces: readonly BucketSeries[]): BucketSeries | undefined {
  const [first] = pieces;
  if (first === undefined || pieces.length === 1) return first;
  const column = (of: (piece: BucketSeries) => Float64Array) => concatenate(pieces.map(of));
  const hasHistograms = pieces.some(({ histograms }) => histograms !== undefined);
  return {
    labels: first.labels,
    timestampsMs: column(({ timestampsMs }) => timestampsMs),
    values: column(({ values }) => values),
    columns: {
      count: column(({ columns }) => columns.count),
      fine: column(({ columns }) => columns.fine),
      sum: column(({ columns }) => columns.sum),
      min: column(({ columns }) => columns.min),
      max: column(({ columns }) => columns.max),
      first: column(({ columns }) => columns.first),
      firstMs: column(({ columns }) => columns.firstMs),
      resets: column(({ columns }) => columns.resets),
    },
    histograms: hasHistograms
      ? pieces.flatMap(({ values, histograms }) => Array.from(values, (_, i) => histograms?.[i]))
      : undefined,
  };
}

/** Of equal times the earlier first. */
function byTime(timestampsMs: Float64Array): Uint32Array {
  return Uint32Array.from(timestampsMs, (_, i) => i).toSorted(
    (a, b) => (timestampsMs[a] ?? 0) - (timestampsMs[b] ?? 0) || a - b,
  );
}

function append(into: BucketBuffer, series: BucketSeries, words: Uint32Array, from: number): void {
  into.reserve(1);
  const at = into.length++;
  into.timestampsMs[at] = series.timestampsMs[from] ?? 0;
  setLast(into, at, words, from);
  for (const name of bucketColumns) into[name][at] = series.columns[name][from] ?? 0;
}

/** By memory: a NaN keeps its payload. */
function setLast(into: BucketBuffer, at: number, words: Uint32Array, from: number): void {
  into.words[2 * at] = words[2 * from] ?? 0;
  into.words[2 * at + 1] = words[2 * from + 1] ?? 0;
}

/** Into the last entry, which ends no later. */
function join(
  into: BucketBuffer,
  { timestampsMs, columns }: BucketSeries,
  words: Uint32Array,
  from: number,
): void {
  const at = into.length - 1;
  const openMs = into.timestampsMs[at] ?? 0;
  const firstMs = columns.firstMs[from] ?? 0;
  const isOneSample = firstMs === openMs && timestampsMs[from] === openMs;
  if (isOneSample) return;
  const first = columns.first[from] ?? 0;
  const last = into.values[at] ?? 0;
  let resets = (into.resets[at] ?? 0) + (columns.resets[from] ?? 0);
  if (firstMs > openMs && first < last) resets += last;
  into.resets[at] = resets;
  into.count[at] = (into.count[at] ?? 0) + (columns.count[from] ?? 0);
  into.fine[at] = (into.fine[at] ?? 0) + (columns.fine[from] ?? 0);
  into.sum[at] = (into.sum[at] ?? 0) + (columns.sum[from] ?? 0);
  const min = columns.min[from] ?? 0;
  const max = columns.max[from] ?? 0;
  if (min < (into.min[at] ?? 0) || Number.isNaN(into.min[at])) into.min[at] = min;
  if (max > (into.max[at] ?? 0) || Number.isNaN(into.max[at])) into.max[at] = max;
  if (firstMs < (into.firstMs[at] ?? 0)) {
    into.first[at] = first;
    into.firstMs[at] = firstMs;
  }
  into.timestampsMs[at] = timestampsMs[from] ?? 0;
  setLast(into, at, words, from);
}

/** Stands in place of the histogram before it in its bucket, unless a reset lies between. */
function addHistogram(
  into: BucketBuffer,
  isNext: boolean,
  timeMs: number,
  histogram: Histogram,
  count: number,
): void {
  const at = into.length - 1;
  const before = isNext ? into.histograms?.[at] : undefined;
  if (before === undefined) {
    into.pushHistogram(timeMs, withUnknownReset(histogram), count);
    return;
  }
  if (into.timestampsMs[at] === timeMs) return;
  const isGauge = histogram.counterResetHint === "gauge";
  const isKept = !isGauge && detectReset(histogram, before);
  const counted = into.count[at] ?? 0;
  if (!isKept) into.pop();
  into.pushHistogram(timeMs, withUnknownReset(histogram), isKept ? count : count + counted);
}
