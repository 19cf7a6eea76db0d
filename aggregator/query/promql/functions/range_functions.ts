import { columnWeight, type HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import {
  inform,
  informIgnoredInRange,
  warnQuantile,
  warnStartOverlap,
} from "../model/annotations.ts";
import type { CallExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe, renamed, spend } from "../model/context.ts";
import { quote } from "#shared/query_language/promql/errors.ts";
import { extendedFunctionOf } from "../windows/extended_windows.ts";
import type { TotalNotes } from "../windows/histogram_totals.ts";
import {
  anySample,
  type HistogramWindowFunction,
  histogramWindows,
} from "../windows/histogram_windows.ts";
import * as over from "../windows/over_time.ts";
import * as rates from "../windows/rate.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import {
  type Grid,
  type ScalarValue,
  type StepSeries,
  absent,
  float,
  hasSample,
  newSeries,
  putSample,
} from "../model/values.ts";
import type { RangeInput, RangeSeries, Window, WindowFunction } from "../model/window.ts";
import { bucketFunctionOf, columnsIn } from "../windows/bucket_windows.ts";
import { TierWindows } from "../windows/tier_windows.ts";

/** Functions of a range vector, one number a window. */
export const windowFunctions: ReadonlyMap<string, WindowFunction> = new Map<string, WindowFunction>(
  [
    ["rate", rates.rate],
    ["increase", rates.increase],
    ["delta", rates.delta],
    ["irate", rates.irate],
    ["idelta", rates.idelta],
    ["changes", rates.changes],
    ["resets", rates.resets],
    ["deriv", rates.deriv],
    ["predict_linear", rates.predictLinear],
    ["double_exponential_smoothing", rates.doubleExponentialSmoothing],
    ["sum_over_time", over.sumOverTime],
    ["avg_over_time", over.avgOverTime],
    ["count_over_time", over.countOverTime],
    ["present_over_time", over.presentOverTime],
    ["first_over_time", over.firstOverTime],
    ["last_over_time", over.lastOverTime],
    ["min_over_time", over.minOverTime],
    ["max_over_time", over.maxOverTime],
    ["ts_of_first_over_time", over.tsOfFirstOverTime],
    ["ts_of_last_over_time", over.tsOfLastOverTime],
    ["ts_of_min_over_time", over.tsOfMinOverTime],
    ["ts_of_max_over_time", over.tsOfMaxOverTime],
    ["stdvar_over_time", over.stdvarOverTime],
    ["stddev_over_time", over.stddevOverTime],
    ["quantile_over_time", over.quantileOverTime],
    ["mad_over_time", over.madOverTime],
  ],
);

/** A function of windows: of numbers, and of those with a histogram where it looks at these. */
type Apply = {
  readonly numbers: WindowFunction;
  readonly histograms: HistogramWindowFunction | undefined;
};

const keepName: ReadonlySet<string> = new Set(["last_over_time", "first_over_time"]);
const counterSuffix = /_(?:total|sum|count|bucket)$/;

/** Applies a function to every window of every series. */
export async function applyWindows(
  context: EvalContext,
  call: CallExpr,
  plain: WindowFunction,
  input: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  const { edges } = input;
  const extended = edges === undefined ? undefined : extendedFunctionOf(edges, call.name);
  const apply: Apply = extended ?? {
    numbers: plain,
    histograms: histogramWindows.get(call.name),
  };
  const counterOnly = call.name === "rate" || call.name === "increase";
  const tiers = new TierWindows(context, call, input, grid);
  for (const [i, samples] of input.series.entries()) {
    if (i % 16 === 0) await breathe(context.budget);
    const target = targetOf(context, call.name, samples, grid.count);
    let overlaps = 0;
    if (samples.buckets !== undefined)
      overlaps = await slideTier(context, call, apply, samples, tiers, params, grid, target);
    else if (samples.histograms === undefined || anySample.has(call.name))
      overlaps = await slide(context, apply.numbers, samples, input, params, grid, target);
    else
      overlaps = await slideHistograms(context, call, apply, samples, input, params, grid, target);
    noteOverlaps(context, call, samples.labels, overlaps);
    if (!hasSample(target)) continue;
    spend(context.budget, columnWeight(grid.count, target.histograms));
    out.push(target);
    if (counterOnly && target.present.includes(float)) noteGauge(context, call, samples.labels);
  }
  noteParams(context, call, params, out);
  return mergeSameLabels(context.budget, out);
}

