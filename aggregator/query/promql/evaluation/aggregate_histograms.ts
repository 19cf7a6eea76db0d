import type { Histogram } from "#shared/model/histogram.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { informIgnoredHistogram, warnMixedFloats } from "../model/annotations.ts";
import type { AggregateExpr } from "#shared/query_language/promql/ast.ts";
import { type EvalContext, breathe } from "../model/context.ts";
import { meanOfHistograms, sumOfHistograms } from "../windows/histogram_totals.ts";
import {
  type StepSeries,
  absent,
  hasHistograms,
  histogram,
  histogramAt,
  putSample,
} from "../model/values.ts";

/** Histograms that are added up before others get a turn. */
const addedMax = 1_000;

const ofAnything: ReadonlySet<string> = new Set(["count", "group"]);

/**
 * Completes a group whose numbers are aggregated: sums and means of histograms are put in, steps that mix them with numbers
 * are taken out. Other aggregations leave histograms aside, and say so.
 */
export async function addHistogramsOfGroup(
  context: EvalContext,
  expr: AggregateExpr,
  members: readonly StepSeries[],
  target: StepSeries,
): Promise<void> {
  if (!members.some(hasHistograms) || ofAnything.has(expr.op)) return;
  const { notes } = context;
  const { span } = expr.expr;
  if (expr.op !== "sum" && expr.op !== "avg") {
    informIgnoredHistogram(notes, span, expr.op);
    return;
  }
  let added = 0;
  const total = expr.op === "sum" ? sumOfHistograms : meanOfHistograms;
  for (let i = 0; i < target.values.length; i++) {
    const here = members.filter(({ present }) => present[i] === histogram);
    if (here.length === 0) continue;
    // Adding a histogram costs about what a hundred numbers cost.
    if ((added += here.length) > addedMax) {
      added = 0;
      await breathe(context.budget);
    }
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
