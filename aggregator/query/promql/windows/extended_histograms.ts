import { type Histogram, usesCustomBuckets } from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import { divideHistogram } from "#shared/model/histogram_sum.ts";
import { warnMixedBuckets } from "../model/annotations.ts";
import { added, isGauge, onlyHistograms, subtracted, warnNot } from "./histogram_windows.ts";
import type { TotalNotes } from "./histogram_totals.ts";
import {
  type EdgePlaces,
  edgePlaces,
  interpolatedHistogram,
  timedHistogram,
} from "./interpolate.ts";
import { type Window, timeAt } from "../model/window.ts";

type How = { readonly smoothed: boolean; readonly counter: boolean; readonly perSecond: boolean };

/** rate, increase and delta of histograms over an extended selector: as for numbers, with the warnings of the plain functions. */
export function extendedHistogramDifference(
  window: Window,
  about: TotalNotes,
  how: How,
): Histogram | undefined {
  const { smoothed, counter, perSecond } = how;
  // A number anywhere in reach, even where it is no edge, makes it a mix.
  if (onlyHistograms(window, about).length === 0) return undefined;
  const places = edgePlaces(window, smoothed);
  if (timeAt(window, places.last) <= window.startMs) return undefined;
  if (smoothed && timeAt(window, places.first) > window.endMs) return undefined;
  if (!areAlike(window, places, about, counter)) return undefined;
  const { first, last } = places;
  const { from, startMs, endMs, histograms } = window;
  const isBefore = smoothed && timeAt(window, first) < startMs;
  const isAfter = smoothed && last > from && timeAt(window, last) > endMs;
  const left = isBefore ? between(window, first + 1, startMs, counter, about) : histograms?.[first];
  const right = isAfter ? between(window, last, endMs, counter, about) : histograms?.[last];
  if (left === undefined || right === undefined) return undefined;
  if (!counter && !(isGauge(left) && isGauge(right))) warnNot("gauge", about);
  let difference = subtracted(right, left, about);
  if (counter && difference !== undefined) {
    const lost = lostInResets(window, places, left, right, smoothed);
    for (const one of lost) difference = difference && added(difference, one, about);
  }
  if (difference === undefined) return undefined;
  const result = perSecond ? divideHistogram(difference, window.rangeMs / 1_000) : difference;
  return { ...result, counterResetHint: "gauge" };
}

/** Whether all histograms have the same kind of buckets; warns where not, and of gauges among counters. */
function areAlike(
  { histograms }: Window,
  { first, last }: EdgePlaces,
  about: TotalNotes,
  counter: boolean,
): boolean {
  const found = (histograms ?? []).slice(first, last + 1).flatMap((one) => one ?? []);
  const custom = found[0] !== undefined && usesCustomBuckets(found[0]);
  for (const one of found) {
    if (usesCustomBuckets(one) !== custom) {
      warnMixedBuckets(about.notes, about.span, about.metricName);
      return false;
    }
    if (counter && isGauge(one)) warnNot("counter", about);
  }
  return true;
}

/** The histogram of a time between samples `at - 1` and `at`. */
function between(
  window: Window,
  at: number,
  timeMs: number,
  counter: boolean,
  about: TotalNotes,
): Histogram | undefined {
  const [before, after] = [timedHistogram(window, at - 1), timedHistogram(window, at)];
  if (before === undefined || after === undefined) return undefined;
  return interpolatedHistogram(before, after, timeMs, counter, about);
}

/**
 * The histograms that stood just before each reset. What was interpolated after a reset has counted it already; the last sample is
 * left to the right edge, which has its hint, so that a reset that the hint tells of is not counted twice.
 */
function lostInResets(
  window: Window,
  { first, last }: EdgePlaces,
  left: Histogram,
  right: Histogram,
  smoothed: boolean,
): Histogram[] {
  const lost: Histogram[] = [];
  const at = (i: number): Histogram => window.histograms?.[i] ?? left;
  let next = first + 1;
  let previous = left;
  if (smoothed && timeAt(window, first) < window.startMs && detectReset(at(next), at(first))) {
    previous = at(next);
    next++;
  }
  if (next > last) return lost;
  for (; next < last; next++) {
    const current = at(next);
    if (detectReset(current, previous)) lost.push(previous);
    previous = current;
  }
  if (detectReset(right, previous)) lost.push(previous);
  return lost;
}
