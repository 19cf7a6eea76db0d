import { assert } from "#shared/assert.ts";
import { columnWeight } from "#shared/model/histogram.ts";
import { aggregate, countValues } from "./aggregate.ts";
import { selectSeries } from "./aggregate_select.ts";
import { arithmetic, comparison } from "../model/arithmetic.ts";
import {
  type AggregateExpr,
  type BinaryExpr,
  type Expr,
  isComparison,
  isSetOp,
  unwrapParens,
} from "#shared/query_language/promql/ast.ts";
import { vectorScalar, vectorVector } from "./binary.ts";
import { evaluateCall } from "../functions/calls.ts";
import { type EvalContext, breathe } from "../model/context.ts";
import { executionError, quote } from "#shared/query_language/promql/errors.ts";
import { evaluateSelector } from "../selection/selectors.ts";
import { setOperation } from "./set_ops.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import {
  type Grid,
  type StepSeries,
  type StepValue,
  dropMetadata,
  vectorOf,
} from "../model/values.ts";
import { negated } from "../functions/vector_functions.ts";

/**
 * Evaluates an expression tree over a grid of steps, bottom up, whole columns at a time.
 *
 * Constraints: a dashboard asks for thousands of series over hundreds of steps, so nothing is allocated for a sample: a
 * node takes and gives series of a Float64Array of values and a Uint8Array that says at which steps there is one. Raw
 * samples are fetched before, once a selector; windows and look-backs walk them with indices that only move forward.
 *
 * Time: a node evaluates all steps of its grid before its parent does. Instant queries are grids of one step. A subquery
 * makes a grid of its own, whose results then serve as raw samples. `@` fixes where a selector looks, not the step, so
 * time() and predict_linear() inside still see the step.
 *
 * Names: what changes the meaning of values drops the metric name. With delayedNameRemoval the labels keep it until the
 * end and only a flag is set, so that label_replace() can still read it.
 *
 * Native histograms: a third state in `present` and a column of their own, made where the first is met. Loops over numbers
 * test for `float`; a series or group without that column never leaves them. Histograms are objects, one a sample, never
 * changed once made.
 */
export async function evaluate(context: EvalContext, expr: Expr, grid: Grid): Promise<StepValue> {
  const { budget } = context;
  await breathe(budget);
  const before = budget.samples;
  const value = await evaluateNode(context, expr, grid);
  // What the node was made from is garbage now; only its result still counts.
  budget.samples = before + (value.type === "vector" ? weightOf(value.series, grid) : 0);
  return value;
}

function weightOf(series: readonly StepSeries[], grid: Grid): number {
  let weight = 0;
  for (const { histograms } of series) weight += columnWeight(grid.count, histograms);
  return weight;
}

async function evaluateNode(context: EvalContext, expr: Expr, grid: Grid): Promise<StepValue> {
  switch (expr.kind) {
    case "number":
      return { type: "scalar", values: new Float64Array(grid.count).fill(expr.value) };
    case "string":
      return { type: "string", value: expr.value };
    case "paren":
      return evaluate(context, expr.expr, grid);
    case "selector":
      return vectorOf(await evaluateSelector(context, expr, grid));
    case "unary": {
      const value = await evaluate(context, expr.expr, grid);
      if (expr.op === "+" || value.type === "string") return value;
      if (value.type === "scalar")
        return { type: "scalar", values: value.values.map((one) => -one) };
      return vectorOf(await negated(context, value.series));
    }
    case "call":
      return evaluateCall(context, expr, grid, (inner, steps) => evaluate(context, inner, steps));
    case "aggregate":
      return vectorOf(await evaluateAggregate(context, expr, grid));
    case "binary":
      return evaluateBinary(context, expr, grid);
    case "matrix":
    case "subquery":
      throw executionError("a range vector can only be the argument of a function");
  }
}

async function vectorFrom(
  context: EvalContext,
  expr: Expr,
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const value = await evaluate(context, expr, grid);
  assert(value.type === "vector", "the checker has seen a vector");
  return value.series;
}

async function evaluateAggregate(
  context: EvalContext,
  expr: AggregateExpr,
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const param =
    expr.param === undefined ? undefined : await evaluate(context, unwrapParens(expr.param), grid);
  const series = await vectorFrom(context, expr.expr, grid);
  const { op } = expr;
  if (op === "count_values") {
    assert(param?.type === "string", "the checker has seen a string");
    if (param.value === "" || param.value.includes("\uFFFD"))
      throw executionError(`invalid label name ${quotedLabel(context, expr, param.value)}`);
    return countValues(context, expr, param.value, series, grid.count);
  }
  const params = param?.type === "scalar" ? param.values : new Float64Array(grid.count);
  if (op === "topk" || op === "bottomk" || op === "limitk" || op === "limit_ratio") {
    return selectSeries(context, expr, series, params, grid.count);
  }
  return aggregate(context, expr, series, params, grid.count);
}

/** As it is written where that is in double quotes: a byte that is no text (`"\\xc5"`) is one there alone. */
function quotedLabel({ query }: EvalContext, { param }: AggregateExpr, label: string): string {
  const { start, end } = param === undefined ? { start: 0, end: 0 } : unwrapParens(param).span;
  const written = query.slice(start, end);
  return /^"[^"]*"$/.test(written) ? written : quote(label);
}

async function evaluateBinary(
  context: EvalContext,
  expr: BinaryExpr,
  grid: Grid,
): Promise<StepValue> {
  const lhs = await evaluate(context, expr.lhs, grid);
  const rhs = await evaluate(context, expr.rhs, grid);
  assert(lhs.type !== "string" && rhs.type !== "string", "the checker refuses strings");
  const { op } = expr;
  if (lhs.type === "scalar" && rhs.type === "scalar") {
    // A scalar can't be left out, as a sample of a vector is that an operator doesn't fit.
    if (op === "</" || op === ">/")
      throw executionError(`operator "${op}" not allowed for Scalar operations`);
    assert(!isSetOp(op), "the checker refuses set operators between scalars");
    const compute = isComparison(op) ? comparison[op] : undefined;
    return {
      type: "scalar",
      values: lhs.values.map((a, i) => {
        const b = rhs.values[i] ?? Number.NaN;
        if (compute !== undefined) return Number(compute(a, b));
        return isComparison(op) ? Number.NaN : arithmetic[op](a, b);
      }),
    };
  }
  if (lhs.type === "scalar") {
    assert(rhs.type === "vector", "one side is a vector");
    return vectorOf(await vectorScalar(context, expr, rhs.series, lhs.values, true));
  }
  if (rhs.type === "scalar") {
    return vectorOf(await vectorScalar(context, expr, lhs.series, rhs.values, false));
  }
  if (isSetOp(op))
    return vectorOf(await setOperation(context, expr, lhs.series, rhs.series, grid.count));
  return vectorOf(await vectorVector(context, expr, lhs.series, rhs.series, grid.count));
}

/** Drops the names that were only marked, when everything else is done. */
export function dropMarkedNames(
  context: EvalContext,
  series: readonly StepSeries[],
): Promise<readonly StepSeries[]> {
  if (!series.some(({ dropName }) => dropName)) return mergeSameLabels(context.budget, series);
  return mergeSameLabels(
    context.budget,
    series.map((one) =>
      one.dropName ? { ...one, labels: dropMetadata(one.labels), dropName: false } : one,
    ),
  );
}
