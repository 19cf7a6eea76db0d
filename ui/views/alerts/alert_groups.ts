import { assertNever } from "#shared/assert.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { AlertRow, RuleRow } from "../../client/alerting.ts";
import type { SentAlert } from "../../client/alertmanager.ts";
import { readConditions } from "../../promql/label_conditions.ts";
import { type AlertState, alertStates } from "./alert_states.ts";

/** An alert as the page shows it: of a rule here, or sent by another server. */
export type ShownAlert = {
  readonly key: string;
  readonly name: string;
  readonly severity: string;
  readonly state: AlertState;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly sinceMs: number;
  /** Of the rule's expression; empty where another server sent it. */
  readonly value: string;
  readonly rule: RuleRow | undefined;
  readonly sent: SentAlert | undefined;
};

/** The alerts of one name. */
export type AlertGroup = {
  readonly name: string;
  readonly severity: string;
  readonly state: AlertState;
  readonly alerts: readonly ShownAlert[];
  /** Of the oldest that is in the group's state. */
  readonly sinceMs: number;
  /** What the alerts say, where all say the same. */
  readonly summary: string;
};

/** Alerts of rules with what became of them, and those that other servers sent. */
export function shownAlerts(
  rules: readonly RuleRow[],
  sent: readonly SentAlert[],
): readonly ShownAlert[] {
  const byName = Map.groupBy(sent, ({ labels }) => labels["alertname"] ?? "");
  const matched = new Set<SentAlert>();
  const own = rules.flatMap((rule) =>
    rule.alerts.map((alert): ShownAlert => {
      const same = byName.get(alert.name)?.find((one) => isSame(alert, one));
      if (same !== undefined) matched.add(same);
      return ofRule(alert, rule, same);
    }),
  );
  const others = sent.filter((one) => !matched.has(one)).map(ofOthers);
  return [...own, ...others];
}

/** External labels are added to what is sent. */
function isSame({ labels }: AlertRow, sent: SentAlert): boolean {
  return Object.entries(labels).every(([name, value]) => sent.labels[name] === value);
}

function ofRule(alert: AlertRow, rule: RuleRow, sent: SentAlert | undefined): ShownAlert {
  const { name, labels, annotations, activeMs, value } = alert;
  return {
    key: `${rule.file};${rule.group};${labelsKey(labels)}`,
    name,
    severity: labels["severity"] ?? "",
    state: alert.state === "firing" ? heldState(sent) : "pending",
    labels,
    annotations,
    sinceMs: activeMs,
    value,
    rule,
    sent,
  };
}

function ofOthers(sent: SentAlert): ShownAlert {
  const { fingerprint, labels, annotations, startsMs } = sent;
  return {
    key: fingerprint,
    name: labels["alertname"] ?? "",
    severity: labels["severity"] ?? "",
    state: heldState(sent),
    labels,
    annotations,
    sinceMs: startsMs,
    value: "",
    rule: undefined,
    sent,
  };
}

function heldState(sent: SentAlert | undefined): AlertState {
  if (sent === undefined) return "firing";
  if (sent.silencedBy.length > 0) return "silenced";
  if (sent.inhibitedBy.length > 0) return "inhibited";
  return sent.mutedBy.length > 0 ? "muted" : "firing";
}

/** By name: firing ones first, then by severity, then the newest. */
export function groupAlerts(alerts: readonly ShownAlert[]): readonly AlertGroup[] {
  const groups = [...Map.groupBy(alerts, ({ name }) => name)].map(([name, all]): AlertGroup => {
    const sorted = all.toSorted(byHarm);
    const [worst] = sorted;
    const state = worst?.state ?? "pending";
    const same = sorted.filter((alert) => alert.state === state);
    const summaries = new Set(sorted.map(summaryOf));
    return {
      name,
      severity: worst?.severity ?? "",
      state,
      alerts: sorted,
      sinceMs: Math.min(...same.map(({ sinceMs }) => sinceMs)),
      summary: summaries.size === 1 ? ([...summaries][0] ?? "") : "",
    };
  });
  return groups.toSorted(byHarm);
}

type Harm = Pick<ShownAlert, "state" | "severity" | "sinceMs" | "name">;

function byHarm(a: Harm, b: Harm): number {
  return (
    alertStates.indexOf(a.state) - alertStates.indexOf(b.state) ||
    severityRank(a.severity) - severityRank(b.severity) ||
    b.sinceMs - a.sinceMs ||
    a.name.localeCompare(b.name)
  );
}

const severities: readonly (readonly string[])[] = [
  ["critical", "page", "emergency", "fatal", "disaster"],
  ["error", "high", "major"],
  ["warning", "warn", "minor", "ticket"],
  [""],
  ["info", "low", "none", "debug"],
];

function severityRank(severity: string): number {
  const rank = severities.findIndex((names) => names.includes(severity.toLowerCase()));
  return rank < 0 ? severities.findIndex((names) => names.includes("")) : rank;
}

/** How it is coloured: by what it asks of people. */
export function toneOf({ state, severity }: Pick<ShownAlert, "state" | "severity">) {
  switch (state) {
    case "firing":
      return severityRank(severity) < 2 ? "bad" : severityRank(severity) < 4 ? "warn" : "quiet";
    case "pending":
      return "warn";
    case "silenced":
    case "inhibited":
    case "muted":
      return "quiet";
    default:
      return assertNever(state);
  }
}

/** What an alert says of itself. */
export function summaryOf({ annotations }: Pick<ShownAlert, "annotations">): string {
  return annotations["summary"] ?? annotations["description"] ?? annotations["message"] ?? "";
}

/** Labels that tell the alerts of a group apart: those that not all have with the same value. */
export function ownLabels(
  alert: ShownAlert,
  group: AlertGroup,
): readonly (readonly [string, string])[] {
  const isCommon = (name: string, value: string): boolean =>
    group.alerts.length > 1 && group.alerts.every(({ labels }) => labels[name] === value);
  return Object.entries(alert.labels).filter(
    ([name, value]) => name !== "alertname" && name !== "severity" && !isCommon(name, value),
  );
}

/** Alerts whose labels match matchers such as `team=~"a|b"`, or whose name, labels or texts contain every word. */
export function findAlerts(alerts: readonly ShownAlert[], text: string): readonly ShownAlert[] {
  const matches = /["'`]|=~|!=|!~/.test(text) ? readConditions(text) : undefined;
  if (matches !== undefined) return alerts.filter(({ labels }) => matches(labels));
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return alerts;
  return alerts.filter((alert) => {
    const labels = Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`);
    const all = [...labels, ...Object.values(alert.annotations)].join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}