function targetOf(
  context: EvalContext,
  name: string,
  { labels, dropName }: RangeSeries,
  count: number,
): StepSeries {
  if (keepName.has(name)) return newSeries(labels, count, dropName);
  const after = renamed(context, labels);
  return newSeries(after.labels, count, after.dropName);
}

function noteGauge(context: EvalContext, call: CallExpr, labels: Labels): void {
  const name = labels[metricNameLabel] ?? "";
  if (name === "" || counterSuffix.test(name)) return;
  const text = "metric might not be a counter, name does not end in _total/_sum/_count/_bucket:";
  inform(context.notes, call.args[0]?.span ?? call.span, `${text} ${quote(name)}`);
}

function noteOverlaps(context: EvalContext, call: CallExpr, labels: Labels, count: number): void {
  if (count === 0) return;
  const name = labels[metricNameLabel] ?? "";
  warnStartOverlap(context.notes, call.args[0]?.span ?? call.span, name, count);
}

function noteParams(
  context: EvalContext,
  call: CallExpr,
  params: readonly ScalarValue[],
  out: readonly StepSeries[],
): void {
  if (call.name !== "quantile_over_time" || out.length === 0) return;
  for (const q of new Set(params[0]?.values))
    warnQuantile(context.notes, call.args[0]?.span ?? call.span, q);
}

/** Samples in windows with histograms that are visited before others get a turn. */
const visitedMax = 5_000;
/** The same of numbers: some milliseconds. */
const numbersVisitedMax = 1_000_000;

/** As slide(), for a series that has histograms somewhere. */
async function slideHistograms(
  context: EvalContext,
  call: CallExpr,
  apply: Apply,
  samples: RangeSeries,
  input: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
  target: StepSeries,
): Promise<number> {
  const { histograms, timestampsMs, values } = samples;
  if (histograms === undefined) return 0;
  const metricName = samples.labels[metricNameLabel] ?? "";
  const about: TotalNotes = {
    notes: context.notes,
    span: call.args[0]?.span ?? call.span,
    metricName,
  };
  const before = countedBefore(histograms);
  const histogramsIn = (window: Window): number =>
    (before[window.to] ?? 0) - (before[window.from] ?? 0);
  const { numbers, histograms: either } = apply;
  if (either !== undefined) {
    const full = windowOver(samples, input.rangeMs);
    let visited = 0;
    for (let i = 0; i < grid.count; i++) {
      if (!moveTo(full, i, input, params, grid)) continue;
      if ((visited += full.to - full.from) > visitedMax) {
        visited = 0;
        await breathe(context.budget);
      }
      const result = histogramsIn(full) === 0 ? numbers(full) : either(full, about);
      if (result !== undefined && !full.none) putSample(target, i, result);
    }
    return full.overlaps;
  }
  // Only numbers count: the function slides over these alone, and windows that held more are told of.
  const isNumber = (_: unknown, i: number): boolean => histograms[i] === undefined;
  const floats = { ...samples, timestampsMs: timestampsMs.filter(isNumber) };
  const onlyNumbers = {
    ...floats,
    values: values.filter(isNumber),
    starts: undefined,
    fine: samples.fine?.filter(isNumber),
  };
  await slide(context, numbers, onlyNumbers, input, params, grid, target);
  const full = windowOver(samples, input.rangeMs);
  for (let i = 0; i < grid.count; i++) {
    if (!moveTo(full, i, input, params, grid)) continue;
    const found = histogramsIn(full);
    if (found > 0 && found < full.to - full.from)
      informIgnoredInRange(about.notes, about.span, metricName);
  }
  return 0;
}

/** How many histograms stand before each place of a column. */
function countedBefore(histograms: HistogramColumn): Uint32Array {
  const before = new Uint32Array(histograms.length + 1);
  for (let i = 0; i < histograms.length; i++) {
    before[i + 1] = (before[i] ?? 0) + (histograms[i] === undefined ? 0 : 1);
  }
  return before;
}

/**
 * Both edges of the window only move forward, so a series is walked once however much windows overlap. What a function does with each
 * window is not bounded by that: thousands of steps over a window of a million samples pause for others, and can be stopped. Gives
 * the number of windows with start timestamps that overlap.
 */
