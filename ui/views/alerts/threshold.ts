import type { ChartSeries } from "../../plot/chart_data.ts";
import type { Expr } from "../../promql/expr.ts";
import { parsePromql } from "../../promql/parse.ts";

/** What a rule's expression compares, and with which number. */
export type Compared = { readonly expr: string; readonly threshold: number | undefined };

const comparisons: ReadonlySet<string> = new Set(["<", ">", "<=", ">=", "==", "!="]);

/**
 * The part of an expression that is worth a chart: of `a / b < 0.1` it is `a / b`, with 0.1 as a line. Without a comparison with a number it is the
 * whole expression, which shows when it held. undefined for an expression that is not PromQL.
 */
export function comparedPart(query: string): Compared | undefined {
  const { expr } = parsePromql(query);
  if (expr === undefined) return undefined;
  const inner = unwrapped(expr);
  if (inner.kind !== "binary" || inner.bool || !comparisons.has(inner.op))
    return { expr: query, threshold: undefined };
  const [left, right] = [numberOf(inner.left), numberOf(inner.right)];
  if (right !== undefined && left === undefined) return { expr: inner.left.text, threshold: right };
  if (left !== undefined && right === undefined) return { expr: inner.right.text, threshold: left };
  return { expr: query, threshold: undefined };
}

/** A comparison with a number at the end of LogQL, such as `sum(rate({app="a"}[5m])) > 5`. */
const logqlComparison =
  /^([\s\S]*\S)\s*(?:>=|<=|==|!=|>|<)\s*(-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*$/;
/** Texts in quotes, whose signs do not count. */
const quotedText = /"(?:[^"\\]|\\.)*"|`[^`]*`/g;

/** comparedPart() for LogQL, which the interface has no grammar for: what stands before a comparison at the end, if that is all there is. */
export function comparedLogql(query: string): Compared {
  const whole = { expr: query, threshold: undefined };
  const [, left = "", right = ""] = logqlComparison.exec(query) ?? [];
  const bare = left.replaceAll(quotedText, '""');
  const opened = bare.split("(").length - bare.split(")").length;
  const isSimple = left !== "" && opened === 0 && !/\b(?:and|or|unless)\b/.test(bare);
  return isSimple ? { expr: left, threshold: Number(right) } : whole;
}

/** The threshold as a line of a chart. */
export function thresholdLine(threshold: number, points: number, dark: boolean): ChartSeries {
  return {
    key: "threshold",
    name: `threshold ${threshold}`,
    color: dark ? "#ff7b72" : "#c9302c",
    dash: [4, 4],
    values: new Float64Array(points).fill(threshold),
  };
}

function unwrapped(expr: Expr): Expr {
  return expr.kind === "paren" ? unwrapped(expr.expr) : expr;
}

function numberOf(expr: Expr): number | undefined {
  const inner = unwrapped(expr);
  if (inner.kind === "unary" && inner.op === "-") {
    const positive = numberOf(inner.expr);
    return positive === undefined ? undefined : -positive;
  }
  if (inner.kind !== "number") return undefined;
  const value = Number(inner.text);
  return Number.isNaN(value) ? undefined : value;
}
