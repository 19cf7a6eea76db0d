import type { Histogram } from "#shared/model/histogram.ts";
import { histogramVariance } from "#shared/model/histogram_estimate.ts";
import { type EvalContext, breathe, renamed, spend } from "../model/context.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import { type StepSeries, hasSample, histogramAt, newSeries, putSample } from "../model/values.ts";

/** Functions that make one number of a native histogram. */
export const histogramFunctions: ReadonlyMap<string, (histogram: Histogram) => number> = new Map<
  string,
  (histogram: Histogram) => number
>([
  ["histogram_count", ({ count }) => count],
  ["histogram_sum", ({ sum }) => sum],
  ["histogram_avg", ({ sum, count }) => sum / count],
  ["histogram_stddev", (histogram) => Math.sqrt(histogramVariance(histogram))],
  ["histogram_stdvar", histogramVariance],
]);

/** A number of each histogram; numbers in the vector are left out. */
export async function mapHistograms(
  context: EvalContext,
  series: readonly StepSeries[],
  compute: (histogram: Histogram, step: number) => number,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  for (const one of series) {
    if (one.histograms === undefined) continue;
    await breathe(context.budget);
    const after = renamed(context, one.labels);
    const target = newSeries(after.labels, one.values.length, after.dropName);
    for (let i = 0; i < one.values.length; i++) {
      const found = histogramAt(one, i);
      if (found !== undefined) putSample(target, i, compute(found, i));
    }
    if (!hasSample(target)) continue;
    spend(context.budget, target.values.length);
    out.push(target);
  }
  return mergeSameLabels(context.budget, out);
}
