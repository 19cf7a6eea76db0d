import type { Labels, Matcher } from "#shared/model/labels.ts";

/** `metric{label="x"}`: always of one metric, so that all others pass by untouched. */
export type Selector = {
  readonly metric: string;
  /** Of other labels than the name. */
  readonly matchers: readonly Matcher[];
  /** Whether labels, whose name is the metric's, are selected. */
  readonly selects: (labels: Labels) => boolean;
  /** Equal texts select the same. */
  readonly text: string;
};

export const rangeFunctions = [
  "avg_over_time",
  "changes",
  "count_over_time",
  "delta",
  "increase",
  "max_over_time",
  "min_over_time",
  "predict_linear",
  "rate",
  "sum_over_time",
] as const;
export type RangeFunction = (typeof rangeFunctions)[number];

export const valueFunctions = ["abs", "ceil", "floor"] as const;
export type ValueFunction = (typeof valueFunctions)[number];

export const aggregations = ["avg", "count", "max", "min", "sum"] as const;
export type Aggregation = (typeof aggregations)[number];

export const comparisons = ["==", "!=", ">", "<", ">=", "<="] as const;
export type Comparison = (typeof comparisons)[number];
export const arithmetic = ["+", "-", "*", "/", "%"] as const;
export type Arithmetic = (typeof arithmetic)[number];
export const setOperators = ["and", "or", "unless"] as const;
export type SetOperator = (typeof setOperators)[number];

/** By which labels samples of both sides belong together: these alone, or all but these. */
export type Matching = { readonly on: boolean; readonly labels: readonly string[] };

/** A part of PromQL, checked: what an agent evaluates by itself. */
export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "time" }
  | { readonly kind: "selector"; readonly selector: Selector }
  | { readonly kind: "absent"; readonly selector: Selector }
  | {
      readonly kind: "range";
      readonly name: RangeFunction;
      readonly selector: Selector;
      readonly rangeMs: number;
      /** Seconds, of predict_linear. */
      readonly ahead: number;
    }
  | { readonly kind: "call"; readonly name: ValueFunction; readonly of: Expression }
  | { readonly kind: "negative"; readonly of: Expression }
  | {
      readonly kind: "aggregate";
      readonly name: Aggregation;
      /** Labels that stay (by) or go (without). */
      readonly by: boolean;
      readonly labels: readonly string[];
      readonly of: Expression;
    }
  | {
      readonly kind: "arithmetic";
      readonly operator: Arithmetic;
      readonly left: Expression;
      readonly right: Expression;
      readonly matching: Matching;
    }
  | {
      readonly kind: "comparison";
      readonly operator: Comparison;
      /** Gives 1 or 0 instead of leaving samples out. */
      readonly bool: boolean;
      readonly left: Expression;
      readonly right: Expression;
      readonly matching: Matching;
    }
  | {
      readonly kind: "set";
      readonly operator: SetOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly matching: Matching;
    };

/** Whether it is one number without labels. */
export function isScalar(expression: Expression): boolean {
  switch (expression.kind) {
    case "number":
    case "time":
      return true;
    case "negative":
      return isScalar(expression.of);
    case "arithmetic":
    case "comparison":
      return isScalar(expression.left) && isScalar(expression.right);
    default:
      return false;
  }
}

/** Every selector with how far back it looks, in milliseconds; 0 where the last sample will do. */
export function selectorsOf(
  expression: Expression,
): readonly { readonly selector: Selector; readonly rangeMs: number }[] {
  switch (expression.kind) {
    case "number":
    case "time":
      return [];
    case "selector":
    case "absent":
      return [{ selector: expression.selector, rangeMs: 0 }];
    case "range":
      return [{ selector: expression.selector, rangeMs: expression.rangeMs }];
    case "call":
    case "negative":
    case "aggregate":
      return selectorsOf(expression.of);
    case "arithmetic":
    case "comparison":
    case "set":
      return [...selectorsOf(expression.left), ...selectorsOf(expression.right)];
  }
}

/** Whether it may hold because there are no samples. */
export function looksForAbsence(expression: Expression): boolean {
  switch (expression.kind) {
    case "absent":
      return true;
    case "call":
    case "negative":
    case "aggregate":
      return looksForAbsence(expression.of);
    case "set":
      if (expression.operator === "unless") return true;
      return looksForAbsence(expression.left) || looksForAbsence(expression.right);
    case "arithmetic":
    case "comparison":
      return looksForAbsence(expression.left) || looksForAbsence(expression.right);
    default:
      return false;
  }
}
