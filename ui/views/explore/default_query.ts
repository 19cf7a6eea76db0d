import type { FoundMetric } from "../../client/search.ts";
import { labelText, selectorText, type Matcher } from "../../promql/expr.ts";

/** What a metric is, by its type or, where none is told, by its name. */
export type MetricKind = "counter" | "histogram" | "native_histogram" | "summary" | "gauge";

export function metricKind({ name, type }: FoundMetric): MetricKind {
  if (name.endsWith("_bucket")) return "histogram";
  // The parts of a histogram and of a summary count up.
  const isPart = /_(?:count|sum)$/.test(name) && (type === "histogram" || type === "summary");
  if (isPart || type === "counter") return "counter";
  if (type === "histogram" || type === "gaugehistogram") return "native_histogram";
  if (type === "summary") return "summary";
  if (type === "" || type === "unknown")
    return /_(?:total|count|sum)$/.test(name) ? "counter" : "gauge";
  return "gauge";
}

/** The query that shows a metric best: counters as rates, histograms as quantiles, gauges as a mean. */
export function queryFor(metric: FoundMetric, matchers: readonly Matcher[], by = ""): string {
  const selector = selectorText(metric.name, matchers);
  const kind = metricKind(metric);
  const clause = by === "" ? "" : ` by (${labelText(by)}) `;
  switch (kind) {
    case "counter":
      return `sum${clause}(rate(${selector}[$__rate_interval]))`;
    case "histogram": {
      const labels = by === "" ? "le" : `le, ${labelText(by)}`;
      return `histogram_quantile(0.95, sum by (${labels}) (rate(${selector}[$__rate_interval])))`;
    }
    case "native_histogram":
      return `histogram_quantile(0.95, sum${clause}(rate(${selector}[$__rate_interval])))`;
    case "summary":
    case "gauge":
      return `avg${clause}(${selector})`;
  }
}

/** What queryFor() does with it, in words. */
export function queryWords(metric: FoundMetric): string {
  switch (metricKind(metric)) {
    case "counter":
      return "rate per second, summed";
    case "histogram":
    case "native_histogram":
      return "95th percentile";
    case "summary":
    case "gauge":
      return "mean";
  }
}
