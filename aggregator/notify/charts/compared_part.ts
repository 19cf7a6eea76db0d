import type { ComparisonOp, Expr } from "#shared/query_language/promql/ast.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { printPromql } from "#shared/query_language/promql/print.ts";

export type ChartLanguage = "promql" | "logql";

/** What an alert's expression compares, and with which number. */
export type Compared = {
  readonly expr: string;
  readonly language: ChartLanguage;
  readonly threshold: { readonly value: number; readonly operator: string } | undefined;
};

/** What the other side of a comparison means when the sides are changed. */
const turned: Readonly<Record<ComparisonOp, ComparisonOp>> = {
  "<": ">",
  ">": "<",
  "<=": ">=",
  ">=": "<=",
  "==": "==",
  "!=": "!=",
};

/**
 * The part of an expression that is worth a chart: of `a / b < 0.1` it is `a / b`, with 0.1 as the threshold; of `x > 5 and y` it is `x`.
 * Without a comparison with a number it is the whole. undefined for SQL.
 */
export function comparedPart(expression: string): Compared | undefined {
  if (/^\s*(?:SELECT|WITH)\b/i.test(expression)) return undefined;
  let expr: Expr;
  try {
    ({ expr } = parsePromql(expression));
  } catch {
    return comparedLogql(expression);
  }
  const found = promqlPart(expr);
  if (found === undefined) return { expr: expression, language: "promql", threshold: undefined };
  return { ...found, language: "promql" };
}

function promqlPart(expr: Expr): Pick<Compared, "expr" | "threshold"> | undefined {
  if (expr.kind === "paren") return promqlPart(expr.expr);
  if (expr.kind !== "binary" || expr.bool) return undefined;
  const { op, lhs, rhs } = expr;
  if (op === "and" || op === "unless") return promqlPart(lhs);
  if (!isComparison(op)) return undefined;
  const [left, right] = [numberOf(lhs), numberOf(rhs)];
  if (right !== undefined && left === undefined)
    return { expr: printPromql(lhs), threshold: { value: right, operator: op } };
  if (left !== undefined && right === undefined)
    return { expr: printPromql(rhs), threshold: { value: left, operator: turned[op] } };
  return undefined;
}

function isComparison(op: string): op is ComparisonOp {
  return Object.hasOwn(turned, op);
}

/** Of a number, or of an expression of numbers such as `5 * 60`. */
function numberOf(expr: Expr): number | undefined {
  switch (expr.kind) {
    case "number":
      return expr.isDuration ? expr.value / 1_000 : expr.value;
    case "paren":
      return numberOf(expr.expr);
    case "unary": {
      const value = numberOf(expr.expr);
      return value === undefined ? undefined : expr.op === "-" ? -value : value;
    }
    case "binary": {
      const [left, right] = [numberOf(expr.lhs), numberOf(expr.rhs)];
      return left === undefined || right === undefined ? undefined : counted(expr.op, left, right);
    }
    default:
      return undefined;
  }
}

function counted(op: string, left: number, right: number): number | undefined {
  switch (op) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "^":
      return left ** right;
    default:
      return undefined;
  }
}

/** A comparison with a number at the end, such as `sum(rate({app="a"}[5m])) > 5`. */
const logqlEnd = /(>=|<=|==|!=|>|<)\s*(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;

function comparedLogql(expression: string): Compared {
  const [whole, operator = "", value = ""] = logqlEnd.exec(expression) ?? [];
  const expr = whole === undefined ? expression : expression.slice(0, -whole.length).trim();
  // What ends in a brace or a bracket is a filter of labels, no comparison of values.
  if (whole === undefined || !expr.endsWith(")"))
    return { expr: expression, language: "logql", threshold: undefined };
  return { expr, language: "logql", threshold: { value: Number(value), operator } };
}
