import type { Histogram } from "#shared/model/histogram.ts";
import { divideHistogram, HistogramSum } from "#shared/model/histogram_sum.ts";
import {
  type Annotations,
  informReconciled,
  warnMixedBuckets,
  warnResetCollision,
} from "../model/annotations.ts";
import type { Span } from "#shared/query_language/promql/errors.ts";

/** Where notes about a total go, and the metric that they name. */
export type TotalNotes = {
  readonly notes: Annotations;
  readonly span: Span;
  readonly metricName: string;
};

/** The sum of histograms; undefined, with a warning, where kinds of buckets are mixed. */
export function sumOfHistograms(
  about: TotalNotes,
  histograms: readonly Histogram[],
): Histogram | undefined {
  const [first, ...others] = histograms;
  if (first === undefined) return undefined;
  const total = new HistogramSum(first);
  for (const other of others) if (!total.add(other)) return mixed(about);
  noteTotal(about, total);
  return total.result();
}

/**
 * The mean of histograms, as of numbers: their sum by their number while that does not overflow, and an incremental mean
 * from where it would.
 */
export function meanOfHistograms(
  about: TotalNotes,
  histograms: readonly Histogram[],
): Histogram | undefined {
  const [first, ...others] = histograms;
  if (first === undefined) return undefined;
  if (others.length === 0) return first;
  const total = new HistogramSum(first);
  let count = 1;
  for (const other of others) {
    if (!total.add(other)) return mixed(about);
    count++;
    if (total.overflowed) return incrementalMean(about, histograms, count - 1);
  }
  noteTotal(about, total);
  return divideHistogram(total.result(), count);
}

/** The first `direct` ones are summed up again: a sum can't be taken back from infinity. */
function incrementalMean(
  about: TotalNotes,
  histograms: readonly Histogram[],
  direct: number,
): Histogram | undefined {
  const [first, ...others] = histograms;
  if (first === undefined) return undefined;
  const total = new HistogramSum(first);
  for (const other of others.slice(0, direct - 1)) total.add(other);
  total.scale(1 / direct);
  let count = direct;
  for (const other of others.slice(direct - 1)) {
    count++;
    total.scale((count - 1) / count);
    if (!total.add(divideHistogram(other, count))) return mixed(about);
  }
  noteTotal(about, total);
  return total.result();
}

function mixed({ notes, span, metricName }: TotalNotes): undefined {
  warnMixedBuckets(notes, span, metricName);
  return undefined;
}

function noteTotal({ notes, span }: TotalNotes, total: HistogramSum): void {
  if (total.conflictingResets) warnResetCollision(notes, span, "aggregation");
  if (total.reconciledBounds) informReconciled(notes, span, "aggregation");
}
