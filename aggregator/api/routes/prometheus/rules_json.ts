import { formatExponent } from "#shared/text/go_float_text.ts";
import type { Alert } from "../../../rules/alerting.ts";
import type { GroupEvaluation, RuleState } from "../../../rules/group_evaluation.ts";
import { stateOf } from "../../../rules/rules_view.ts";

/** What Go writes for a time that was not set. */
const never = "0001-01-01T00:00:00Z";

/** A group with some of its rules, as Prometheus's API has it. Durations are seconds. */
export function groupJson(
  { group, evaluatedMs, tookMs }: GroupEvaluation,
  rules: readonly RuleState[],
  excludesAlerts: boolean,
) {
  return {
    name: group.name,
    file: group.file,
    rules: rules.map((rule) => ruleJson(rule, excludesAlerts)),
    interval: group.intervalMs / 1_000,
    limit: group.limit,
    evaluationTime: tookMs / 1_000,
    lastEvaluation: timeText(evaluatedMs),
  };
}

function ruleJson(state: RuleState, excludesAlerts: boolean) {
  const { rule, alerting, health, lastError, evaluatedMs, tookMs } = state;
  const outcome = {
    health,
    ...(lastError !== "" && { lastError }),
    evaluationTime: tookMs / 1_000,
    lastEvaluation: timeText(evaluatedMs),
  };
  if (rule.kind === "recording")
    return {
      name: rule.name,
      query: rule.query,
      ...(Object.keys(rule.labels).length > 0 && { labels: rule.labels }),
      ...outcome,
      type: "recording",
    };
  return {
    state: stateOf(state),
    name: rule.name,
    query: rule.query,
    duration: rule.forMs / 1_000,
    keepFiringFor: rule.keepFiringMs / 1_000,
    labels: rule.labels,
    annotations: rule.annotations,
    alerts: excludesAlerts ? [] : (alerting?.active ?? []).map(alertJson),
    ...outcome,
    type: "alerting",
  };
}

export function alertJson({ labels, annotations, state, activeMs, keptSinceMs, value }: Alert) {
  return {
    labels,
    annotations,
    state,
    activeAt: timeText(activeMs),
    ...(keptSinceMs !== undefined && { keepFiringSince: timeText(keptSinceMs) }),
    value: formatExponent(value),
  };
}

function timeText(ms: number | undefined): string {
  return ms === undefined ? never : new Date(ms).toISOString();
}
