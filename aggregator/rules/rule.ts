import type { Histogram } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";

/** What an expression of a rule is written in. */
export type ExpressionLanguage = "promql" | "logql" | "sql";

type RuleBase = {
  readonly expr: string;
  /** The expression as it is shown: printed by the parser's rules. */
  readonly query: string;
  readonly language: ExpressionLanguage;
  /** Of SQL: columns that hold the values of the labels of their names. Others may hold anything. */
  readonly dataLabels?: readonly string[];
  /** The group's and the rule's own, which win. Of an alerting rule they are templates. */
  readonly labels: Labels;
};

export type RecordingRule = RuleBase & { readonly kind: "recording"; readonly name: string };

export type AlertingRule = RuleBase & {
  readonly kind: "alerting";
  readonly name: string;
  /** How long the expression has to hold before the alert fires. */
  readonly forMs: number;
  /** How long an alert keeps firing after its expression no longer holds. */
  readonly keepFiringMs: number;
  /** Templates. */
  readonly annotations: Labels;
};

export type Rule = RecordingRule | AlertingRule;

/** Rules that are evaluated one after the other, at the same times. */
export type RuleGroup = {
  readonly name: string;
  /** Where it was read from, or its namespace. */
  readonly file: string;
  readonly intervalMs: number;
  /** Expressions are evaluated for the time before by so much. */
  readonly queryOffsetMs: number;
  /** Alerts, or series, that a rule may make; more fail it. 0 for no limit. */
  readonly limit: number;
  readonly rules: readonly Rule[];
};

/** A sample of a rule's expression or of its result. The value counts only without a histogram. */
export type RuleSample = {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: Histogram;
};

/** Evaluates an expression at a time (Unix milliseconds). Throws OperatingError or PromqlError. */
export type AskRule = (
  expression: { readonly expr: string; readonly language: ExpressionLanguage },
  timeMs: number,
) => Promise<readonly RuleSample[]>;
