// Hot: guarded by `bench query`.
import { averageDistance } from "#shared/model/metrics.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { type KahanSum, kahanAdd } from "../model/kahan.ts";
import { beganWithin, extrapolationFrom, noteOverlap, startsAgain } from "./starts.ts";
import { type Window, noValue, timeAt, valueAt } from "../model/window.ts";

/** An edge within so many distances of the nearest sample is reached. */
const nearShare = 1.1;

/** rate, increase and delta: the difference of the last and first sample, counter resets added, stretched to the window. */
function extrapolated(window: Window, counter: boolean, perSecond: boolean): number {
  if (counter && window.starts !== undefined) return extrapolatedSince(window, perSecond);
  const { from, to } = window;
  const intervals = to - from - 1;
  if (intervals < 1) return noValue(window);
  const firstValue = valueAt(window, from);
  let result = valueAt(window, to - 1) - firstValue;
  if (counter) {
    let previous = firstValue;
    for (let i = from + 1; i < to; i++) {
      const value = valueAt(window, i);
      if (value < previous) result += previous;
      previous = value;
    }
  }
  const factor = extrapolation(window, counter, firstValue, result);
  return result * (perSecond ? factor / (window.rangeMs / 1_000) : factor);
}

/** The same of a counter whose start timestamps are known: they tell of resets, and of a beginning within the window. */
function extrapolatedSince(window: Window, perSecond: boolean): number {
  const { from, to } = window;
  const beganMs = beganWithin(window);
  if (to - from < 2 && beganMs === undefined) return noValue(window);
  const firstValue = valueAt(window, from);
  let result = valueAt(window, to - 1) - firstValue;
  let previous = firstValue;
  for (let i = from + 1; i < to; i++) {
    const value = valueAt(window, i);
    if (value < previous || startsAgain(window, i)) result += previous;
    previous = value;
  }
  noteOverlap(window);
  if (beganMs !== undefined) result += firstValue;
  const factor =
    beganMs === undefined
      ? extrapolation(window, true, firstValue, result)
      : extrapolationFrom(window, beganMs);
  return result * (perSecond ? factor / (window.rangeMs / 1_000) : factor);
}

/**
 * By how much a difference over the samples of a window is to be stretched to the window's edges. An edge is reached where
 * the nearest sample is within 1.1 average distances of it; else the series is taken to begin (end) half a distance outside
 * its samples; a counter, of which `first` is the first value, never reaches below zero. The distances are those of the source's own
 * interval, whatever fine samples lie between (adr/0014_rates_over_two_resolutions.md).
 */
export function extrapolation(
  window: Window,
  counter: boolean,
  first: number,
  difference: number,
): number {
  const { from, to, timestampsMs, fine } = window;
  const [firstMs, lastMs] = [timeAt(window, from), timeAt(window, to - 1)];
  const average = averageDistance(timestampsMs, fine, from, to);
  return stretch(window, { firstMs, lastMs, average }, counter, first, difference);
}

/** The same of samples that are known by the times of the first and last, and their average distance in seconds. */
export function stretch(
  window: Pick<Window, "startMs" | "endMs">,
  {
    firstMs,
    lastMs,
    average,
  }: { readonly firstMs: number; readonly lastMs: number; readonly average: number },
  counter: boolean,
  first: number,
  difference: number,
): number {
  let toStart = (firstMs - window.startMs) / 1_000;
  let toEnd = (window.endMs - lastMs) / 1_000;
  const sampled = (lastMs - firstMs) / 1_000;
  if (toStart >= average * nearShare) toStart = average / 2;
  if (counter) {
    const toZero = difference > 0 && first >= 0 ? sampled * (first / difference) : toStart;
    if (toZero < toStart) toStart = toZero;
  }
  if (toEnd >= average * nearShare) toEnd = average / 2;
  return (sampled + toStart + toEnd) / sampled;
}

export const rate = (window: Window): number => extrapolated(window, true, true);
export const increase = (window: Window): number => extrapolated(window, true, false);
export const delta = (window: Window): number => extrapolated(window, false, false);

