import type { Labels } from "#shared/model/labels.ts";
import type { AlertingState, Alert } from "./alerting.ts";
import { type LearnedAlert, learnedText } from "./unknown/learned_alert.ts";

/** An alert as a notifier gets it. Times are Unix milliseconds. */
export type SentAlert = {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** It is resolved from then on. */
  readonly endsAtMs: number;
  readonly generatorUrl: string;
};

export type SendScope = {
  readonly timeMs: number;
  readonly intervalMs: number;
  /** Added where an alert has no such label. */
  readonly externalLabels: Labels;
  readonly externalUrl: string;
};

/** An alert that goes on is sent again after so long, so that notifiers do not take it to be over. */
const resendDelayMs = 60_000;

/**
 * The alerts of a rule that notifiers must get now: those that fire or are resolved, once the resend delay is over, and at once
 * when they are resolved (Prometheus, rules/alerting.go). Marks them as sent.
 */
export function alertsToSend(state: AlertingState, scope: SendScope): SentAlert[] {
  const { timeMs, intervalMs, externalLabels, externalUrl } = scope;
  const due = state.all.filter((alert) => isDue(alert, timeMs));
  if (due.length === 0) return [];
  const generatorUrl = generatorUrlOf(state.rule, externalUrl);
  return due.map((alert): SentAlert => {
    alert.sentMs = timeMs;
    alert.validUntilMs = timeMs + 4 * Math.max(intervalMs, resendDelayMs);
    return {
      labels: { ...externalLabels, ...alert.labels },
      annotations:
        alert.learned === undefined
          ? alert.annotations
          : { ...alert.annotations, learned: alert.learned },
      startsAtMs: alert.firedMs ?? alert.activeMs,
      endsAtMs: alert.resolvedMs ?? alert.validUntilMs,
      generatorUrl,
    };
  });
}

function isDue({ state, resolvedMs, sentMs = -Infinity }: Alert, timeMs: number): boolean {
  if (state === "pending") return false;
  if (resolvedMs !== undefined && resolvedMs > sentMs) return true;
  return sentMs + resendDelayMs < timeMs;
}

/** How long an alert that is over, and that only late data have shown, counts as firing: receivers are not notified of one that has ended. */
const learnedValidMs = 4 * resendDelayMs;

/** An alert that was over when late data showed it. */
export function learnedToSend(
  { rule }: AlertingState,
  learned: LearnedAlert & Pick<Alert, "annotations">,
  { externalLabels, externalUrl }: Pick<SendScope, "externalLabels" | "externalUrl">,
): SentAlert {
  const { labels, annotations, firedMs, learnedMs } = learned;
  return {
    labels: { ...externalLabels, ...labels },
    annotations: { ...annotations, learned: learnedText(learned) },
    startsAtMs: firedMs,
    endsAtMs: learnedMs + learnedValidMs,
    generatorUrl: generatorUrlOf(rule, externalUrl),
  };
}

function generatorUrlOf({ query }: AlertingState["rule"], externalUrl: string): string {
  return `${externalUrl}/graph?g0.expr=${queryEscaped(query)}&g0.tab=1`;
}

/** As Go's url.QueryEscape(). */
function queryEscaped(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%20", "+")
    .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
