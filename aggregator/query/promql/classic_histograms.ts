import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { canonicalFloat, parseGoFloatText } from "#shared/text/exposition/go_float.ts";
import { forMetric, noteMonotonicity, warn, warnQuantile } from "./annotations.ts";
import type { Expr } from "./ast.ts";
import { type Bucket, bucketFraction, bucketQuantile } from "./buckets.ts";
import { type EvalContext, breathe, renamed, spend } from "./context.ts";
import { quote } from "./errors.ts";
import {
  type Grid,
  type StepSeries,
  absent,
  float,
  hasSample,
  mergeSameLabels,
  newSeries,
  withLabel,
  withoutLabels,
} from "./values.ts";

const bucketLabel = "le";

/** The bucket series of one classic histogram. */
type Histogram = {
  readonly labels: Labels;
  readonly bounds: number[];
  readonly series: StepSeries[];
};

/** Series with a good `le`, put together by their other labels. The others are told of, once a label value. */
function gather(context: EvalContext, series: readonly StepSeries[], arg: Expr): Histogram[] {
  const histograms = new Map<string, Histogram>();
  for (const one of series) {
    const text = one.labels[bucketLabel] ?? "";
    const bound = parseGoFloatText(text);
    if (bound === undefined) {
      const name = context.delayedNameRemoval ? (one.labels[metricNameLabel] ?? "") : "";
      const message = `bucket label "le" is missing or has a malformed value of ${quote(text)}`;
      warn(context.notes, arg.span, forMetric(message, name));
      continue;
    }
    const labels = withoutLabels(one.labels, [bucketLabel]);
    const key = labelsKey(labels);
    const histogram = histograms.get(key) ?? { labels, bounds: [], series: [] };
    histogram.bounds.push(bound);
    histogram.series.push(one);
    histograms.set(key, histogram);
  }
  return [...histograms.values()];
}

function bucketsAt({ bounds, series }: Histogram, step: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [i, { present, values }] of series.entries()) {
    if (present[step] === absent) continue;
    buckets.push({ upperBound: bounds[i] ?? 0, count: values[step] ?? 0 });
  }
  return buckets;
}

/** Works over every step of every histogram that has buckets there. */
async function overSteps(
  context: EvalContext,
  histogram: Histogram,
  grid: Grid,
  quantileLabel: readonly [string, string] | undefined,
  compute: (buckets: Bucket[], step: number) => number,
): Promise<StepSeries[]> {
  await breathe(context.budget);
  const after = renamed(context, histogram.labels);
  const labels =
    quantileLabel === undefined ? after.labels : withLabel(after.labels, ...quantileLabel);
  const target = newSeries(labels, grid.count, after.dropName);
  for (let i = 0; i < grid.count; i++) {
    const buckets = bucketsAt(histogram, i);
    if (buckets.length === 0) continue;
    target.present[i] = float;
    target.values[i] = compute(buckets, i);
  }
  if (!hasSample(target)) return [];
  spend(context.budget, grid.count);
  return [target];
}

/** histogram_quantile() and histogram_quantiles(): with a label name, each quantile is told by that label. */
export async function histogramQuantiles(
  context: EvalContext,
  vector: { readonly arg: Expr; readonly series: readonly StepSeries[] },
  quantiles: readonly { readonly arg: Expr; readonly values: Float64Array }[],
  grid: Grid,
  label?: string,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  for (const { arg, values } of quantiles) {
    for (const q of new Set(values)) warnQuantile(context.notes, arg.span, q);
  }
  const histograms = gather(context, vector.series, vector.arg);
  for (const { values } of quantiles) {
    // A quantile that changes from step to step makes a series for each of its values.
    const distinct = label === undefined ? [undefined] : [...new Set(values)];
    for (const q of distinct) {
      for (const histogram of histograms) {
        const name = context.delayedNameRemoval ? (histogram.labels[metricNameLabel] ?? "") : "";
        const pair =
          label === undefined || q === undefined
            ? undefined
            : ([label, canonicalFloat(q)] as const);
        const made = await overSteps(context, histogram, grid, pair, (buckets, step) => {
          const result = bucketQuantile(values[step] ?? Number.NaN, buckets);
          if (result.forced !== undefined) {
            const timeMs = grid.startMs + step * grid.stepMs;
            noteMonotonicity(context.notes, vector.arg.span, name, timeMs, result.forced);
          }
          return result.quantile;
        });
        out.push(...(q === undefined ? made : onlyWhere(made, values, q)));
      }
    }
  }
  return mergeSameLabels(out);
}

function onlyWhere(made: readonly StepSeries[], values: Float64Array, q: number): StepSeries[] {
  return made
    .map((series) => ({
      ...series,
      present: series.present.map((state, i) => (Object.is(values[i], q) ? state : absent)),
    }))
    .filter(hasSample);
}

/** histogram_fraction(): which share of observations lies between two bounds. */
export async function histogramFraction(
  context: EvalContext,
  vector: { readonly arg: Expr; readonly series: readonly StepSeries[] },
  lower: Float64Array,
  upper: Float64Array,
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  for (const histogram of gather(context, vector.series, vector.arg)) {
    out.push(
      ...(await overSteps(context, histogram, grid, undefined, (buckets, step) =>
        bucketFraction(lower[step] ?? 0, upper[step] ?? 0, buckets),
      )),
    );
  }
  return mergeSameLabels(out);
}
