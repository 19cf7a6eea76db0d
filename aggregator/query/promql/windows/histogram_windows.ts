import { equalHistograms, type Histogram, usesCustomBuckets } from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import {
  addHistograms,
  clearedHistogram,
  divideHistogram,
  multiplyHistogram,
  subtractHistograms,
} from "#shared/model/histogram_sum.ts";
import { informReconciled, warn, warnMixedBuckets, warnMixedFloats } from "../model/annotations.ts";
import { quote } from "#shared/query_language/promql/errors.ts";
import { meanOfHistograms, sumOfHistograms, type TotalNotes } from "./histogram_totals.ts";
import { extrapolation } from "./rate.ts";
import { beganWithin, extrapolationFrom, noteOverlap, startsAgain } from "./starts.ts";
import { type Window, timeAt, valueAt } from "../model/window.ts";

/** A sample for a window in which there is a histogram; undefined where there is no answer. */
export type HistogramWindowFunction = (
  window: Window,
  about: TotalNotes,
) => number | Histogram | undefined;

/**
 * What range functions make of windows with histograms. Functions that are not here see only the numbers of a window; those
 * that don't look at values at all need nothing of their own either (`anySample`).
 */
export const histogramWindows: ReadonlyMap<string, HistogramWindowFunction> = new Map<
  string,
  HistogramWindowFunction
>([
  ["rate", (window, about) => extrapolated(window, about, true, true)],
  ["increase", (window, about) => extrapolated(window, about, true, false)],
  ["delta", (window, about) => extrapolated(window, about, false, false)],
  ["irate", (window, about) => lastTwo(window, about, true)],
  ["idelta", (window, about) => lastTwo(window, about, false)],
  ["changes", changes],
  ["resets", resets],
  ["sum_over_time", (window, about) => sumOfHistograms(about, onlyHistograms(window, about))],
  ["avg_over_time", (window, about) => meanOfHistograms(about, onlyHistograms(window, about))],
  ["first_over_time", (window) => sampleAt(window, window.from)],
  ["last_over_time", (window) => sampleAt(window, window.to - 1)],
]);

/** Range functions that ask only whether and when there are samples. */
export const anySample: ReadonlySet<string> = new Set([
  "count_over_time",
  "present_over_time",
  "ts_of_first_over_time",
  "ts_of_last_over_time",
]);

function sampleAt(window: Window, index: number): number | Histogram {
  return window.histograms?.[index] ?? valueAt(window, index);
}

/** The histograms of a window; none, with a warning, where there are numbers too. */
export function onlyHistograms(
  window: Window,
  { notes, span, metricName }: TotalNotes,
): Histogram[] {
  const found: Histogram[] = [];
  for (let i = window.from; i < window.to; i++) {
    const sample = window.histograms?.[i];
    if (sample === undefined) {
      warnMixedFloats(notes, span, `metric name ${quote(metricName)}`);
      return [];
    }
    found.push(sample);
  }
  return found;
}

export function warnNot(kind: "counter" | "gauge", { notes, span, metricName }: TotalNotes): void {
  warn(notes, span, `this native histogram metric is not a ${kind}: ${quote(metricName)}`);
}

/** rate, increase and delta: as for numbers, but one extrapolation for all buckets, that of the count. */
function extrapolated(
  window: Window,
  about: TotalNotes,
  counter: boolean,
  perSecond: boolean,
): Histogram | undefined {
  const histograms = onlyHistograms(window, about);
  const [first] = histograms;
  const beganMs = counter ? beganWithin(window) : undefined;
  if (first === undefined || (histograms.length < 2 && beganMs === undefined)) return undefined;
  if (counter) noteOverlap(window);
  if (histograms.length === 1 && beganMs !== undefined)
    return stretched(first, window, extrapolationFrom(window, beganMs), perSecond);
  const gauges = histograms.filter(({ counterResetHint }) => counterResetHint === "gauge");
  const bothEnds = first.counterResetHint === "gauge" && isGauge(histograms.at(-1));
  if (counter && gauges.length > 0) warnNot("counter", about);
  let difference = counter
    ? counterDifference(window, histograms, about)
    : subtracted(histograms.at(-1) ?? first, first, about);
  if (difference === undefined) return undefined;
  if (!counter && !bothEnds) warnNot("gauge", about);
  if (beganMs !== undefined) difference = added(difference, first, about);
  if (difference === undefined) return undefined;
  const factor =
    beganMs === undefined
      ? extrapolation(window, counter, first.count, difference.count)
      : extrapolationFrom(window, beganMs);
  const result = stretched(difference, window, factor, perSecond);
  return { ...result, counterResetHint: "gauge" };
}

