import { assert } from "#shared/assert.ts";
import { warn } from "../model/annotations.ts";
import { dateFunctions, mathFunctions, maxOf, minOf } from "../model/arithmetic.ts";
import { type CallExpr, type Expr, unwrapParens } from "#shared/query_language/promql/ast.ts";
import type { EvalContext } from "../model/context.ts";
import { executionError } from "#shared/query_language/promql/errors.ts";
import { extendedFunctionOf } from "../windows/extended_windows.ts";
import { histogramFraction, histogramQuantiles } from "./histogram_estimates.ts";
import { evaluateInfo } from "./info.ts";
import { histogramFunctions, mapHistograms } from "./native_histograms.ts";
import { subqueryGrid } from "../selection/plan.ts";
import { absentWindows, applyWindows, windowFunctions } from "./range_functions.ts";
import { evaluateSelector, rangeOfSelector, rangeOfSubquery } from "../selection/selectors.ts";
import { sortByLabel, sortByValue } from "../model/sort_series.ts";
import {
  type Grid,
  type ScalarValue,
  type StepSeries,
  type StepValue,
  float,
  newSeries,
  vectorOf,
} from "../model/values.ts";
import type { RangeInput } from "../model/window.ts";
import * as vectors from "./vector_functions.ts";

/** Evaluates one expression over a grid; lent by the evaluator, so that calls need not import it. */
export type Evaluate = (expr: Expr, grid: Grid) => Promise<StepValue>;

/** One call that is being evaluated. */
type Call = {
  readonly context: EvalContext;
  readonly call: CallExpr;
  readonly args: readonly Expr[];
  readonly grid: Grid;
  readonly evaluate: Evaluate;
};

export async function evaluateCall(
  context: EvalContext,
  call: CallExpr,
  grid: Grid,
  evaluate: Evaluate,
): Promise<StepValue> {
  const it: Call = { context, call, args: call.args.map(unwrapParens), grid, evaluate };
  const { name } = call;
  const windowed = windowFunctions.get(name);
  if (windowed !== undefined) {
    const range = it.args.findIndex((arg) => arg.kind === "matrix" || arg.kind === "subquery");
    const params: ScalarValue[] = [];
    for (const [i] of it.args.entries())
      if (i !== range) params.push(scalar(await scalarArg(it, i)));
    const input = await rangeArg(it, range);
    return vectorOf(await applyWindows(context, call, windowed, input, params, grid));
  }
  const mapped = mathFunctions.get(name);
  if (mapped !== undefined) {
    return vectorOf(
      await vectors.mapValues(context, await vectorArg(it, 0), (value) => mapped(value)),
    );
  }
  const ofHistogram = histogramFunctions.get(name);
  if (ofHistogram !== undefined) {
    return vectorOf(await mapHistograms(context, await vectorArg(it, 0), ofHistogram));
  }
  const dated = dateFunctions.get(name);
  if (dated !== undefined) return dateCall(it, dated);
  return (await scalarCall(it)) ?? (await histogramCall(it)) ?? vectorCall(it);
}

function scalar(values: Float64Array): ScalarValue {
  return { type: "scalar", values };
}

function argAt({ args }: Call, index: number): Expr {
  const arg = args[index];
  assert(arg !== undefined, "the checker counts arguments");
  return arg;
}

async function vectorArg(it: Call, index: number): Promise<readonly StepSeries[]> {
  const value = await it.evaluate(argAt(it, index), it.grid);
  assert(value.type === "vector", "the checker has seen a vector");
  return value.series;
}

async function scalarArg(it: Call, index: number): Promise<Float64Array> {
  const value = await it.evaluate(argAt(it, index), it.grid);
  assert(value.type === "scalar", "the checker has seen a scalar");
  return value.values;
}

function textArg(it: Call, index: number): string {
  const arg = argAt(it, index);
  assert(arg.kind === "string", "the checker has seen a string");
  return arg.value;
}

