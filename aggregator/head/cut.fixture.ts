import { labelsKey } from "#shared/model/labels.ts";
import type { SeriesSamples } from "../read/source.ts";
import type { CutMetrics } from "../read/cut_metrics.ts";

/** All series of a tenant's cut that have samples, sorted by labels, in memory of their own. */
export function seriesOfCut(metrics: CutMetrics | undefined): SeriesSamples[] {
  if (metrics === undefined) return [];
  const all = Array.from({ length: metrics.size }, (_, index): SeriesSamples => {
    const { count, timestampsMs, values, histograms } = metrics.read(index);
    return {
      labels: metrics.labels(index),
      timestampsMs: timestampsMs.slice(0, count),
      values: values.slice(0, count),
      histograms,
    };
  });
  return all
    .filter(({ values }) => values.length > 0)
    .toSorted((a, b) => (labelsKey(a.labels) < labelsKey(b.labels) ? -1 : 1));
}
