import type { Window } from "../state/time_range.ts";

/** One line of a chart. NaN is a gap. */
export type ChartSeries = {
  readonly key: string;
  readonly name: string;
  readonly color: string;
  readonly dash: readonly number[];
  readonly values: Float64Array;
};

/** A picture of series over one grid of times (Unix milliseconds). */
export type ChartData = {
  readonly window: Window;
  readonly timesMs: Float64Array;
  readonly series: readonly ChartSeries[];
};

export type Summary = {
  readonly last: number;
  readonly min: number;
  readonly mean: number;
  readonly max: number;
};

/** Over the samples there are; all NaN where there is none. `last` is the newest sample. */
export function summarise(values: Float64Array): Summary {
  let last = Number.NaN;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count += 1;
  }
  if (count === 0) return { last, min: last, mean: last, max: last };
  return { last, min, mean: sum / count, max };
}

/** Unix milliseconds of the newest sample of any series, or undefined where there is none. */
export function newestMs(
  timesMs: Float64Array,
  series: readonly { readonly values: Float64Array }[],
): number | undefined {
  for (let i = timesMs.length - 1; i >= 0; i--) {
    if (series.some(({ values }) => !Number.isNaN(values[i] ?? Number.NaN))) return timesMs[i];
  }
  return undefined;
}