async function rangeArg(it: Call, index: number): Promise<RangeInput> {
  const input = await rangeInput(it, argAt(it, index));
  it.context.counts?.addWindows(input, it.grid, argAt(it, index).kind === "subquery");
  return input;
}

async function rangeInput(it: Call, arg: Expr): Promise<RangeInput> {
  if (arg.kind === "matrix") {
    const { edges } = arg.selector;
    if (edges !== undefined) extendedFunctionOf(edges, it.call.name);
    return rangeOfSelector(it.context, arg, it.grid);
  }
  assert(arg.kind === "subquery", "the checker has seen a range vector");
  const inner = subqueryGrid(it.context, arg, it.grid);
  if (inner.count === 0) return rangeOfSubquery(it.context, arg, it.grid, inner, []);
  const value = await it.evaluate(arg.expr, inner);
  assert(value.type === "vector", "the checker has seen a vector");
  return rangeOfSubquery(it.context, arg, it.grid, inner, value.series);
}

async function dateCall(it: Call, read: (date: Date) => number): Promise<StepValue> {
  const { context, grid } = it;
  if (it.args.length === 0) {
    const target = newSeries({}, grid.count);
    target.present.fill(float);
    for (let i = 0; i < grid.count; i++) {
      target.values[i] = read(
        new Date(Math.floor((grid.startMs + i * grid.stepMs) / 1_000) * 1_000),
      );
    }
    return vectorOf([target]);
  }
  const series = await vectorArg(it, 0);
  return vectorOf(
    await vectors.mapValues(context, series, (value) => read(new Date(Math.trunc(value) * 1_000))),
  );
}

async function scalarCall(it: Call): Promise<StepValue | undefined> {
  const { context, grid } = it;
  const constant = (value: number): ScalarValue => scalar(new Float64Array(grid.count).fill(value));
  switch (it.call.name) {
    case "time":
      return scalar(
        Float64Array.from(
          { length: grid.count },
          (_, i) => (grid.startMs + i * grid.stepMs) / 1_000,
        ),
      );
    case "pi":
      return constant(Math.PI);
    case "start":
      return constant(context.startMs / 1_000);
    case "end":
      return constant(context.endMs / 1_000);
    case "range":
      return constant((context.endMs - context.startMs) / 1_000);
    case "step":
      return constant(context.startMs === context.endMs ? 0 : context.stepMs / 1_000);
    case "scalar":
      return scalar(vectors.scalarOf(await vectorArg(it, 0), grid.count));
    case "min_of":
    case "max_of": {
      const pick = it.call.name === "min_of" ? minOf : maxOf;
      const other = await scalarArg(it, 1);
      return scalar(
        (await scalarArg(it, 0)).map((value, i) => pick(value, other[i] ?? Number.NaN)),
      );
    }
    default:
      return undefined;
  }
}

async function histogramCall(it: Call): Promise<StepValue | undefined> {
  const { context, grid, args } = it;
  const vector = async (index: number) => ({
    arg: argAt(it, index),
    series: await vectorArg(it, index),
  });
  const quantile = async (index: number) => ({
    arg: argAt(it, index),
    values: await scalarArg(it, index),
  });
  switch (it.call.name) {
    case "histogram_quantile":
      return vectorOf(
        await histogramQuantiles(context, await vector(1), [await quantile(0)], grid),
      );
    case "histogram_quantiles": {
      const quantiles = [];
      for (let i = 2; i < args.length; i++) quantiles.push(await quantile(i));
      return vectorOf(
        await histogramQuantiles(context, await vector(0), quantiles, grid, textArg(it, 1)),
      );
    }
    case "histogram_fraction": {
      const [lower, upper] = [await scalarArg(it, 0), await scalarArg(it, 1)];
      return vectorOf(await histogramFraction(context, await vector(2), lower, upper, grid));
    }
    default:
      return undefined;
  }
}

