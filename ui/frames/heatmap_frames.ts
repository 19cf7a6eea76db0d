import type { Field, Frame } from "./frame.ts";
import { metricFrames, timeField, type Asked } from "./metric_frames.ts";
import type { SeriesAnswer } from "./read_answer.ts";

/** Buckets of one heatmap: more are no longer told apart. */
const bucketsMax = 500;

/**
 * Buckets in order as fields of one frame: each is named by its upper bound, has its bounds as the labels `gt` and `le`, and counts what
 * lies between them. From native histograms, or from cumulative series with `le`; of several label sets, their sum. Series without
 * buckets stay series.
 */
export function heatmapFrames(answer: SeriesAnswer, ask: Asked): readonly Frame[] {
  const { timesMs, series } = answer;
  const native = series.filter(({ histograms }) => histograms !== undefined);
  const classic = series.filter(({ labels }) => labels["le"] !== undefined);
  const buckets =
    native.length > 0 ? nativeBuckets(answer) : classic.length > 0 ? classicBuckets(answer) : [];
  if (buckets.length === 0) return metricFrames(answer, ask);
  const fields = buckets.slice(0, bucketsMax).map(({ lower, upper, counts }): Field => {
    const labels = { gt: boundText(lower), le: boundText(upper) };
    return { name: boundText(upper), type: "number", labels, values: counts, options: {} };
  });
  const notices: string[] = [];
  if (buckets.length > bucketsMax) {
    notices.push(`${bucketsMax} of ${buckets.length} buckets kept: ask for fewer with le=~"…"`);
  }
  const all = [timeField(timesMs), ...fields];
  return [{ ref: ask.ref, name: ask.ref, length: timesMs.length, fields: all, notices }];
}

type Bucket = { readonly lower: number; readonly upper: number; readonly counts: Float64Array };

function classicBuckets({ series }: SeriesAnswer): Bucket[] {
  const sums = new Map<number, Float64Array>();
  for (const { labels, values } of series) {
    const le = labels["le"];
    if (le === undefined) continue;
    const bound = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
    if (Number.isNaN(bound)) continue;
    const sum = sums.get(bound);
    if (sum === undefined) sums.set(bound, values.slice());
    else addTo(sum, values);
  }
  const ordered = [...sums].toSorted(([a], [b]) => a - b);
  return ordered.map(([upper, cumulative], i) => {
    const [lower, below] = ordered[i - 1] ?? [0, undefined];
    const counts = cumulative.map((value, at) => {
      const under = below?.[at] ?? 0;
      // A scrape between two increments may count less in the larger bucket.
      return Math.max(0, value - (Number.isNaN(under) ? 0 : under));
    });
    return { lower: i === 0 && upper <= 0 ? Number.NEGATIVE_INFINITY : lower, upper, counts };
  });
}

/** A gap on one side is the other side's value. */
function addTo(sum: Float64Array, values: Float64Array): void {
  for (let i = 0; i < sum.length; i++) {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) continue;
    const now = sum[i] ?? Number.NaN;
    sum[i] = Number.isNaN(now) ? value : now + value;
  }
}

/** Histograms of one moment may have finer buckets than those of another: each bucket is a field of its own. */
function nativeBuckets({ timesMs, series }: SeriesAnswer): Bucket[] {
  const startMs = timesMs[0] ?? 0;
  const stepMs = Math.max(1, (timesMs[1] ?? startMs + 1) - startMs);
  const found = new Map<string, Bucket>();
  const sampled = new Uint8Array(timesMs.length);
  for (const { histograms = [] } of series) {
    for (const { timeMs, ...buckets } of histograms) {
      const at = timesMs.length === 1 ? 0 : Math.round((timeMs - startMs) / stepMs);
      if (at < 0 || at >= timesMs.length) continue;
      sampled[at] = 1;
      for (const [b, count] of buckets.counts.entries()) {
        const [lower, upper] = [buckets.lower[b] ?? 0, buckets.upper[b] ?? 0];
        const key = `${lower} ${upper}`;
        let bucket = found.get(key);
        if (bucket === undefined) {
          bucket = { lower, upper, counts: new Float64Array(timesMs.length) };
          found.set(key, bucket);
        }
        bucket.counts[at] = (bucket.counts[at] ?? 0) + count;
      }
    }
  }
  for (const { counts } of found.values()) {
    for (let i = 0; i < counts.length; i++) if (sampled[i] === 0) counts[i] = Number.NaN;
  }
  return [...found.values()].toSorted((a, b) => a.upper - b.upper || a.lower - b.lower);
}

function boundText(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return "+Inf";
  return bound === Number.NEGATIVE_INFINITY ? "-Inf" : String(Number(bound.toPrecision(6)));
}
