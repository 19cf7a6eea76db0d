import { messageOf } from "#shared/errors.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { TextScope } from "../alert_texts.ts";
import type { AlertingState } from "../alerting.ts";
import type { AskRange, Episode } from "../backtest/backtest.ts";
import type { RuleState } from "../group_evaluation.ts";
import type { AskRule, RuleGroup } from "../rule.ts";
import { type SentAlert, learnedToSend } from "../sent_alerts.ts";
import { type LearnedAlert, type UnknownSpans, learnedText } from "../unknown/learned_alert.ts";
import { affects } from "../unknown/missing_data.ts";
import { lateAlerts } from "./late_alerts.ts";

/** What is kept of a rule's late alerts. */
const learnedMax = 100;
/** Data of an agent that was away for longer are not looked at again. */
const learnWithinMs = 7 * 24 * 3_600_000;

type Parts = {
  readonly log: Logger;
  readonly ask: AskRule;
  readonly askRange: AskRange;
  /** Whether all that an agent has collected while it was missing is here. */
  readonly hasArrived: (agent: string) => boolean;
  readonly sendAlerts: (alerts: readonly SentAlert[]) => void;
  readonly onLearned: (group: RuleGroup, alerts: number) => void;
};

/**
 * Late data of some agents have arrived: notes which alerts fired meanwhile, and notifies of them. Returns the spans that are still
 * unknown. Never rejects: what cannot be evaluated is logged, and not tried again.
 */
export async function catchUp(
  state: RuleState,
  group: RuleGroup,
  scope: TextScope,
  parts: Parts,
): Promise<UnknownSpans> {
  const { unknown, missing, alerting, rule } = state;
  const { timeMs: nowMs } = scope;
  if (alerting === undefined) return new Map();
  const arrived = new Map(
    [...unknown].filter(([agent]) => missing?.has(agent) !== true && parts.hasArrived(agent)),
  );
  const left = new Map(
    [...unknown].filter(
      ([agent, { sinceMs }]) => !arrived.has(agent) && nowMs - sinceMs < learnWithinMs,
    ),
  );
  if (arrived.size === 0) return left;
  const sinceMs = Math.min(...arrived.values().map((span) => span.sinceMs));
  const isKnownNow = (labels: Labels) =>
    arrived.values().some(({ affected }) => affected.has(labels)) && !affects(missing, labels);
  try {
    const { fired, pending } = await lateAlerts(alerting, group, { sinceMs, nowMs }, isKnownNow, {
      ...parts,
      ...scope,
    });
    for (const { labels, activeMs, value } of pending)
      await alerting.backdate({ labels, activeMs, firedMs: undefined, value }, scope);
    await learn(state, { alerting, group, fired, scope }, parts);
  } catch (thrown) {
    const error = messageOf(thrown);
    parts.log.warn("late data cannot be evaluated", { rule: rule.name, group: group.name, error });
  }
  // What other agents' data may still change is asked again when those arrive.
  for (const [agent, span] of left)
    if (missing?.has(agent) === true)
      left.set(agent, { ...span, sinceMs: Math.min(span.sinceMs, sinceMs) });
  return left;
}

type Late = {
  readonly alerting: AlertingState;
  readonly group: RuleGroup;
  readonly fired: readonly Episode[];
  readonly scope: TextScope;
};

async function learn(
  state: RuleState,
  { alerting, group, fired, scope }: Late,
  { log, sendAlerts, onLearned }: Pick<Parts, "log" | "sendAlerts" | "onLearned">,
): Promise<void> {
  if (fired.length === 0) return;
  const { timeMs: learnedMs } = scope;
  const learned: LearnedAlert[] = [];
  const over: SentAlert[] = [];
  const active = new Set(alerting.active.map(({ labels }) => labelsKey(labels)));
  for (const { labels, activeMs, firedMs = activeMs, endedMs, value } of fired) {
    const one = { labels, firedMs, endedMs, learnedMs };
    learned.push(one);
    if (endedMs === undefined) {
      const known = { labels, activeMs, firedMs, value, learned: learnedText(one) };
      await alerting.backdate(known, scope);
    } else if (!active.has(labelsKey(labels))) {
      const annotations = await alerting.annotationsOf({ labels, value }, scope);
      over.push(learnedToSend(alerting, { ...one, annotations }, scope));
    }
  }
  state.learned = [...learned.toReversed(), ...state.learned].slice(0, learnedMax);
  onLearned(group, learned.length);
  log.warn("late data show that alerts fired", {
    rule: alerting.rule.name,
    group: group.name,
    file: group.file,
    alerts: learned.length,
  });
  sendAlerts(over);
}
