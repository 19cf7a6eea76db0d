import { type Labels, labelsKey, metricNameLabel } from "#shared/model/labels.ts";
import type { TextScope } from "./alert_texts.ts";
import type { AlertingState } from "./alerting.ts";
import type { ForState } from "./rule_query.ts";

/**
 * Sets since when alerts of a rule are active to what it was before a start, as Prometheus does (rules/group.go RestoreForState): one that
 * had held for `for` already goes on; another one needs what was left, but the grace period at least, and the outage does not count.
 */
export function restoreAlerts(
  state: AlertingState,
  before: readonly ForState[],
  nowMs: number,
  gracePeriodMs: number,
): void {
  const byLabels = new Map(before.map((one) => [keyOf(one), one]));
  const { forMs } = state.rule;
  for (const alert of state.all) {
    const known = byLabels.get(labelsKey(alert.labels));
    if (known === undefined) continue;
    const activeMs = 1_000 * known.activeSince;
    const downMs = 1_000 * Math.floor(known.timeMs / 1_000);
    const remainingMs = forMs - (downMs - activeMs);
    if (remainingMs <= 0) alert.activeMs = activeMs;
    else if (remainingMs < gracePeriodMs) alert.activeMs = nowMs + gracePeriodMs - forMs;
    else alert.activeMs = activeMs + (nowMs - downMs);
  }
}

/**
 * Alerts that were active before a start and of which it is not known now whether they are: they stay as they were. Their values are not
 * known.
 */
export async function reviveAlerts(
  state: AlertingState,
  before: readonly ForState[],
  isUnknown: (labels: Labels) => boolean,
  scope: TextScope,
): Promise<void> {
  const active = new Set(state.active.map(({ labels }) => labelsKey(labels)));
  for (const { labels: stored, timeMs, activeSince } of before) {
    const { [metricNameLabel]: _, ...labels } = stored;
    if (active.has(labelsKey(labels)) || !isUnknown(labels)) continue;
    const activeMs = 1_000 * activeSince;
    const firedMs = activeMs + state.rule.forMs;
    const fired = firedMs <= timeMs ? firedMs : undefined;
    await state.backdate({ labels, value: Number.NaN, activeMs, firedMs: fired }, scope);
  }
}

function keyOf({ labels }: ForState): string {
  return labelsKey({ ...labels, [metricNameLabel]: "" });
}
