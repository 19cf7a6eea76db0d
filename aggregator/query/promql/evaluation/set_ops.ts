import type { BinaryExpr } from "#shared/query_language/promql/ast.ts";
import { bySignature } from "./binary.ts";
import { type EvalContext, breathe, spend } from "../model/context.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import { type StepSeries, absent, float, hasSample } from "../model/values.ts";

/** and, or, unless: whole samples of either side, chosen by whether the other side has the signature at the step. */
export async function setOperation(
  context: EvalContext,
  expr: BinaryExpr,
  lhs: readonly StepSeries[],
  rhs: readonly StepSeries[],
  count: number,
): Promise<readonly StepSeries[]> {
  await breathe(context.budget);
  if (expr.op === "or") {
    const steps = await presence(context, expr, lhs, count);
    const kept = await masked(context, expr, rhs, steps, count, false);
    return mergeSameLabels(context.budget, [...lhs, ...kept]);
  }
  const steps = await presence(context, expr, rhs, count);
  return masked(context, expr, lhs, steps, count, expr.op === "and");
}

/** For each signature the steps at which any series has a sample. */
async function presence(
  context: EvalContext,
  expr: BinaryExpr,
  series: readonly StepSeries[],
  count: number,
): Promise<Map<string, Uint8Array>> {
  const steps = new Map<string, Uint8Array>();
  for (const [key, group] of await bySignature(context, expr.matching, series)) {
    const any = new Uint8Array(count);
    for (const [s, { present }] of group.entries()) {
      if (s % 64 === 0) await breathe(context.budget);
      for (let i = 0; i < count; i++) if (present[i] !== absent) any[i] = float;
    }
    steps.set(key, any);
  }
  return steps;
}

/** The samples at steps where the other side has (or has not) something of the same signature. */
async function masked(
  context: EvalContext,
  expr: BinaryExpr,
  series: readonly StepSeries[],
  other: ReadonlyMap<string, Uint8Array>,
  count: number,
  wanted: boolean,
): Promise<StepSeries[]> {
  const kept: StepSeries[] = [];
  const nothing = new Uint8Array(count);
  for (const [key, group] of await bySignature(context, expr.matching, series)) {
    const steps = other.get(key) ?? nothing;
    for (const [s, one] of group.entries()) {
      if (s % 64 === 0) await breathe(context.budget);
      const present = one.present.map((state, i) =>
        (steps[i] !== absent) === wanted ? state : absent,
      );
      const target = { ...one, present };
      if (!hasSample(target)) continue;
      spend(context.budget, count);
      kept.push(target);
    }
  }
  return kept;
}
