import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { MetricType, SeriesSchema } from "#shared/model/metrics.ts";

/** gauge: its extremes mean something; counter: it only grows, but for resets; other: neither (info, quantiles, untold). */
export type MetricKind = "gauge" | "counter" | "other";

const counterSuffix = /_(total|count|sum|bucket|created)$/;
const ofTypes: Readonly<Record<MetricType, MetricKind | undefined>> = {
  counter: "counter",
  gauge: "gauge",
  gaugehistogram: "gauge",
  histogram: "other",
  summary: "other",
  info: "other",
  stateset: "other",
  unknown: undefined,
};

/** What the metadata of a schema says of its series; where it says nothing, what the name's ending does. */
export class MetricKinds {
  readonly #types = new Map<string, MetricType>();
  #read = 0;

  of({ families }: SeriesSchema, labels: Labels): MetricKind {
    for (; this.#read < families.length; this.#read++) {
      const family = families[this.#read];
      if (family !== undefined) this.#types.set(family.name, family.type);
    }
    const name = labels[metricNameLabel] ?? "";
    const own = this.#types.get(name);
    if (own !== undefined) return ofTypes[own] ?? byName(name);
    // Buckets, sums and counts are told of under the name of their family, as OpenMetrics' counters are.
    const type = this.#types.get(name.replace(counterSuffix, ""));
    if (type === "gaugehistogram") return "gauge";
    return byName(name);
  }
}

function byName(name: string): MetricKind {
  return counterSuffix.test(name) ? "counter" : "gauge";
}
