import type { Labels } from "#shared/model/labels.ts";
import { relabel } from "#shared/relabel/relabel.ts";
import type { RelabelRule } from "#shared/relabel/relabel_config.ts";

/** Alerts with their labels relabelled, without those that a rule drops. */
export function relabelledAlerts<Alert extends { readonly labels: Labels }>(
  alerts: readonly Alert[],
  rules: readonly RelabelRule[],
): readonly Alert[] {
  if (rules.length === 0) return alerts;
  return alerts.flatMap((alert) => {
    const labels = new Map(Object.entries(alert.labels));
    if (!relabel(labels, rules)) return [];
    const left = [...labels].filter(([, value]) => value !== "");
    return left.length === 0 ? [] : { ...alert, labels: Object.fromEntries(left) };
  });
}
