import {
  histogramFraction as fractionOf,
  histogramQuantile as quantileOf,
} from "#shared/model/histogram_estimate.ts";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { canonicalFloat } from "#shared/text/exposition/go_float.ts";
import { forMetric, inform, noteMonotonicity, warnQuantile } from "../model/annotations.ts";
import type { Expr } from "#shared/query_language/promql/ast.ts";
import { bucketFraction, bucketQuantile } from "./buckets.ts";
import {
  bucketsAt,
  type ClassicHistogram,
  gatherClassic,
  separateNatives,
} from "./classic_histograms.ts";
import { type EvalContext, breathe, renamed, spend } from "../model/context.ts";
import { mergeSameLabels } from "../model/merge_same_labels.ts";
import {
  type Grid,
  type StepSeries,
  hasSample,
  histogramAt,
  newSeries,
  putSample,
  withLabel,
} from "../model/values.ts";

type VectorArgument = { readonly arg: Expr; readonly series: readonly StepSeries[] };
type Quantile = { readonly arg: Expr; readonly values: Float64Array };

/** One histogram of either kind: the number made of it at a step, or undefined where it has none. */
type Estimates = {
  readonly labels: Labels;
  readonly estimate: (step: number) => number | undefined;
};

/** The numbers of one histogram as a series, at the steps that `wanted` lets pass. */
async function overSteps(
  context: EvalContext,
  { labels: from, estimate }: Estimates,
  grid: Grid,
  quantileLabel: readonly [string, string] | undefined,
  wanted: (step: number) => boolean,
): Promise<StepSeries[]> {
  await breathe(context.budget);
  const after = renamed(context, from);
  const labels =
    quantileLabel === undefined ? after.labels : withLabel(after.labels, ...quantileLabel);
  const target = newSeries(labels, grid.count, after.dropName);
  for (let i = 0; i < grid.count; i++) {
    // A histogram may have as many buckets as there are series.
    if (i % 16 === 15) await breathe(context.budget);
    const value = wanted(i) ? estimate(i) : undefined;
    if (value !== undefined) putSample(target, i, value);
  }
  if (!hasSample(target)) return [];
  spend(context.budget, grid.count);
  return [target];
}

/** The metric's name for messages: once names are dropped early, they say nothing of it. */
function nameIn(context: EvalContext, labels: Labels): string {
  return context.delayedNameRemoval ? (labels[metricNameLabel] ?? "") : "";
}

async function split(context: EvalContext, { arg, series }: VectorArgument) {
  const classic = await gatherClassic(context, series, arg);
  const natives = separateNatives(context, classic, series, arg);
  return { classic: [...classic.values()], natives };
}

/** histogram_quantile() and histogram_quantiles(): with a label name, each quantile is told by that label. */
export async function histogramQuantiles(
  context: EvalContext,
  vector: VectorArgument,
  quantiles: readonly Quantile[],
  grid: Grid,
  label?: string,
): Promise<readonly StepSeries[]> {
  const out: StepSeries[] = [];
  for (const { arg, values } of quantiles) {
    for (const q of new Set(values)) warnQuantile(context.notes, arg.span, q);
  }
  const { classic, natives } = await split(context, vector);
  for (const { values } of quantiles) {
    const estimates = [
      ...classic.map((one) => classicQuantiles(context, vector, one, values, grid)),
      ...natives.map((one) => nativeQuantiles(context, vector, one, values)),
    ];
    if (label === undefined) {
      for (const one of estimates)
        out.push(...(await overSteps(context, one, grid, undefined, () => true)));
      continue;
    }
    // A quantile that changes from step to step makes a series for each of its values.
    for (const q of new Set(values)) {
      const pair = [label, canonicalFloat(q)] as const;
      const wanted = (step: number): boolean => Object.is(values[step], q);
      for (const one of estimates) out.push(...(await overSteps(context, one, grid, pair, wanted)));
    }
  }
  return mergeSameLabels(context.budget, out);
}

function classicQuantiles(
  context: EvalContext,
  { arg }: VectorArgument,
  classic: ClassicHistogram,
  values: Float64Array,
  grid: Grid,
): Estimates {
  const name = nameIn(context, classic.labels);
  const estimate = (step: number): number | undefined => {
    const buckets = bucketsAt(classic, step);
    if (buckets.length === 0) return undefined;
    const result = bucketQuantile(values[step] ?? Number.NaN, buckets);
    if (result.forced !== undefined) {
      const timeMs = grid.startMs + step * grid.stepMs;
      noteMonotonicity(context.notes, arg.span, name, timeMs, result.forced);
    }
    return result.quantile;
  };
  return { labels: classic.labels, estimate };
}

function nativeQuantiles(
  context: EvalContext,
  { arg }: VectorArgument,
  series: StepSeries,
  values: Float64Array,
): Estimates {
  const name = nameIn(context, series.labels);
  const estimate = (step: number): number | undefined => {
    const found = histogramAt(series, step);
    if (found === undefined) return undefined;
    const { value, nans } = quantileOf(values[step] ?? Number.NaN, found);
    if (nans !== "none") {
      const result = nans === "all" ? "result is NaN" : "result is skewed higher";
      const text = `input to histogram_quantile has NaN observations, ${result}`;
      inform(context.notes, arg.span, forMetric(text, name));
    }
    return value;
  };
  return { labels: series.labels, estimate };
}

/** histogram_fraction(): which share of observations lies between two bounds. */
export async function histogramFraction(
  context: EvalContext,
  vector: VectorArgument,
  lower: Float64Array,
  upper: Float64Array,
  grid: Grid,
): Promise<readonly StepSeries[]> {
  const { classic, natives } = await split(context, vector);
  const out: StepSeries[] = [];
  const add = async (one: Estimates): Promise<void> => {
    out.push(...(await overSteps(context, one, grid, undefined, () => true)));
  };
  for (const one of classic) {
    const estimate = (step: number): number | undefined => {
      const buckets = bucketsAt(one, step);
      if (buckets.length === 0) return undefined;
      return bucketFraction(lower[step] ?? 0, upper[step] ?? 0, buckets);
    };
    await add({ labels: one.labels, estimate });
  }
  for (const one of natives) {
    const estimate = (step: number): number | undefined => {
      const found = histogramAt(one, step);
      if (found === undefined) return undefined;
      const { value, hasNans } = fractionOf(lower[step] ?? 0, upper[step] ?? 0, found);
      if (hasNans) {
        const text =
          "input to histogram_fraction has NaN observations, which are excluded from all fractions";
        inform(context.notes, vector.arg.span, forMetric(text, nameIn(context, one.labels)));
      }
      return value;
    };
    await add({ labels: one.labels, estimate });
  }
  return mergeSameLabels(context.budget, out);
}
