import type { MetricType } from "../../model/metrics.ts";

/** By the number of the enumeration MetricType. */
export const metricTypes: readonly MetricType[] = [
  "counter",
  "gauge",
  "summary",
  "unknown",
  "histogram",
  "gaugehistogram",
];

/** Tags of io.prometheus.client's messages: field number << 3 | wire type. */
export const familyTags = { name: 10, help: 18, type: 24, metric: 34, unit: 42 } as const;
export const metricTags = {
  label: 10,
  gauge: 18,
  counter: 26,
  summary: 34,
  untyped: 42,
  timestampMs: 48,
  histogram: 58,
} as const;

/** Whether a field of a metric is its value. */
export function isValueTag(tag: number): boolean {
  return tag === 18 || tag === 26 || tag === 34 || tag === 42 || tag === 58;
}

/** The value that a metric of this type has. */
export function valueTagOf(type: number): number {
  if (type === 0) return metricTags.counter;
  if (type === 1) return metricTags.gauge;
  if (type === 2) return metricTags.summary;
  return type === 3 ? metricTags.untyped : metricTags.histogram;
}