function stretched(
  difference: Histogram,
  { rangeMs }: Window,
  factor: number,
  perSecond: boolean,
): Histogram {
  return multiplyHistogram(difference, perSecond ? factor / (rangeMs / 1_000) : factor);
}

export function isGauge(sample: Histogram | undefined): boolean {
  return sample?.counterResetHint === "gauge";
}

export function subtracted(
  last: Histogram,
  first: Histogram,
  { notes, span, metricName }: TotalNotes,
): Histogram | undefined {
  const result = subtractHistograms(last, first);
  if (result === undefined) {
    warnMixedBuckets(notes, span, metricName);
    return undefined;
  }
  if (result.reconciledBounds) informReconciled(notes, span, "subtraction");
  return result.histogram;
}

/** The sum; undefined, with a warning, where kinds of buckets are mixed. */
export function added(
  a: Histogram,
  b: Histogram,
  { notes, span, metricName }: TotalNotes,
): Histogram | undefined {
  const result = addHistograms(a, b);
  if (result === undefined) {
    warnMixedBuckets(notes, span, metricName);
    return undefined;
  }
  if (result.reconciledBounds) informReconciled(notes, span, "addition");
  return result.histogram;
}

/** The last histogram less the first, and all that stood just before a reset added. */
function counterDifference(
  window: Window,
  histograms: readonly Histogram[],
  about: TotalNotes,
): Histogram | undefined {
  const { notes, span, metricName } = about;
  const [first, second, ...others] = histograms;
  const last = histograms.at(-1);
  if (first === undefined || second === undefined || last === undefined) return undefined;
  // Where the second follows a reset, the first counts for nothing, and its layout doesn't matter.
  const isReset = startsAgain(window, window.from + 1) || detectReset(second, first);
  const base = isReset ? clearedHistogram(second) : first;
  const custom = usesCustomBuckets(base);
  if (
    usesCustomBuckets(second) !== custom ||
    others.some((one) => usesCustomBuckets(one) !== custom)
  ) {
    warnMixedBuckets(notes, span, metricName);
    return undefined;
  }
  let difference = subtracted(last, base, about);
  let previous = base;
  for (const [i, current] of [second, ...others].entries()) {
    const after = startsAgain(window, window.from + 1 + i) || detectReset(current, previous);
    if (difference !== undefined && after) difference = added(difference, previous, about);
    previous = current;
  }
  return difference;
}

function lastTwo(
  window: Window,
  about: TotalNotes,
  counter: boolean,
): number | Histogram | undefined {
  const at = window.to - 1;
  if (at - window.from < 1) return undefined;
  const intervalMs = timeAt(window, at) - timeAt(window, at - 1);
  if (intervalMs === 0) return undefined;
  const [previous, last] = [sampleAt(window, at - 1), sampleAt(window, at)];
  if (typeof previous === "number" && typeof last === "number") {
    const isReset = last < previous || startsAgain(window, at);
    const difference = counter && isReset ? last : last - previous;
    return counter ? difference / (intervalMs / 1_000) : difference;
  }
  if (typeof previous === "number" || typeof last === "number") {
    warnMixedFloats(about.notes, about.span, `metric name ${quote(about.metricName)}`);
    return undefined;
  }
  if (counter && (isGauge(previous) || isGauge(last))) warnNot("counter", about);
  if (!counter && !(isGauge(previous) && isGauge(last))) warnNot("gauge", about);
  const after = counter && (startsAgain(window, at) || detectReset(last, previous));
  const difference = after ? last : subtracted(last, previous, about);
  if (difference === undefined) return undefined;
  const result = counter ? divideHistogram(difference, intervalMs / 1_000) : difference;
  return { ...result, counterResetHint: "gauge" };
}

function changes(window: Window): number {
  let count = 0;
  for (let i = window.from + 1; i < window.to; i++) {
    const [previous, current] = [sampleAt(window, i - 1), sampleAt(window, i)];
    if (typeof previous !== "number" && typeof current !== "number") {
      if (!equalHistograms(previous, current)) count++;
    } else if (previous !== current && !(isNan(previous) && isNan(current))) count++;
  }
  return count;
}

function isNan(sample: number | Histogram): boolean {
  return typeof sample === "number" && Number.isNaN(sample);
}

/** A step from numbers to histograms or back is a reset, as is one from counters to gauges or back. */
function resets(window: Window): number {
  let count = 0;
  for (let i = window.from + 1; i < window.to; i++) {
    const [previous, current] = [sampleAt(window, i - 1), sampleAt(window, i)];
    if (typeof previous === "number" && typeof current === "number") {
      if (current < previous || startsAgain(window, i)) count++;
    } else if (typeof previous === "number" || typeof current === "number") count++;
    else if (isGauge(previous) !== isGauge(current) || startsAgain(window, i)) count++;
    else if (detectReset(current, previous)) count++;
  }
  return count;
}