async function vectorCall(it: Call): Promise<StepValue> {
  const { context, grid, call } = it;
  switch (call.name) {
    case "vector": {
      const target = newSeries({}, grid.count);
      target.values.set(await scalarArg(it, 0));
      target.present.fill(float);
      return vectorOf([target]);
    }
    case "absent":
      return vectorOf(vectors.absentOf(argAt(it, 0), await vectorArg(it, 0), grid.count));
    case "absent_over_time": {
      const labels = vectors.labelsOfAbsent(argAt(it, 0));
      return vectorOf(await absentWindows(context, await rangeArg(it, 0), grid, labels));
    }
    case "timestamp": {
      const arg = argAt(it, 0);
      const direct = arg.kind === "selector";
      const series = direct
        ? await evaluateSelector(context, arg, grid, "times")
        : vectors.withoutValues(await vectorArg(it, 0));
      return vectorOf(
        await vectors.mapValues(context, series, (value, i) =>
          direct ? value : (grid.startMs + i * grid.stepMs) / 1_000,
        ),
      );
    }
    case "start_timestamp": {
      const arg = argAt(it, 0);
      if (arg.kind === "selector" && context.useStartTimestamps) {
        const starts = await evaluateSelector(context, arg, grid, "starts");
        return vectorOf(await vectors.mapValues(context, starts, (value) => value));
      }
      // What is computed counts since no time.
      await vectorArg(it, 0);
      return vectorOf([]);
    }
    case "round": {
      const to =
        call.args.length > 1 ? await scalarArg(it, 1) : new Float64Array(grid.count).fill(1);
      // The inverse is exact for the fractions that people round to, where the fraction itself is not.
      return vectorOf(
        await vectors.mapValues(context, await vectorArg(it, 0), (value, i) => {
          const inverse = 1 / (to[i] ?? 1);
          return Math.floor(value * inverse + 0.5) / inverse;
        }),
      );
    }
    case "clamp":
      return vectorOf(
        await vectors.clamp(
          context,
          await vectorArg(it, 0),
          await scalarArg(it, 1),
          await scalarArg(it, 2),
        ),
      );
    case "clamp_min":
      return vectorOf(
        await vectors.clamp(context, await vectorArg(it, 0), await scalarArg(it, 1), undefined),
      );
    case "clamp_max":
      return vectorOf(
        await vectors.clamp(context, await vectorArg(it, 0), undefined, await scalarArg(it, 1)),
      );
    default:
      return labelCall(it);
  }
}

async function labelCall(it: Call): Promise<StepValue> {
  const { name } = it.call;
  const texts = it.args
    .slice(1)
    .map((_, i) => (it.args[i + 1]?.kind === "string" ? textArg(it, i + 1) : ""));
  if (name === "label_replace") {
    const [dst = "", replacement = "", src = "", pattern = ""] = texts;
    const replacing = [dst, replacement, src, pattern] as const;
    return vectorOf(await vectors.labelReplace(it.context, await vectorArg(it, 0), replacing));
  }
  if (name === "label_join") {
    const [dst = "", separator = "", ...sources] = texts;
    const series = await vectorArg(it, 0);
    return vectorOf(await vectors.labelJoin(it.context, series, dst, separator, sources));
  }
  if (name === "info")
    return vectorOf(await evaluateInfo(it.context, it.call, await vectorArg(it, 0), it.grid));
  if (!name.startsWith("sort")) throw executionError(`function "${name}" is not supported`);
  if (it.grid.count > 1) {
    const text = "sort is ineffective for range queries since results are always ordered by labels";
    warn(it.context.notes, it.call.span, text);
  }
  const series = await vectorArg(it, 0);
  const sign = name.endsWith("_desc") ? -1 : 1;
  const { budget } = it.context;
  if (name.startsWith("sort_by_label"))
    return vectorOf(await sortByLabel(budget, series, texts, sign));
  return vectorOf(await sortByValue(budget, series, sign));
}
