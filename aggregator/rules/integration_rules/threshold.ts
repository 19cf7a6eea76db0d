import { assertNever } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Expr } from "#shared/query_language/promql/ast.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { formatSample } from "#shared/text/go_float_text.ts";

const orderings: ReadonlySet<string> = new Set(["<", ">", "<=", ">="]);

/**
 * Puts another number in the place of the one that an expression compares with by <, >, <= or >=. Comparisons with 0 count only where there
 * are no others: they mostly exclude what would divide by it. Throws OperatingError("bad_request") where there is no such number, or several.
 */
export function withThreshold(expr: string, threshold: number): string {
  const all = [...comparedNumbers(parsePromql(expr).expr)];
  const others = all.filter((side) => side.kind !== "number" || side.value !== 0);
  const numbers = others.length > 0 ? others : all;
  const [only] = numbers;
  if (only === undefined || numbers.length > 1)
    throw new OperatingError(
      "bad_request",
      `expected an expression that compares with one number, but it compares with ${numbers.length}: change expr instead`,
    );
  const { start, end } = only.span;
  return expr.slice(0, start) + formatSample(threshold) + expr.slice(end);
}

type Side = Extract<Expr, { readonly kind: "number" | "unary" }>;

function* comparedNumbers(expr: Expr): Generator<Side> {
  switch (expr.kind) {
    case "number":
    case "string":
    case "selector":
    case "matrix":
      return;
    case "paren":
    case "unary":
    case "subquery":
      yield* comparedNumbers(expr.expr);
      return;
    case "aggregate":
      yield* comparedNumbers(expr.expr);
      return;
    case "call":
      for (const argument of expr.args) yield* comparedNumbers(argument);
      return;
    case "binary":
      for (const side of [expr.lhs, expr.rhs])
        if (orderings.has(expr.op) && isNumber(side)) yield side;
        else yield* comparedNumbers(side);
      return;
    default:
      assertNever(expr);
  }
}

function isNumber(expr: Expr): expr is Side {
  return expr.kind === "number" || (expr.kind === "unary" && expr.expr.kind === "number");
}
