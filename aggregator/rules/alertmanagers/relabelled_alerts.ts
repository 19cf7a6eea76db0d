import { relabel } from "#shared/relabel/relabel.ts";
import type { RelabelRule } from "#shared/relabel/relabel_config.ts";
import type { SentAlert } from "../sent_alerts.ts";

/** Alerts with their labels relabelled, without those that a rule drops. */
export function relabelledAlerts(
  alerts: readonly SentAlert[],
  rules: readonly RelabelRule[],
): readonly SentAlert[] {
  if (rules.length === 0) return alerts;
  return alerts.flatMap((alert) => {
    const labels = new Map(Object.entries(alert.labels));
    if (!relabel(labels, rules)) return [];
    const left = [...labels].filter(([, value]) => value !== "");
    return left.length === 0 ? [] : { ...alert, labels: Object.fromEntries(left) };
  });
}
