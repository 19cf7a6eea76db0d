import type { Expr } from "./expr.ts";
import { parsePromql } from "./parse.ts";

type Selector = Extract<Expr, { kind: "selector" }>;

const rateInterval = /\b__rate_interval\b/;

/** The selectors over which an expression takes `$__rate_interval`, each once: those whose time between samples matters to it. */
export function ratedSelectors(query: string): readonly string[] {
  const found = selectorsRangedBy(query, rateInterval);
  return [...new Set(found.map(({ text }) => text))];
}

/** The selectors over whose range an expression says a length that matches `length`, in their order; none where it is no PromQL. */
export function selectorsRangedBy(query: string, length: RegExp): readonly Selector[] {
  if (!length.test(query)) return [];
  const { expr } = parsePromql(query);
  return expr === undefined ? [] : rangedBy(expr, length);
}

function rangedBy(expr: Expr, length: RegExp): readonly Selector[] {
  const isRanged = (expr.kind === "range" || expr.kind === "subquery") && length.test(expr.range);
  // What lies within a range that matches is all found, and not looked for again.
  return isRanged
    ? selectorsOf(expr.expr)
    : partsOf(expr).flatMap((part) => rangedBy(part, length));
}

/** All selectors within an expression. */
function selectorsOf(expr: Expr): readonly Selector[] {
  return expr.kind === "selector" ? [expr] : partsOf(expr).flatMap(selectorsOf);
}

/** The expressions that one is made of. */
function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case "number":
    case "string":
    case "selector":
      return [];
    case "call":
      return expr.args;
    case "aggregate":
      return expr.parameter === undefined ? [expr.expr] : [expr.parameter, expr.expr];
    case "binary":
      return [expr.left, expr.right];
    case "range":
    case "subquery":
    case "offset":
    case "at":
    case "paren":
    case "unary":
      return [expr.expr];
  }
}
