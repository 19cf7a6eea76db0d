import type { Histogram } from "#shared/model/histogram.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { informIgnoredHistogram, warnMixedFloats } from "./annotations.ts";
import type { AggregateExpr } from "./ast.ts";
import type { EvalContext } from "./context.ts";
import { meanOfHistograms, sumOfHistograms } from "./histogram_totals.ts";
import {
  type StepSeries,
  absent,
  hasHistograms,
  histogram,
  histogramAt,
  putSample,
} from "./values.ts";

const ofAnything: ReadonlySet<string> = new Set(["count", "group"]);

/**
 * Completes a group whose numbers are aggregated: sums and means of histograms are put in, steps that mix them with numbers
 * are taken out. Other aggregations leave histograms aside, and say so.
 */
export function addHistogramsOfGroup(
  context: EvalContext,
  expr: AggregateExpr,
  members: readonly StepSeries[],
  target: StepSeries,
): void {
  if (!members.some(hasHistograms) || ofAnything.has(expr.op)) return;
  const { notes } = context;
  const { span } = expr.expr;
  if (expr.op !== "sum" && expr.op !== "avg") {
    informIgnoredHistogram(notes, span, expr.op);
    return;
  }
  const total = expr.op === "sum" ? sumOfHistograms : meanOfHistograms;
  for (let i = 0; i < target.values.length; i++) {
    const here = members.filter(({ present }) => present[i] === histogram);
    if (here.length === 0) continue;
    if (target.present[i] !== absent) {
      target.present[i] = absent;
      warnMixedFloats(notes, span, "aggregation");
      continue;
    }
    const found = here.flatMap((member): Histogram[] => {
      const one = histogramAt(member, i);
      return one === undefined ? [] : [one];
    });
    const metricName = here[0]?.labels[metricNameLabel] ?? "";
    const result = total({ notes, span, metricName }, found);
    if (result !== undefined) putSample(target, i, result);
  }
}
