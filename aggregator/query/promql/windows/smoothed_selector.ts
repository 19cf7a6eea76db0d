import { type Histogram, usesCustomBuckets } from "#shared/model/histogram.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { type Annotations, warnMixedBuckets, warnMixedFloats } from "../model/annotations.ts";
import { type Span, quote } from "#shared/query_language/promql/errors.ts";
import type { TotalNotes } from "./histogram_totals.ts";
import { interpolated, interpolatedHistogram } from "./interpolate.ts";
import { type StepSeries, putSample } from "../model/values.ts";
import type { RangeSeries } from "../model/window.ts";

/** Where the steps of a selector look, and how far to either side. */
export type Smoothing = {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly lookbackMs: number;
};

/**
 * `selector smoothed`: each step gets what lies on the line between the samples on either side of it, both within the look-back;
 * without a later one, the earlier one; without an earlier one, nothing. Numbers are taken for gauges, and histograms too where both
 * say so. Stale markers are not among the samples.
 */
export function smooth(
  target: StepSeries,
  samples: RangeSeries,
  { fromMs, stepMs, lookbackMs }: Smoothing,
  { notes, span }: { readonly notes: Annotations; readonly span: Span },
): void {
  const { timestampsMs, histograms } = samples;
  const metricName = samples.labels[metricNameLabel] ?? "";
  const about: TotalNotes = { notes, span, metricName };
  const { length } = timestampsMs;
  let [from, next, to] = [0, 0, 0];
  for (let i = 0; i < target.values.length; i++) {
    const timeMs = fromMs + i * stepMs;
    while (to < length && (timestampsMs[to] ?? 0) <= timeMs + lookbackMs) to++;
    while (from < to && (timestampsMs[from] ?? 0) <= timeMs - lookbackMs) from++;
    while (next < length && (timestampsMs[next] ?? 0) < timeMs) next++;
    if (from >= to) continue;
    if (histograms !== undefined && isMixed(histograms, from, to)) {
      warnMixedFloats(notes, span, `metric name ${quote(metricName)}`);
      continue;
    }
    const found = sampleAt(samples, Math.max(from, next), from, to, timeMs, about);
    if (found !== undefined) putSample(target, i, found);
  }
}

function isMixed(
  histograms: readonly (Histogram | undefined)[],
  from: number,
  to: number,
): boolean {
  const first = histograms[from] === undefined;
  for (let i = from + 1; i < to; i++) if ((histograms[i] === undefined) !== first) return true;
  return false;
}

/** `next` is the first sample in [from, to) that is not before the time, or `to`. */
function sampleAt(
  samples: RangeSeries,
  next: number,
  from: number,
  to: number,
  timeMs: number,
  about: TotalNotes,
): number | Histogram | undefined {
  const { timestampsMs, values, histograms } = samples;
  if (next < to && timestampsMs[next] === timeMs) return histograms?.[next] ?? values[next];
  if (next === from) return undefined;
  const before = histograms?.[next - 1];
  if (before === undefined)
    return next < to ? interpolated(samples, next, timeMs, false) : values[next - 1];
  const after = next < to ? histograms?.[next] : undefined;
  // Its hint told of the sample before it, not of what it holds.
  if (after === undefined) return { ...before, counterResetHint: "unknown" };
  if (usesCustomBuckets(before) !== usesCustomBuckets(after)) {
    warnMixedBuckets(about.notes, about.span, about.metricName);
    return undefined;
  }
  const counter = before.counterResetHint !== "gauge" || after.counterResetHint !== "gauge";
  const [a, b] = [
    { timeMs: timestampsMs[next - 1] ?? 0, histogram: before },
    { timeMs: timestampsMs[next] ?? 0, histogram: after },
  ];
  return interpolatedHistogram(a, b, timeMs, counter, about);
}
