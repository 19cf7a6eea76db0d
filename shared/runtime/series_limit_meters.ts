import type { SeriesLimitReport } from "../cardinality/series_limit.ts";
import type { SelfMetrics } from "./self_metrics.ts";

/**
 * Our own metrics of limits on series; read when they are scraped. `reports` is short: a few of the fullest targets at most.
 * Agent and aggregator may share one registry, so tenants have names of their own.
 */
export function measureSeriesLimits(
  metrics: SelfMetrics,
  of: "" | "tenant_",
  reports: () => readonly SeriesLimitReport[],
): void {
  const names = ["scope", "name"] as const;
  const gauge = (name: string, help: string) =>
    metrics.gauge(`lapwing_cardinality_${of}${name}`, help, names);
  const gauges = {
    limit: gauge("series_limit", "Active series that are allowed."),
    active: gauge("active_series", "Series with a sample in the last hour."),
    refusedSeries: gauge("refused_series", "Different series refused since the process began."),
    refusedSamples: gauge("refused_samples", "Samples of refused series since the process began."),
  };
  metrics.onCollect(() => {
    for (const one of Object.values(gauges)) one.reset();
    for (const report of reports()) {
      const labels = { scope: report.scope, name: report.name };
      gauges.limit.set(labels, report.limit);
      gauges.active.set(labels, report.active);
      gauges.refusedSeries.set(labels, report.refusedSeries);
      gauges.refusedSamples.set(labels, report.refusedSamples);
    }
  });
}
