import type { SeriesExemplars } from "#shared/model/exemplars.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import type { CutMetrics } from "../read/cut_metrics.ts";
import type { HeadContent } from "../read/head.ts";

/** What a generation of metrics holds, by tenant. */
export type MetricsContent = Pick<HeadContent, "families" | "dropped"> & {
  readonly metrics: ReadonlyMap<string, CutMetrics>;
  readonly exemplars: ReadonlyMap<string, readonly SeriesExemplars[]>;
};

/** What several generations of metrics hold, by tenant. Samples of each become blocks of their own. */
export function joinedContent(contents: readonly MetricsContent[]): MetricsContent {
  const metrics = new Map<string, CutMetrics>();
  const exemplars = new Map<string, readonly SeriesExemplars[]>();
  const families = new Map<string, readonly MetricFamily[]>();
  for (const content of contents) {
    for (const [tenant, cut] of content.metrics) {
      const before = metrics.get(tenant);
      metrics.set(tenant, before === undefined ? cut : joined(before, cut));
    }
    for (const [tenant, some] of content.exemplars)
      exemplars.set(tenant, [...(exemplars.get(tenant) ?? []), ...some]);
    for (const [tenant, some] of content.families)
      families.set(tenant, [...(families.get(tenant) ?? []), ...some]);
  }
  return { metrics, exemplars, families, dropped: contents.flatMap(({ dropped }) => dropped) };
}

function joined(one: CutMetrics, other: CutMetrics): CutMetrics {
  const { size } = one;
  return {
    items: one.items + other.items,
    size: size + other.size,
    mayBeFine: one.mayBeFine === true || other.mayBeFine === true,
    labels: (index) => (index < size ? one.labels(index) : other.labels(index - size)),
    read: (index) => (index < size ? one.read(index) : other.read(index - size)),
    parts: [...(one.parts ?? [one]), ...(other.parts ?? [other])],
  };
}
