import { type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import {
  type DurationExpr,
  type Expr,
  type SelectorExpr,
  type TimeShift,
  unwrapParens,
} from "./ast.ts";

/**
 * The selector of the info metrics that info(v, {selector}) joins: its matchers, or target_info, read at the time that the
 * first selector in v is read at.
 */
export function infoSelector(args: readonly Expr[]): SelectorExpr | undefined {
  const [vector, second] = args.map(unwrapParens);
  if (vector === undefined || (second !== undefined && second.kind !== "selector"))
    return undefined;
  const asked = second?.matchers ?? [];
  const matchers = [
    ...asked.filter(({ name }) => name !== metricNameLabel),
    ...nameMatchers(asked),
  ];
  const shift = firstShift(vector, {}) ?? {};
  return { kind: "selector", name: "", matchers, span: vector.span, ...shift };
}

function nameMatchers(asked: readonly Matcher[]): readonly Matcher[] {
  const names = asked.filter(({ name }) => name === metricNameLabel);
  if (names.some(({ op }) => op === "=" || op === "=~")) return names;
  if (names.length > 0) return [{ name: metricNameLabel, op: "=~", value: ".+_info" }, ...names];
  return [{ name: metricNameLabel, op: "=", value: "target_info" }];
}

/** Where the first selector looks, with the shifts of the subqueries around it. */
function firstShift(expr: Expr, outer: TimeShift): TimeShift | undefined {
  switch (expr.kind) {
    case "selector":
      return combined(expr, outer);
    case "matrix":
      return combined(expr.selector, outer);
    case "subquery":
      return firstShift(expr.expr, combined(expr, outer));
    case "paren":
    case "unary":
      return firstShift(expr.expr, outer);
    case "binary":
      return firstShift(expr.lhs, outer) ?? firstShift(expr.rhs, outer);
    case "aggregate":
      return firstShift(expr.expr, outer);
    case "call":
      for (const arg of expr.args) {
        const shift = firstShift(arg, outer);
        if (shift !== undefined) return shift;
      }
      return undefined;
    case "number":
    case "string":
      return undefined;
  }
}

function combined(inner: TimeShift, outer: TimeShift): TimeShift {
  // A fixed time inside makes what is around it of no account.
  const around = inner.at === undefined ? outer : {};
  const at = inner.at ?? around.at;
  const offset = sumOf(inner.offset, around.offset);
  return { ...(at === undefined ? {} : { at }), ...(offset === undefined ? {} : { offset }) };
}

function sumOf(a: DurationExpr | undefined, b: DurationExpr | undefined): DurationExpr | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { kind: "compute", op: "+", lhs: a, rhs: b, span: a.span };
}
