import { averageDistance } from "#shared/model/metrics.ts";
import type { RangeFunction } from "./expression.ts";
import type { SeriesWindow } from "./series_window.ts";

/**
 * What a function makes of a window's samples in (startMs, endMs], as Prometheus computes it (promql/functions.go); undefined where there are too few.
 */
export function rangeValue(
  name: RangeFunction,
  window: SeriesWindow,
  startMs: number,
  endMs: number,
  ahead: number,
): number | undefined {
  const from = window.after(startMs);
  const to = window.after(endMs);
  if (from >= to) return undefined;
  const values = window.values.subarray(from, to);
  switch (name) {
    case "rate":
    case "increase":
    case "delta":
      return extrapolated(name, window, { from, to }, startMs, endMs);
    case "predict_linear":
      return predicted(window.timesMs.subarray(from, to), values, endMs, ahead);
    case "count_over_time":
      return values.length;
    case "sum_over_time":
      return sum(values);
    case "avg_over_time":
      return sum(values) / values.length;
    case "min_over_time":
      return values.reduce((least, value) =>
        value < least || Number.isNaN(least) ? value : least,
      );
    case "max_over_time":
      return values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most));
    case "changes":
      return changes(values);
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

function changes(values: Float64Array): number {
  let count = 0;
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], values[i - 1])) count++;
  return count;
}

/** The difference of last and first, resets of counters added, stretched to the edges of the range as Prometheus's extrapolatedRate does. */
function extrapolated(
  name: "rate" | "increase" | "delta",
  { timesMs, values, fine }: SeriesWindow,
  { from, to }: { readonly from: number; readonly to: number },
  startMs: number,
  endMs: number,
): number | undefined {
  const last = to - 1;
  if (last <= from) return undefined;
  const first = values[from] ?? 0;
  let difference = (values[last] ?? 0) - first;
  const isCounter = name !== "delta";
  if (isCounter)
    for (let i = from + 1; i <= last; i++)
      if ((values[i] ?? 0) < (values[i - 1] ?? 0)) difference += values[i - 1] ?? 0;
  const sampled = ((timesMs[last] ?? 0) - (timesMs[from] ?? 0)) / 1_000;
  const average = averageDistance(timesMs, fine, from, to);
  let toStart = ((timesMs[from] ?? 0) - startMs) / 1_000;
  let toEnd = (endMs - (timesMs[last] ?? 0)) / 1_000;
  if (toStart >= 1.1 * average) toStart = average / 2;
  // A counter is not taken to have been below zero.
  if (isCounter && difference > 0 && first >= 0)
    toStart = Math.min(toStart, sampled * (first / difference));
  if (toEnd >= 1.1 * average) toEnd = average / 2;
  const factor = (sampled + toStart + toEnd) / sampled;
  return difference * (name === "rate" ? factor / ((endMs - startMs) / 1_000) : factor);
}

/** Least squares through the samples, `ahead` seconds after the end. */
function predicted(
  timesMs: Float64Array,
  values: Float64Array,
  endMs: number,
  ahead: number,
): number | undefined {
  const count = values.length;
  if (count < 2) return undefined;
  if (values.every((value) => value === values[0])) return values[0];
  let [sumX, sumY, sumXY, sumXX] = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) {
    const x = ((timesMs[i] ?? 0) - endMs) / 1_000;
    const y = values[i] ?? 0;
    sumX += x;
    sumY += y;
    sumXY += x * y;
    sumXX += x * x;
  }
  const slope = (sumXY - (sumX * sumY) / count) / (sumXX - (sumX * sumX) / count);
  return sumY / count - (slope * sumX) / count + slope * ahead;
}
