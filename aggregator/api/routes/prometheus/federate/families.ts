import type { Labels } from "#shared/model/labels.ts";
import { metricNameLabel } from "#shared/model/labels.ts";
import { type Histogram, usesCustomBuckets } from "#shared/model/histogram.ts";

/** The newest sample of a series; a histogram stands in place of the value. */
export type Newest = {
  readonly labels: Labels;
  /** Unix milliseconds. */
  readonly timeMs: number;
  readonly value: number;
  readonly histogram?: Histogram | undefined;
};

export type FamilyKind = "untyped" | "histogram" | "gaugehistogram";

/** A sample with its labels but the name, as they are to be written. */
type FederatedSample = Newest & { readonly pairs: readonly (readonly [string, string])[] };

export type FederatedFamily = {
  /** As it is to be written. */
  readonly name: string;
  readonly kind: FamilyKind;
  /** Whether its histograms have custom buckets: all of a family have or none. */
  readonly custom: boolean;
  readonly samples: readonly FederatedSample[];
};

export type FamilyOptions = {
  /** Whether names may be any text; else what is not in [A-Za-z0-9_:] becomes an underscore. */
  readonly utf8: boolean;
  /** Whether the format has words for exponential buckets; histograms with them are left out else. */
  readonly native: boolean;
};

const kinds: readonly FamilyKind[] = ["untyped", "histogram", "gaugehistogram"];

/**
 * Samples by the key of their labels, as families by name. As in Prometheus's federation (web/federate.go) numbers are
 * untyped, and a name that has numbers and histograms has a family of each. Those with custom buckets are apart from the
 * others, as readers tell by the first of a family what all are. Series without a name are left out.
 */
export function familiesOf(
  found: ReadonlyMap<string, Newest>,
  { utf8, native }: FamilyOptions,
): FederatedFamily[] {
  const named = [...found].flatMap(([key, newest]) => {
    const name = newest.labels[metricNameLabel];
    const { histogram } = newest;
    if (name === undefined) return [];
    const custom = histogram !== undefined && usesCustomBuckets(histogram);
    if (histogram !== undefined && !native && !custom) return [];
    return [{ key, name: utf8 ? name : escaped(name), kind: kindOf(histogram), custom, newest }];
  });
  const sorted = named.toSorted(
    (a, b) =>
      compare(a.name, b.name) ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      Number(a.custom) - Number(b.custom) ||
      compare(a.key, b.key),
  );
  const families: (FederatedFamily & { samples: FederatedSample[] })[] = [];
  for (const { name, kind, custom, newest } of sorted) {
    let family = families.at(-1);
    if (family?.name !== name || family.kind !== kind || family.custom !== custom)
      families.push((family = { name, kind, custom, samples: [] }));
    family.samples.push({ ...newest, pairs: pairsOf(newest.labels, utf8) });
  }
  return families;
}

function kindOf(histogram: Histogram | undefined): FamilyKind {
  if (histogram === undefined) return "untyped";
  return histogram.counterResetHint === "gauge" ? "gaugehistogram" : "histogram";
}

/** By name. A scraper that honours labels takes what has no instance for ours: an empty one says that it has none. */
function pairsOf(labels: Labels, utf8: boolean): [string, string][] {
  const own = Object.keys(labels)
    .filter((name) => name !== metricNameLabel)
    .toSorted();
  const pairs = own.map((name): [string, string] => [
    utf8 ? name : escaped(name),
    labels[name] ?? "",
  ]);
  return Object.hasOwn(labels, "instance") ? pairs : [...pairs, ["instance", ""]];
}

/** What the old text format cannot name has underscores instead. */
function escaped(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_:]/gu, "_").replace(/^(?=\d)/, "_");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export type ClassicBucket = { readonly bound: number; readonly cumulativeCount: number };

/** Custom buckets as those of a classic histogram, the last one with all observations at +Inf. */
export function classicBuckets(histogram: Histogram): ClassicBucket[] {
  const { customValues, positive, count } = histogram;
  let [at, cumulativeCount] = [0, 0];
  const buckets = customValues.map((bound, index): ClassicBucket => {
    if (positive.indices[at] === index) cumulativeCount += positive.counts[at++] ?? 0;
    return { bound, cumulativeCount };
  });
  return [...buckets, { bound: Infinity, cumulativeCount: count }];
}
