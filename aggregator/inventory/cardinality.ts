import { type Labels, type Matcher, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import { compileMatchers } from "../read/matching.ts";

/** The series that the figures are of; so many are looked at. */
const seriesMax = 1_000_000;
/** Series that are counted before others get a turn. */
const seriesAtOnce = 20_000;

export type NameCount = { readonly name: string; readonly series: number };
export type LabelCount = NameCount & { readonly values: number };

export type Cardinality = {
  readonly series: number;
  readonly metrics: number;
  readonly labels: number;
  readonly metricsBySeries: readonly NameCount[];
  readonly labelsByValues: readonly LabelCount[];
  readonly pairsBySeries: readonly NameCount[];
  /** Of the label that was asked for. */
  readonly valuesBySeries: readonly NameCount[];
  readonly truncated: boolean;
};

/** Counts metrics, labels and values of these series, the largest `limit` of each; other work gets its turn between. */
export async function countSeries(
  all: readonly Labels[],
  { label, limit }: { readonly label: string; readonly limit: number },
): Promise<Cardinality> {
  const counted = all.slice(0, seriesMax);
  const labels = new Map<string, Map<string, number>>();
  for (let i = 0; i < counted.length; i++) {
    if (i % seriesAtOnce === seriesAtOnce - 1) await Bun.sleep(0);
    for (const [name, value] of Object.entries(counted[i] ?? {})) {
      let values = labels.get(name);
      if (values === undefined) labels.set(name, (values = new Map()));
      values.set(value, (values.get(value) ?? 0) + 1);
    }
  }
  const metrics = labels.get(metricNameLabel) ?? new Map<string, number>();
  labels.delete(metricNameLabel);
  return {
    series: counted.length,
    metrics: metrics.size,
    labels: labels.size,
    metricsBySeries: largest(metrics, limit),
    labelsByValues: [...labels]
      .map(([name, values]) => ({ name, values: values.size, series: sumOf(values) }))
      .toSorted((a, b) => b.values - a.values || byName(a, b))
      .slice(0, limit),
    pairsBySeries: largestPairs(labels, limit),
    valuesBySeries: largest(
      label === metricNameLabel ? metrics : (labels.get(label) ?? new Map()),
      limit,
    ),
    truncated: all.length > seriesMax,
  };
}

/** How many of `now` are not in `before`. */
export function newSeries(now: readonly Labels[], before: readonly Labels[]): number {
  const known = new Set(before.map((labels) => labelsKey(labels)));
  return now.reduce((sum, labels) => sum + (known.has(labelsKey(labels)) ? 0 : 1), 0);
}

/** Those for which all conditions of one of the selectors hold; without selectors, all of them. */
export function selectedSeries(
  series: readonly Labels[],
  selectors: readonly (readonly Matcher[])[],
): readonly Labels[] {
  if (selectors.length === 0) return series;
  const tests = selectors.map((matchers) => compileMatchers(matchers));
  return series.filter((labels) => tests.some((test) => test(labels)));
}

function largestPairs(
  labels: ReadonlyMap<string, ReadonlyMap<string, number>>,
  limit: number,
): NameCount[] {
  // Of each label the largest alone: a pair that is not among them is not among the largest of all.
  return [...labels]
    .flatMap(([name, values]) =>
      largest(values, limit).map((value) => ({ ...value, name: `${name}=${value.name}` })),
    )
    .toSorted((a, b) => b.series - a.series || byName(a, b))
    .slice(0, limit);
}

function largest(counts: ReadonlyMap<string, number>, limit: number): NameCount[] {
  return [...counts]
    .map(([name, series]) => ({ name, series }))
    .toSorted((a, b) => b.series - a.series || byName(a, b))
    .slice(0, limit);
}

function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, one) => sum + one, 0);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
