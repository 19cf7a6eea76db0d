import { labelsKey } from "#shared/model/labels.ts";
import { type Budget, breathe } from "./context.ts";
import { type StepSeries, absent, putSample, sameLabelsError, sampleAt } from "./values.ts";

/** Series between two looks at the clock. */
const seriesAtOnce = 64;

/**
 * Joins series of one label set whose samples don't meet at any step; where they do, the query fails as in Prometheus.
 */
export async function mergeSameLabels(
  budget: Budget,
  series: readonly StepSeries[],
): Promise<readonly StepSeries[]> {
  const byKey = new Map<string, StepSeries>();
  let merged = false;
  for (const [i, one] of series.entries()) {
    if (i % seriesAtOnce === 0) await breathe(budget);
    const key = labelsKey(one.labels);
    const earlier = byKey.get(key);
    if (earlier === undefined) {
      byKey.set(key, one);
      continue;
    }
    byKey.set(key, joined(earlier, one));
    merged = true;
  }
  return merged ? [...byKey.values()] : series;
}

function joined(a: StepSeries, b: StepSeries): StepSeries {
  const target: StepSeries = {
    labels: a.labels,
    dropName: a.dropName,
    values: a.values.slice(),
    present: a.present.slice(),
    histograms: a.histograms?.slice(),
  };
  for (let i = 0; i < target.values.length; i++) {
    if (b.present[i] === absent) continue;
    if (target.present[i] !== absent) throw sameLabelsError();
    putSample(target, i, sampleAt(b, i));
  }
  return target;
}
