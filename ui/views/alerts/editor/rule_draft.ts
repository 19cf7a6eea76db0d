import { assertNever } from "#shared/assert.ts";
import { formatDuration, parseDuration } from "#shared/text/duration.ts";
import type { RuleRow } from "../../../client/alerting.ts";
import type { Backtest, RuleLanguage } from "../../../client/rules.ts";

export const ruleKinds = ["alerting", "recording"] as const;
export type RuleKind = (typeof ruleKinds)[number];

/** A label or an annotation as it is being written. */
export type Pair = { readonly name: string; readonly value: string };

/** A rule as it is being written. Durations are texts. */
export type RuleDraft = {
  readonly kind: RuleKind;
  readonly name: string;
  readonly language: RuleLanguage;
  readonly expr: string;
  readonly for: string;
  readonly keepFiringFor: string;
  /** The label "severity"; empty for none. */
  readonly severity: string;
  readonly labels: readonly Pair[];
  readonly annotations: readonly Pair[];
  readonly namespace: string;
  readonly group: string;
  /** Of the group; empty for the default. */
  readonly interval: string;
};

/** A rule as a file of Prometheus's has it. */
export type WrittenRule = {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly for?: string;
  readonly keep_firing_for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** Annotations that have a field of their own, with what they are for. */
export const knownAnnotations = ["summary", "description", "runbook_url"] as const;

export const emptyDraft: RuleDraft = {
  kind: "alerting",
  name: "",
  language: "promql",
  expr: "",
  for: "5m",
  keepFiringFor: "",
  severity: "warning",
  labels: [],
  annotations: [{ name: "summary", value: "" }],
  namespace: "interface",
  group: "metrics",
  interval: "",
};

/** Where a new rule of a language is kept. */
export function defaultGroup(language: RuleLanguage): string {
  switch (language) {
    case "promql":
      return "metrics";
    case "logql":
      return "logs";
    default:
      return assertNever(language);
  }
}

/** A rule as it is evaluated, to be copied: labels of its group are its own then. */
export function draftOfRow(row: RuleRow, language: RuleLanguage): RuleDraft {
  return draftOfWritten(
    {
      ...(row.kind === "alerting" ? { alert: row.name } : { record: row.name }),
      expr: row.query,
      for: formatDuration(row.forMs),
      ...(row.keepFiringMs > 0 && { keep_firing_for: formatDuration(row.keepFiringMs) }),
      labels: row.labels,
      annotations: row.annotations,
    },
    language,
  );
}

export function draftOfWritten(rule: WrittenRule, language: RuleLanguage): RuleDraft {
  const { severity = "", ...labels } = rule.labels ?? {};
  const isAlert = rule.alert !== undefined;
  return {
    ...emptyDraft,
    kind: isAlert ? "alerting" : "recording",
    name: rule.alert ?? rule.record ?? "",
    language,
    expr: rule.expr.trim(),
    for: rule.for === "0s" ? "" : (rule.for ?? ""),
    keepFiringFor: rule.keep_firing_for ?? "",
    severity,
    labels: pairsOf(labels),
    annotations: pairsOf(rule.annotations ?? {}),
    group: defaultGroup(language),
  };
}

function pairsOf(texts: Readonly<Record<string, string>>): Pair[] {
  return Object.entries(texts).map(([name, value]) => ({ name, value }));
}

/** The rule as code: what is empty is left out. */
export function writtenRule(draft: RuleDraft): WrittenRule {
  const labels = labelsOf(draft);
  const written = Object.keys(labels).length > 0 && { labels };
  const { name, expr } = draft;
  switch (draft.kind) {
    case "recording":
      return { record: name, expr, ...written };
    case "alerting": {
      const annotations = recordOf(draft.annotations);
      return {
        alert: name,
        expr,
        ...(!isZero(draft.for) && { for: draft.for.trim() }),
        ...(!isZero(draft.keepFiringFor) && { keep_firing_for: draft.keepFiringFor.trim() }),
        ...written,
        ...(Object.keys(annotations).length > 0 && { annotations }),
      };
    }
    default:
      return assertNever(draft.kind);
  }
}

function isZero(text: string): boolean {
  return text.trim() === "" || parseDuration(text.trim()) === 0;
}

function labelsOf({ kind, severity, labels }: RuleDraft): Record<string, string> {
  const own = recordOf(labels);
  return kind === "alerting" && severity !== "" ? { severity, ...own } : own;
}

function recordOf(pairs: readonly Pair[]): Record<string, string> {
  const filled = pairs.filter(({ name, value }) => name.trim() !== "" && value !== "");
  return Object.fromEntries(filled.map(({ name, value }) => [name.trim(), value]));
}

/** A day in shorter steps than this would be too many evaluations. */
const triedEveryMinMs = 5_000;

function triedEvery(interval: string): string {
  const ms = parseDuration(interval);
  return ms !== undefined && ms < triedEveryMinMs ? formatDuration(triedEveryMinMs) : interval;
}

/** What is tried over the last day; every 5 s at most. */
export function backtestOf(draft: RuleDraft): Backtest {
  const { name, expr, language, annotations, interval } = draft;
  return {
    name: name === "" ? "Alert" : name,
    expression: expr,
    language,
    for: isZero(draft.for) ? "0s" : draft.for.trim(),
    keep_firing_for: isZero(draft.keepFiringFor) ? "0s" : draft.keepFiringFor.trim(),
    labels: labelsOf(draft),
    annotations: recordOf(annotations),
    interval: isZero(interval) ? "1m" : triedEvery(interval.trim()),
  };
}

export type DraftField =
  | "name"
  | "for"
  | "keepFiringFor"
  | "interval"
  | "labels"
  | "annotations"
  | "namespace"
  | "group"
  | "expr";

/** What is wrong with what stands in fields, by field. The aggregator checks the expression and the templates. */
export function draftFaults(draft: RuleDraft): Partial<Record<DraftField, string>> {
  const faults: Partial<Record<DraftField, string>> = {};
  const isAlert = draft.kind === "alerting";
  if (draft.name.trim() === "") faults.name = "expected a name";
  else if (!isAlert && !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(draft.name))
    faults.name = "expected a metric's name: letters, digits, _ and :";
  if (draft.expr.trim() === "") faults.expr = "expected an expression";
  if (draft.namespace.trim() === "") faults.namespace = "expected a namespace";
  if (draft.group.trim() === "") faults.group = "expected a group";
  for (const field of isAlert
    ? (["for", "keepFiringFor", "interval"] as const)
    : (["interval"] as const)) {
    const text = draft[field].trim();
    if (text !== "" && parseDuration(text) === undefined)
      faults[field] = "expected a duration such as 5m";
  }
  for (const field of ["labels", "annotations"] as const) {
    const bad = draft[field].find(
      ({ name, value }) => value !== "" && !/^[a-zA-Z_]\w*$/.test(name.trim()),
    );
    if (bad !== undefined)
      faults[field] = `${JSON.stringify(bad.name)}: expected letters, digits and _`;
  }
  return faults;
}
