import type { Expr } from "./expr.ts";
import { parsePromql } from "./parse.ts";

type Selector = Extract<Expr, { kind: "selector" }>;

/** The selectors over which an expression takes `$__rate_interval`, each once: those whose time between samples matters to it. */
export function ratedSelectors(query: string): readonly string[] {
  if (!query.includes("__rate_interval")) return [];
  const { expr } = parsePromql(query);
  if (expr === undefined) return [];
  const found = new Set<string>();
  collect(expr, found);
  return [...found];
}

function collect(expr: Expr, found: Set<string>): void {
  if (expr.kind === "range" || expr.kind === "subquery") {
    if (expr.range.includes("__rate_interval")) {
      for (const { text } of selectorsOf(expr.expr)) found.add(text);
    }
  }
  for (const part of partsOf(expr)) collect(part, found);
}

/** All selectors within an expression. */
export function selectorsOf(expr: Expr): readonly Selector[] {
  return expr.kind === "selector" ? [expr] : partsOf(expr).flatMap(selectorsOf);
}

/** The expressions that one is made of. */
export function partsOf(expr: Expr): readonly Expr[] {
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
