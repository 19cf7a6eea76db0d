import { assertNever } from "#shared/assert.ts";
import { formatExponent } from "#shared/text/go_float_text.ts";
import type { Alert } from "../../../rules/alerting.ts";
import type { GroupEvaluation, RuleState } from "../../../rules/group_evaluation.ts";
import { stateOf } from "../../../rules/rules_view.ts";
import { learnedText } from "../../../rules/unknown/learned_alert.ts";
import { missingText } from "../../../rules/unknown/missing_data.ts";

/** What Go writes for a time that was not set. */
const never = "0001-01-01T00:00:00Z";

/**
 * A group with some of its rules, as Prometheus's API has it, as JSON in pieces: a rule may have 100,000 alerts. Durations are seconds.
 */
export function* groupPieces(
  { group, evaluatedMs, tookMs }: GroupEvaluation,
  rules: readonly RuleState[],
  excludesAlerts: boolean,
): Generator<string> {
  const head = {
    name: group.name,
    file: group.file,
    interval: group.intervalMs / 1_000,
    limit: group.limit,
    evaluationTime: tookMs / 1_000,
    lastEvaluation: timeText(evaluatedMs),
  };
  yield* withList(head, "rules", rules, (rule) => rulePieces(rule, excludesAlerts));
}

/** Alerts, as JSON in pieces. */
export function* alertPieces(alerts: Iterable<Alert>): Generator<string> {
  yield* listPieces(alerts, function* (alert) {
    yield JSON.stringify(alertJson(alert));
  });
}

/** An object as JSON whose last member is a list. */
function* withList<Element>(
  head: object,
  name: string,
  elements: Iterable<Element>,
  pieces: (element: Element) => Iterable<string>,
): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},${JSON.stringify(name)}:`;
  yield* listPieces(elements, pieces);
  yield "}";
}

/** A list as JSON. */
export function* listPieces<Element>(
  elements: Iterable<Element>,
  pieces: (element: Element) => Iterable<string>,
): Generator<string> {
  let before = "[";
  for (const element of elements) {
    yield before;
    yield* pieces(element);
    before = ",";
  }
  yield before === "[" ? "[]" : "]";
}

function* rulePieces(state: RuleState, excludesAlerts: boolean): Generator<string> {
  const { rule, alerting, health, lastError, evaluatedMs, tookMs } = state;
  const outcome = {
    health,
    ...(lastError !== "" && { lastError }),
    evaluationTime: tookMs / 1_000,
    lastEvaluation: timeText(evaluatedMs),
    ...(rule.language === "sql" && { language: rule.language }),
    ...unknownJson(state),
  };
  switch (rule.kind) {
    case "recording":
      yield JSON.stringify({
        name: rule.name,
        query: rule.query,
        ...(Object.keys(rule.labels).length > 0 && { labels: rule.labels }),
        ...outcome,
        type: "recording",
      });
      return;
    case "alerting": {
      const head = {
        state: stateOf(state),
        name: rule.name,
        query: rule.query,
        duration: rule.forMs / 1_000,
        keepFiringFor: rule.keepFiringMs / 1_000,
        labels: rule.labels,
        annotations: rule.annotations,
        ...outcome,
        type: "alerting",
      };
      const alerts = excludesAlerts ? [] : (alerting?.active ?? []);
      yield* withList(head, "alerts", alerts, function* (alert) {
        yield JSON.stringify(alertJson(alert));
      });
      return;
    }
    default:
      assertNever(rule);
  }
}

/** Fields of our own, which Prometheus's clients pass over: which agents' data are missing, and what late data have shown. */
function unknownJson({ missing, learned }: RuleState) {
  const agents = [...(missing?.values() ?? [])].map(({ agent: { sinceMs, ...one } }) => ({
    agent: one.agent,
    name: one.name,
    reason: one.reason,
    since: timeText(sinceMs),
  }));
  const late = learned.map((one) => ({
    labels: one.labels,
    firedAt: timeText(one.firedMs),
    ...(one.endedMs !== undefined && { resolvedAt: timeText(one.endedMs) }),
    learnedAt: timeText(one.learnedMs),
    text: learnedText(one),
  }));
  return {
    ...(missing !== undefined && { unknown: { reason: missingText(missing), agents } }),
    ...(late.length > 0 && { learned: late }),
  };
}

function alertJson({ labels, annotations, state, activeMs, keptSinceMs, value }: Alert) {
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
