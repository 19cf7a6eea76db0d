import type { Histogram } from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import {
  addHistograms,
  combineHints,
  multiplyHistogram,
  subtractHistograms,
} from "#shared/model/histogram_sum.ts";
import { informReconciled, warnMixedBuckets } from "../model/annotations.ts";
import type { TotalNotes } from "./histogram_totals.ts";
import { type Window, timeAt, valueAt } from "../model/window.ts";

/** One sample of a series: where it stands in the columns, and when it was taken. */
type Place = Pick<Window, "timestampsMs" | "values">;

/**
 * The value at a time between samples `at - 1` and `at`, on the line that joins them. A counter that was reset between them
 * is taken to rise from 0 at the earlier one.
 */
export function interpolated(
  { timestampsMs, values }: Place,
  at: number,
  timeMs: number,
  counter: boolean,
): number {
  const [fromMs = 0, toMs = 0] = [timestampsMs[at - 1], timestampsMs[at]];
  const [before = 0, after = 0] = [values[at - 1], values[at]];
  const start = counter && after < before ? 0 : before;
  return start + ((after - start) * (timeMs - fromMs)) / (toMs - fromMs);
}

type TimedHistogram = { readonly timeMs: number; readonly histogram: Histogram };

/** The same of histograms; undefined, with a warning, where one has exponential and the other custom buckets. */
export function interpolatedHistogram(
  before: TimedHistogram,
  after: TimedHistogram,
  timeMs: number,
  counter: boolean,
  { notes, span, metricName }: TotalNotes,
): Histogram | undefined {
  const [a, b] = [before.histogram, after.histogram];
  if (timeMs === before.timeMs) return a;
  if (timeMs === after.timeMs) return b;
  const fraction = (timeMs - before.timeMs) / (after.timeMs - before.timeMs);
  if (counter && detectReset(b, a)) return multiplyHistogram(b, fraction);
  const difference = subtractHistograms(b, a);
  const sum = difference && addHistograms(multiplyHistogram(difference.histogram, fraction), a);
  if (sum === undefined) {
    warnMixedBuckets(notes, span, metricName);
    return undefined;
  }
  if (difference?.reconciledBounds === true) informReconciled(notes, span, "subtraction");
  if (sum.reconciledBounds) informReconciled(notes, span, "addition");
  const counterResetHint = combineHints(b.counterResetHint, a.counterResetHint);
  return { ...sum.histogram, counterResetHint };
}

/** The histogram of a place in a window that is known to hold one there, with its time. */
export function timedHistogram(window: Window, at: number): TimedHistogram | undefined {
  const histogram = window.histograms?.[at];
  return histogram === undefined ? undefined : { timeMs: timeAt(window, at), histogram };
}

/** The first index in [from, to) whose time is after (or, with `orAt`, not before) a time; `to` where there is none. */
function firstAfter(
  { timestampsMs }: Pick<Window, "timestampsMs">,
  from: number,
  to: number,
  timeMs: number,
  orAt = false,
): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const time = timestampsMs[middle] ?? 0;
    if (time > timeMs || (orAt && time === timeMs)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Samples of an extended window that decide what the values at the edges of its range are. */
export type EdgePlaces = { readonly first: number; readonly last: number };

/**
 * The newest sample not after the start of the range, or else the first; and the newest of all, or for smoothed windows the
 * first not before the end. The window is not empty.
 */
export function edgePlaces(window: Window, smoothed: boolean): EdgePlaces {
  const { from, to, startMs, endMs } = window;
  const first = Math.max(from, firstAfter(window, from, to - 1, startMs) - 1);
  const last = smoothed ? firstAfter(window, from, to - 1, endMs, true) : to - 1;
  return { first, last };
}

/** The values at both edges of a window of numbers. */
export function edgeValues(
  window: Window,
  { first, last }: EdgePlaces,
  smoothed: boolean,
  counter: boolean,
): { readonly left: number; readonly right: number } {
  const { from, startMs, endMs } = window;
  const isBefore = smoothed && timeAt(window, first) < startMs;
  const isAfter = smoothed && last > from && timeAt(window, last) > endMs;
  return {
    left: isBefore ? interpolated(window, first + 1, startMs, counter) : valueAt(window, first),
    right: isAfter ? interpolated(window, last, endMs, counter) : valueAt(window, last),
  };
}