async function slide(
  context: EvalContext,
  apply: WindowFunction,
  samples: RangeSeries,
  input: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
  target: StepSeries,
): Promise<number> {
  const window = windowOver(samples, input.rangeMs);
  for (let step = 0; step < grid.count;) {
    step = slideOn(apply, window, step, input, params, grid, target);
    if (step < grid.count) await breathe(context.budget);
  }
  return window.overlaps;
}

/** From a step on, until enough samples are visited for a pause; gives the next step. */
function slideOn(
  apply: WindowFunction,
  window: Window,
  firstStep: number,
  input: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
  target: StepSeries,
): number {
  let visited = 0;
  let step = firstStep;
  while (step < grid.count && visited < numbersVisitedMax) {
    const i = step++;
    if (!moveTo(window, i, input, params, grid)) continue;
    visited += window.to - window.from;
    const value = apply(window);
    if (window.none) continue;
    target.values[i] = value;
    target.present[i] = float;
  }
  return step;
}

function windowOver(
  { timestampsMs, values, histograms, starts, fine }: RangeSeries,
  rangeMs: number,
): Window {
  return {
    timestampsMs,
    values,
    histograms,
    starts,
    fine,
    from: 0,
    to: 0,
    stepTimeMs: 0,
    startMs: 0,
    endMs: 0,
    rangeMs,
    first: 0,
    second: 0,
    none: false,
    overlaps: 0,
  };
}

/** As slide(), for a series that is in buckets somewhere. */
async function slideTier(
  context: EvalContext,
  call: CallExpr,
  apply: Apply,
  samples: RangeSeries,
  tiers: TierWindows,
  params: readonly ScalarValue[],
  grid: Grid,
  target: StepSeries,
): Promise<number> {
  const { buckets, histograms } = samples;
  if (buckets === undefined) return 0;
  const isPlain = histograms === undefined && tiers.edges === undefined;
  const ofBuckets = isPlain ? bucketFunctionOf(call.name) : undefined;
  const input = tiers.input(samples, buckets, ofBuckets !== undefined);
  if (histograms !== undefined && !anySample.has(call.name))
    return slideHistograms(context, call, apply, samples, input, params, grid, target);
  if (ofBuckets === undefined)
    return slide(context, apply.numbers, samples, input, params, grid, target);
  const view = { columns: columnsIn(buckets), askedMs: input.rangeMs };
  const inBuckets: WindowFunction = (window) => ofBuckets(window, view);
  return slide(context, inBuckets, samples, input, params, grid, target);
}

/** Moves a window on to a step; false where it is empty. */
function moveTo(
  window: Window,
  step: number,
  { firstEndMs, endStepMs, rangeMs, beforeMs, afterMs, moved }: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
): boolean {
  const { timestampsMs } = window;
  const { length } = timestampsMs;
  if (moved === undefined) {
    window.endMs = firstEndMs + step * endStepMs;
    window.startMs = window.endMs - rangeMs;
  } else {
    window.endMs = moved.endsMs[step] ?? 0;
    window.startMs = moved.startsMs[step] ?? 0;
    window.rangeMs = window.endMs - window.startMs;
  }
  const firstMs = window.startMs - beforeMs;
  const lastMs = window.endMs + afterMs;
  while (window.to < length && (timestampsMs[window.to] ?? Infinity) <= lastMs) window.to++;
  while (window.from < window.to && (timestampsMs[window.from] ?? Infinity) <= firstMs) {
    window.from++;
  }
  if (window.from >= window.to) return false;
  window.stepTimeMs = grid.startMs + step * grid.stepMs;
  window.first = params[0]?.values[step] ?? 0;
  window.second = params[1]?.values[step] ?? 0;
  window.none = false;
  return true;
}

/** 1 at the steps whose window holds no sample of any series. */
export async function absentWindows(
  context: EvalContext,
  input: RangeInput,
  grid: Grid,
  labels: Labels,
): Promise<readonly StepSeries[]> {
  const target = newSeries(labels, grid.count);
  const seen = newSeries({}, grid.count);
  const tiers = new TierWindows(context, undefined, input, grid);
  for (const [i, samples] of input.series.entries()) {
    if (i % 16 === 0) await breathe(context.budget);
    const { buckets } = samples;
    const own = buckets === undefined ? input : tiers.input(samples, buckets, true);
    await slide(context, over.presentOverTime, samples, own, [], grid, seen);
  }
  for (let i = 0; i < grid.count; i++) {
    if (seen.present[i] !== absent) continue;
    target.present[i] = float;
    target.values[i] = 1;
  }
  return hasSample(target) ? [target] : [];
}
