import type { FoundMetric } from "../../client/search.ts";
import { metricKind } from "./default_query.ts";

/** "counter · seconds"; empty where nothing is told of it. */
export function kindWords({ type, unit }: FoundMetric): string {
  return [type === "unknown" ? "" : type, unit].filter((word) => word !== "").join(" · ");
}

/**
 * The unit, by Grafana's id, of what queryFor() makes of a metric: by the unit that it tells, or the one that ends its name as
 * Prometheus's and OpenMetrics's naming has it. "short" where neither says.
 */
export function unitOf(metric: FoundMetric): string {
  const base = metric.name.replace(/_(?:total|bucket|sum|count)$/, "");
  const unit = metric.unit === "" ? (/_([a-z]+)$/.exec(base)?.[1] ?? "") : metric.unit;
  const isRate = metricKind(metric) === "counter";
  // Seconds for each second are a share, such as of CPUs; a count of observations has no unit.
  if (metric.name.endsWith("_count")) return "short";
  if (unit === "bytes") return isRate ? "binBps" : "bytes";
  if (isRate) return "short";
  // Points in time are seconds, too, but no length.
  if (unit === "seconds") return /_time(?:stamp)?_seconds$/.test(metric.name) ? "short" : "s";
  if (unit === "ratio") return "percentunit";
  return unit === "celsius" ? "celsius" : "short";
}
