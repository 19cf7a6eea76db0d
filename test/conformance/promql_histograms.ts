import {
  customSchema,
  denseBuckets,
  emptyHistogram,
  type Histogram,
} from "#shared/model/histogram.ts";
import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { Point } from "#shared/query_language/promql/test_series/histograms.ts";
import { parseGoFloatText } from "#shared/text/exposition/go_float.ts";

type Series = { readonly labels: Labels; readonly points: readonly Point[] };

type Classic = {
  readonly labels: Labels;
  readonly bounds: Map<number, readonly Point[]>;
  sums: readonly Point[];
  counts: readonly Point[];
};

/** The classic histograms among some series, as native ones with custom buckets. */
export function nativeOfClassic(series: readonly Series[]): Series[] {
  const found = new Map<string, Classic>();
  for (const { labels, points } of series) {
    const [, base, suffix] = /^(.*)_(bucket|sum|count)$/.exec(labels[metricNameLabel] ?? "") ?? [];
    if (base === undefined) continue;
    const { le, ...others } = labels;
    const bound = parseGoFloatText(le ?? "");
    if (suffix === "bucket" && bound === undefined) continue;
    const named = { ...others, [metricNameLabel]: base };
    const key = labelsKey(named);
    const classic = found.get(key) ?? { labels: named, bounds: new Map(), sums: [], counts: [] };
    found.set(key, classic);
    if (suffix === "sum") classic.sums = points;
    else if (suffix === "count") classic.counts = points;
    else classic.bounds.set(bound ?? Infinity, points);
  }
  return [...found.values()]
    .filter(({ bounds }) => bounds.size > 0)
    .map((classic) => ({ labels: classic.labels, points: pointsOf(classic) }));
}

function pointsOf({ bounds, sums, counts }: Classic): Point[] {
  const sorted = [...bounds].toSorted(([a], [b]) => a - b);
  const customValues = sorted.map(([bound]) => bound).filter(Number.isFinite);
  const length = Math.max(...sorted.map(([, points]) => points.length));
  return Array.from({ length }, (_, i): Point => {
    const numberAt = (points: readonly Point[] | undefined): number | undefined => {
      const point = points?.[i];
      return typeof point === "number" ? point : undefined;
    };
    const cumulative = sorted.map(([, points]) => numberAt(points) ?? 0);
    const count = numberAt(counts) ?? cumulative.at(-1) ?? 0;
    const upTo = customValues.map((_bound, b) => cumulative[b] ?? 0);
    const inEach = [...upTo, count].map((value, b, all) => value - (all[b - 1] ?? 0));
    const histogram: Histogram = {
      ...emptyHistogram,
      schema: customSchema,
      count,
      sum: numberAt(sums) ?? 0,
      positive: denseBuckets(0, inEach),
      customValues,
    };
    return { histogram, hintGiven: false };
  });
}
