import type { BinaryExpr } from "./ast.ts";
import { bySignature } from "./binary.ts";
import { type EvalContext, breathe, spend } from "./context.ts";
import { type StepSeries, absent, float, hasSample, mergeSameLabels } from "./values.ts";

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
    const kept = masked(context, expr, rhs, presence(expr, lhs, count), count, false);
    return mergeSameLabels([...lhs, ...kept]);
  }
  return masked(context, expr, lhs, presence(expr, rhs, count), count, expr.op === "and");
}

/** For each signature the steps at which any series has a sample. */
function presence(
  expr: BinaryExpr,
  series: readonly StepSeries[],
  count: number,
): Map<string, Uint8Array> {
  const steps = new Map<string, Uint8Array>();
  for (const [key, group] of bySignature(expr.matching, series)) {
    const any = new Uint8Array(count);
    for (const { present } of group) {
      for (let i = 0; i < count; i++) if (present[i] !== absent) any[i] = float;
    }
    steps.set(key, any);
  }
  return steps;
}

/** The samples at steps where the other side has (or has not) something of the same signature. */
function masked(
  context: EvalContext,
  expr: BinaryExpr,
  series: readonly StepSeries[],
  other: ReadonlyMap<string, Uint8Array>,
  count: number,
  wanted: boolean,
): StepSeries[] {
  const kept: StepSeries[] = [];
  const nothing = new Uint8Array(count);
  for (const [key, group] of bySignature(expr.matching, series)) {
    const steps = other.get(key) ?? nothing;
    for (const one of group) {
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
