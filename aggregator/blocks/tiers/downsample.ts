import type { FineMarks } from "#shared/model/metrics.ts";
import type { Histogram } from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import { isStale, wordsOf } from "#shared/model/special_values.ts";
import type { SeriesSamples } from "../../read/source.ts";
import { lowerBound } from "../../duckdb/columns.ts";
import { withUnknownReset } from "../metrics/histogram_rows.ts";
import type { BucketBuffer } from "./bucket_buffer.ts";
import { bucketEnd } from "./windows.ts";

/** (afterMs, untilMs], Unix milliseconds. */
export type TimeSpan = { readonly afterMs: number; readonly untilMs: number };

/** Adds the samples within a span to `into`, as buckets; the samples ascend in time. */
export function downsample(
  { timestampsMs, values, histograms, fine }: SeriesSamples,
  bucketMs: number,
  { afterMs, untilMs }: TimeSpan,
  into: BucketBuffer,
): void {
  const end = lowerBound(timestampsMs, untilMs + 1);
  const words = wordsOf(values);
  for (let i = lowerBound(timestampsMs, afterMs + 1); i < end;) {
    const endMs = bucketEnd(timestampsMs[i] ?? 0, bucketMs);
    let next = i + 1;
    while (next < end && (timestampsMs[next] ?? Infinity) <= endMs) next++;
    if (histograms === undefined) addNumbers(timestampsMs, values, words, fine, i, next, into);
    else addMixed(timestampsMs, values, words, histograms, i, next, into);
    i = next;
  }
}

/** One bucket: indices [begin, end). */
function addNumbers(
  timestampsMs: Float64Array,
  values: Float64Array,
  words: Uint32Array,
  fine: FineMarks | undefined,
  begin: number,
  end: number,
  into: BucketBuffer,
): void {
  let count = 0;
  let fineCount = 0;
  let sum = 0;
  let lost = 0;
  let min = Number.NaN;
  let max = Number.NaN;
  let resets = 0;
  let before = 0;
  let first = 0;
  let last = 0;
  for (let i = begin; i < end; i++) {
    const value = values[i] ?? 0;
    if (value !== value && isStale(words, i)) continue;
    if (count === 0) first = i;
    else if (value < before) resets += before;
    // Neumaier's sum: what each addition rounds away is kept beside it.
    const total = sum + value;
    if (total === Infinity || total === -Infinity) lost = 0;
    else if (Math.abs(sum) >= Math.abs(value)) lost += sum - total + value;
    else lost += value - total + sum;
    sum = total;
    if (value < min || min !== min) min = value;
    if (value > max || max !== max) max = value;
    before = value;
    last = i;
    count += 1;
    if (fine !== undefined) fineCount += fine[i] ?? 0;
  }
  if (count > 0) {
    into.reserve(1);
    const at = into.length++;
    into.timestampsMs[at] = timestampsMs[last] ?? 0;
    // By memory: a NaN keeps its payload.
    into.words[2 * at] = words[2 * last] ?? 0;
    into.words[2 * at + 1] = words[2 * last + 1] ?? 0;
    into.count[at] = count;
    into.fine[at] = fineCount;
    into.sum[at] = sum === Infinity || sum === -Infinity ? sum : sum + lost;
    into.min[at] = min;
    into.max[at] = max;
    into.first[at] = values[first] ?? 0;
    into.firstMs[at] = timestampsMs[first] ?? 0;
    into.resets[at] = resets;
  }
  if (isStale(words, end - 1)) into.pushMarker(timestampsMs[end - 1] ?? 0);
}

/** A bucket of a series that has histograms: runs of numbers, and the histograms between them. */
function addMixed(
  timestampsMs: Float64Array,
  values: Float64Array,
  words: Uint32Array,
  histograms: readonly (Histogram | undefined)[],
  begin: number,
  end: number,
  into: BucketBuffer,
): void {
  let kept: Histogram | undefined;
  let keptMs = 0;
  let count = 0;
  const keep = () => {
    if (kept !== undefined) into.pushHistogram(keptMs, withUnknownReset(kept), count);
    kept = undefined;
    count = 0;
  };
  for (let i = begin; i < end; i++) {
    const histogram = histograms[i];
    if (histogram === undefined) {
      // A marker between histograms says nothing unless it is the last.
      if (isStale(words, i) && i + 1 < end) continue;
      keep();
      const start = i;
      while (i + 1 < end && histograms[i + 1] === undefined) i++;
      // Sources of fine samples have no histograms among them.
      addNumbers(timestampsMs, values, words, undefined, start, i + 1, into);
      continue;
    }
    const isGauge = histogram.counterResetHint === "gauge";
    if (kept !== undefined && !isGauge && detectReset(histogram, kept)) keep();
    kept = histogram;
    keptMs = timestampsMs[i] ?? 0;
    count += 1;
  }
  keep();
}