function lastTwo(window: Window, perSecond: boolean): number {
  const last = window.to - 1;
  if (last - window.from < 1) return noValue(window);
  const interval = timeAt(window, last) - timeAt(window, last - 1);
  if (interval === 0) return noValue(window);
  const value = valueAt(window, last);
  const previous = valueAt(window, last - 1);
  const isReset = value < previous || startsAgain(window, last);
  const difference = perSecond && isReset ? value : value - previous;
  return perSecond ? difference / (interval / 1_000) : difference;
}

export const irate = (window: Window): number => lastTwo(window, true);
export const idelta = (window: Window): number => lastTwo(window, false);

export function changes(window: Window): number {
  let count = 0;
  let previous = valueAt(window, window.from);
  for (let i = window.from + 1; i < window.to; i++) {
    const value = valueAt(window, i);
    if (value !== previous && !(Number.isNaN(value) && Number.isNaN(previous))) count++;
    previous = value;
  }
  return count;
}

export function resets(window: Window): number {
  let count = 0;
  for (let i = window.from + 1; i < window.to; i++) {
    if (valueAt(window, i) < valueAt(window, i - 1) || startsAgain(window, i)) count++;
  }
  return count;
}

/** Least squares over the window: [slope per second, value at interceptMs]. */
function linearRegression(window: Window, interceptMs: number): readonly [number, number] {
  const { from, to } = window;
  const initial = valueAt(window, from);
  let constant = true;
  const sumX: KahanSum = { sum: 0, lost: 0 };
  const sumY: KahanSum = { sum: 0, lost: 0 };
  const sumXY: KahanSum = { sum: 0, lost: 0 };
  const sumX2: KahanSum = { sum: 0, lost: 0 };
  for (let i = from; i < to; i++) {
    const y = valueAt(window, i);
    if (y !== initial && i > from) constant = false;
    const x = (timeAt(window, i) - interceptMs) / 1e3;
    kahanAdd(sumX, x);
    kahanAdd(sumY, y);
    kahanAdd(sumXY, x * y);
    kahanAdd(sumX2, x * x);
  }
  if (constant)
    return Number.isFinite(initial) || Number.isNaN(initial)
      ? [0, initial]
      : [Number.NaN, Number.NaN];
  const n = to - from;
  const x = sumX.sum + sumX.lost;
  const y = sumY.sum + sumY.lost;
  const covariance = sumXY.sum + sumXY.lost - (x * y) / n;
  const variance = sumX2.sum + sumX2.lost - (x * x) / n;
  const slope = covariance / variance;
  return [slope, y / n - (slope * x) / n];
}

export function deriv(window: Window): number {
  if (window.to - window.from < 2) return noValue(window);
  return linearRegression(window, timeAt(window, window.from))[0];
}

export function predictLinear(window: Window): number {
  if (window.to - window.from < 2) return noValue(window);
  const [slope, intercept] = linearRegression(window, window.stepTimeMs);
  return slope * window.first + intercept;
}

export function doubleExponentialSmoothing(window: Window): number {
  const { from, to, first: smoothing, second: trend } = window;
  if (smoothing <= 0 || smoothing >= 1) {
    throw executionError(
      `invalid smoothing factor. Expected: 0 < sf < 1, got: ${smoothing.toFixed(6)}`,
    );
  }
  if (trend <= 0 || trend >= 1) {
    throw executionError(`invalid trend factor. Expected: 0 < tf < 1, got: ${trend.toFixed(6)}`);
  }
  if (to - from < 2) return noValue(window);
  let before = 0;
  let level = valueAt(window, from);
  let slope = valueAt(window, from + 1) - level;
  for (let i = from + 1; i < to; i++) {
    if (i > from + 1) slope = trend * (level - before) + (1 - trend) * slope;
    const next = smoothing * valueAt(window, i) + (1 - smoothing) * (level + slope);
    before = level;
    level = next;
  }
  return level;
}
