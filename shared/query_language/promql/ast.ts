import type { Matcher } from "#shared/model/labels.ts";
import type { Span } from "./errors.ts";

/** The expression tree. Durations are milliseconds; what depends on the query's step and range stays an expression until then. */
export type Expr =
  | NumberExpr
  | StringExpr
  | SelectorExpr
  | MatrixExpr
  | SubqueryExpr
  | ParenExpr
  | UnaryExpr
  | BinaryExpr
  | CallExpr
  | AggregateExpr;

type NumberExpr = {
  readonly kind: "number";
  readonly value: number;
  /** Written as a duration ("5m"), so printed as one. */
  readonly isDuration: boolean;
  readonly span: Span;
};

type StringExpr = { readonly kind: "string"; readonly value: string; readonly span: Span };

/** When a selector or subquery is read, apart from the step: fixed in time, shifted, or both. */
export type TimeShift = {
  readonly offset?: DurationExpr;
  /** Unix milliseconds, or a bound of the query. */
  readonly at?: number | "start" | "end";
};

/** How values at the edges of a range, or at an instant, are found: a modifier of Prometheus's extended range selectors. */
export type Edges = "anchored" | "smoothed";

export type SelectorExpr = TimeShift & {
  readonly kind: "selector";
  readonly edges?: Edges;
  /** The name before the braces, or in quotes inside; "" without one. It is among the matchers too. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly span: Span;
};

export type MatrixExpr = {
  readonly kind: "matrix";
  readonly selector: SelectorExpr;
  readonly range: DurationExpr;
  readonly span: Span;
};

export type SubqueryExpr = TimeShift & {
  readonly kind: "subquery";
  readonly expr: Expr;
  readonly range: DurationExpr;
  readonly step?: DurationExpr;
  readonly span: Span;
};

type ParenExpr = { readonly kind: "paren"; readonly expr: Expr; readonly span: Span };

type UnaryExpr = {
  readonly kind: "unary";
  readonly op: "+" | "-";
  readonly expr: Expr;
  readonly span: Span;
};

export type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "^" | "atan2";
export type ComparisonOp = "==" | "!=" | "<" | ">" | "<=" | ">=";
/** Cut buckets off native histograms; on floats they only inform. */
type TrimOp = "</" | ">/";
export type SetOp = "and" | "or" | "unless";
export type BinaryOp = ArithmeticOp | ComparisonOp | TrimOp | SetOp;

export type Matching = {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Which side may have many series for one of the other. */
  readonly group: "none" | "left" | "right";
  readonly include: readonly string[];
  readonly fillLeft?: number;
  readonly fillRight?: number;
};

export type BinaryExpr = {
  readonly kind: "binary";
  readonly op: BinaryOp;
  readonly lhs: Expr;
  readonly rhs: Expr;
  readonly bool: boolean;
  /** As written; without a clause it ignores nothing. */
  readonly matching: Matching;
  readonly opSpan: Span;
  readonly span: Span;
};

export type CallExpr = {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Expr[];
  /** Of info() alone: what it reads beside its arguments. */
  readonly info?: SelectorExpr;
  readonly span: Span;
};

export type AggregateOp =
  | "sum"
  | "avg"
  | "min"
  | "max"
  | "count"
  | "stddev"
  | "stdvar"
  | "group"
  | "topk"
  | "bottomk"
  | "quantile"
  | "count_values"
  | "limitk"
  | "limit_ratio";

export type AggregateExpr = {
  readonly kind: "aggregate";
  readonly op: AggregateOp;
  readonly expr: Expr;
  readonly param?: Expr;
  readonly grouping: readonly string[];
  readonly without: boolean;
  readonly span: Span;
};

/** A length of time in seconds, or a computation of one. */
export type DurationExpr =
  | {
      readonly kind: "seconds";
      readonly value: number;
      readonly isDuration: boolean;
      readonly span: Span;
    }
  | { readonly kind: "step" | "range"; readonly span: Span }
  | { readonly kind: "negate"; readonly expr: DurationExpr; readonly span: Span }
  /** What stands in parentheses. */
  | { readonly kind: "group"; readonly expr: DurationExpr; readonly span: Span }
  | {
      readonly kind: "compute";
      readonly op: "+" | "-" | "*" | "/" | "%" | "^" | "min_of" | "max_of";
      readonly lhs: DurationExpr;
      readonly rhs: DurationExpr;
      readonly span: Span;
    };

/** What an expression evaluates to. */
export type ValueType = "scalar" | "vector" | "matrix" | "string";

/** The expression without the parentheses around it. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr;
  while (inner.kind === "paren") inner = inner.expr;
  return inner;
}

const comparisons: ReadonlySet<string> = new Set(["==", "!=", "<", ">", "<=", ">="]);
const sets: ReadonlySet<string> = new Set(["and", "or", "unless"]);

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return comparisons.has(op);
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return sets.has(op);
}
