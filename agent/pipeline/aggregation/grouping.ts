import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import { formatDuration } from "#shared/text/duration.ts";
import type { AggregationRule } from "./config.ts";

type Grouping = Pick<AggregationRule, "by" | "without" | "record" | "intervalMs" | "groupOf">;

/** The labels of the group that a series belongs to; its metric's name among them unless the rule names the result. */
export function groupLabels(labels: Labels, { by, without, record, groupOf }: Grouping): Labels {
  if (groupOf !== undefined) return groupOf(labels);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    const isKept =
      name === metricNameLabel
        ? record === undefined
        : by === undefined
          ? without?.includes(name) !== true
          : by.includes(name);
    if (isKept && value !== "") kept[name] = value;
  }
  return kept;
}

/**
 * A result's name, as vmagent's stream aggregation has it: `metric:1m_by_job_sum`
 * (docs.victoriametrics.com/victoriametrics/stream-aggregation, "Output metric names").
 */
export function resultName(
  metric: string,
  { by, without, record, intervalMs, groupOf }: Grouping,
  output: string,
): string {
  if (groupOf !== undefined) return metric;
  if (record !== undefined) return record;
  const labels =
    by !== undefined && by.length > 0
      ? `_by_${by.join("_")}`
      : without !== undefined && without.length > 0
        ? `_without_${without.join("_")}`
        : "";
  return `${metric}:${formatDuration(intervalMs)}${labels}_${output}`;
}
