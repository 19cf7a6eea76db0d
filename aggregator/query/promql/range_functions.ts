import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { inform, warnQuantile } from "./annotations.ts";
import type { CallExpr } from "./ast.ts";
import { type EvalContext, breathe, renamed, spend } from "./context.ts";
import { quote } from "./errors.ts";
import * as over from "./over_time.ts";
import * as rates from "./rate.ts";
import type { RangeInput, RangeSeries } from "./selectors.ts";
import {
  type Grid,
  type ScalarValue,
  type StepSeries,
  absent,
  float,
  hasSample,
  mergeSameLabels,
  newSeries,
} from "./values.ts";
import type { Window, WindowFunction } from "./window.ts";

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

const keepName: ReadonlySet<string> = new Set(["last_over_time", "first_over_time"]);
const counterSuffix = /_(?:total|sum|count|bucket)$/;

/** Applies a function to every window of every series. */
export async function applyWindows(
  context: EvalContext,
  call: CallExpr,
  apply: WindowFunction,
  input: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  const counterOnly = call.name === "rate" || call.name === "increase";
  for (const [i, samples] of input.series.entries()) {
    if (i % 16 === 0) await breathe(context.budget);
    const target = targetOf(context, call.name, samples, grid.count);
    slide(apply, samples, input, params, grid, target);
    if (!hasSample(target)) continue;
    spend(context.budget, grid.count);
    out.push(target);
    if (counterOnly) noteGauge(context, call, samples.labels);
  }
  noteParams(context, call, params, out);
  return mergeSameLabels(out);
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

/** Both edges of the window only move forward, so a series is walked once however much windows overlap. */
function slide(
  apply: WindowFunction,
  { timestampsMs, values }: RangeSeries,
  { firstEndMs, endStepMs, rangeMs }: RangeInput,
  params: readonly ScalarValue[],
  grid: Grid,
  target: StepSeries,
): void {
  const length = timestampsMs.length;
  const [first, second] = params;
  const window: Window = {
    timestampsMs,
    values,
    from: 0,
    to: 0,
    stepTimeMs: 0,
    startMs: 0,
    endMs: 0,
    rangeMs,
    first: 0,
    second: 0,
    none: false,
  };
  for (let i = 0; i < grid.count; i++) {
    window.endMs = firstEndMs + i * endStepMs;
    window.startMs = window.endMs - rangeMs;
    while (window.to < length && (timestampsMs[window.to] ?? Infinity) <= window.endMs) window.to++;
    while (window.from < window.to && (timestampsMs[window.from] ?? Infinity) <= window.startMs) {
      window.from++;
    }
    if (window.from >= window.to) continue;
    window.stepTimeMs = grid.startMs + i * grid.stepMs;
    window.first = first?.values[i] ?? 0;
    window.second = second?.values[i] ?? 0;
    window.none = false;
    const value = apply(window);
    if (window.none) continue;
    target.values[i] = value;
    target.present[i] = float;
  }
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
  for (const [i, samples] of input.series.entries()) {
    if (i % 16 === 0) await breathe(context.budget);
    slide(over.presentOverTime, samples, input, [], grid, seen);
  }
  for (let i = 0; i < grid.count; i++) {
    if (seen.present[i] !== absent) continue;
    target.present[i] = float;
    target.values[i] = 1;
  }
  return hasSample(target) ? [target] : [];
}
