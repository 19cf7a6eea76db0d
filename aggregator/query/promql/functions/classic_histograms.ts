import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { parseGoFloatText } from "#shared/text/exposition/go_float.ts";
import { forMetric, warn } from "../model/annotations.ts";
import type { Expr } from "#shared/query_language/promql/ast.ts";
import type { Bucket } from "./buckets.ts";
import { type EvalContext, breathe } from "../model/context.ts";
import { quote } from "#shared/query_language/promql/errors.ts";
import {
  type StepSeries,
  absent,
  float,
  hasHistograms,
  histogram as histogramState,
  withoutLabels,
} from "../model/values.ts";

const bucketLabel = "le";

/** The bucket series of one classic histogram. */
export type ClassicHistogram = {
  readonly labels: Labels;
  readonly bounds: number[];
  readonly series: StepSeries[];
};

/** Series with a good `le`, put together by their other labels. The others are told of, once a label value. */
export async function gatherClassic(
  context: EvalContext,
  series: readonly StepSeries[],
  arg: Expr,
): Promise<Map<string, ClassicHistogram>> {
  const histograms = new Map<string, ClassicHistogram>();
  for (const [i, one] of series.entries()) {
    if (i % 64 === 0) await breathe(context.budget);
    if (!one.present.includes(float)) continue;
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
  return histograms;
}

export function bucketsAt({ bounds, series }: ClassicHistogram, step: number): Bucket[] {
  const buckets: Bucket[] = [];
  for (const [i, { present, values }] of series.entries()) {
    if (present[step] !== float) continue;
    buckets.push({ upperBound: bounds[i] ?? 0, count: values[step] ?? 0 });
  }
  return buckets;
}

/**
 * Takes out the steps at which a native histogram has the labels of a classic one: neither is then to be trusted. Gives the
 * native histograms that are left.
 */
export function separateNatives(
  context: EvalContext,
  classic: ReadonlyMap<string, ClassicHistogram>,
  series: readonly StepSeries[],
  arg: Expr,
): StepSeries[] {
  const natives: StepSeries[] = [];
  for (const one of series.filter(hasHistograms)) {
    const present = one.present.map((state) => (state === histogramState ? state : absent));
    const rival = classic.get(labelsKey(withoutLabels(one.labels, [bucketLabel])));
    for (let i = 0; i < present.length; i++) {
      if (rival === undefined || present[i] === absent || bucketsAt(rival, i).length === 0)
        continue;
      present[i] = absent;
      for (const [b, bucket] of rival.series.entries()) rival.series[b] = without(bucket, i);
      const text = "vector contains a mix of classic and native histograms";
      warn(context.notes, arg.span, forMetric(text, one.labels[metricNameLabel] ?? ""));
    }
    natives.push({ ...one, present });
  }
  return natives;
}

function without(series: StepSeries, step: number): StepSeries {
  const present = series.present.slice();
  present[step] = absent;
  return { ...series, present };
}
