import { equalHistograms, type Histogram } from "#shared/model/histogram.ts";
import { trimHistogram } from "#shared/model/histogram_estimate.ts";
import {
  addHistograms,
  divideHistogram,
  multiplyHistogram,
  subtractHistograms,
} from "#shared/model/histogram_sum.ts";
import {
  informOperands,
  informReconciled,
  type SampleType,
  warnMixedBuckets,
  warnResetCollision,
} from "../model/annotations.ts";
import type { BinaryExpr } from "#shared/query_language/promql/ast.ts";
import type { EvalContext } from "../model/context.ts";

/**
 * What an operator makes of two samples of which one at least is a histogram; undefined where it drops them, for most
 * pairs with a note that says so.
 */
export function combineHistograms(
  context: EvalContext,
  expr: BinaryExpr,
  a: number | Histogram,
  b: number | Histogram,
): number | Histogram | undefined {
  const { op } = expr;
  if (typeof a === "number") {
    if (typeof b !== "number" && op === "*") return multiplyHistogram(b, a);
  } else if (typeof b === "number") {
    if (op === "*") return multiplyHistogram(a, b);
    if (op === "/") return divideHistogram(a, b);
    if (op === "</") return trimHistogram(a, b, "upper");
    if (op === ">/") return trimHistogram(a, b, "lower");
  } else {
    if (op === "+" || op === "-") return added(context, expr, a, b);
    if (op === "==" || op === "!=") {
      const holds = equalHistograms(a, b) === (op === "==");
      if (expr.bool) return Number(holds);
      return holds ? a : undefined;
    }
  }
  informOperands(context.notes, expr.span, op, typeName(a), typeName(b));
  return undefined;
}

function typeName(sample: number | Histogram): SampleType {
  return typeof sample === "number" ? "float" : "histogram";
}

function added(
  { notes }: EvalContext,
  { op, span }: BinaryExpr,
  a: Histogram,
  b: Histogram,
): Histogram | undefined {
  const operation = op === "+" ? "addition" : "subtraction";
  const result = op === "+" ? addHistograms(a, b) : subtractHistograms(a, b);
  if (result === undefined) {
    warnMixedBuckets(notes, span, "");
    return undefined;
  }
  if (result.conflictingResets) warnResetCollision(notes, span, operation);
  if (result.reconciledBounds) informReconciled(notes, span, operation);
  return result.histogram;
}
