import type { Expr, TimeShift } from "#shared/query_language/promql/ast.ts";
import { PromqlError } from "#shared/query_language/promql/errors.ts";
import { parsePromql } from "#shared/query_language/promql/parse.ts";
import { printPromql } from "#shared/query_language/promql/print.ts";

type InstantCase = { readonly query: string; readonly timeMs: number };

/** Functions whose result depends on the evaluation time although their arguments are pinned. */
const timeDependent: ReadonlySet<string> = new Set([
  "day_of_month",
  "day_of_week",
  "day_of_year",
  "days_in_month",
  "end",
  "hour",
  "minute",
  "month",
  "predict_linear",
  "range",
  "start",
  "step",
  "time",
  "timestamp",
  "year",
]);

/**
 * The same query with `@ timeMs` on each selector, to be evaluated at other times: the answer must not change.
 * Times are those of Prometheus's own runner. Empty for a query that doesn't parse or depends on the evaluation time.
 */
export function pinnedCases(query: string, timeMs: number): InstantCase[] {
  const expr = parsed(query);
  if (expr === undefined || dependsOnTime(expr)) return [];
  const pinned = printPromql(pin(expr, timeMs));
  // A string that was not UTF-8 is parsed to replacement characters, so it can't be printed back.
  if (pinned.includes("\ufffd")) return [];
  const times =
    timeMs === 0
      ? [-1_000, 0, 1_000]
      : [-10 * timeMs, 0, Math.trunc(timeMs / 5), timeMs, 10 * timeMs];
  return times.map((time) => ({ query: pinned, timeMs: time }));
}

function parsed(query: string): Expr | undefined {
  try {
    return parsePromql(query).expr;
  } catch (thrown) {
    if (thrown instanceof PromqlError) return undefined;
    throw thrown;
  }
}

function dependsOnTime(expr: Expr): boolean {
  switch (expr.kind) {
    case "number":
    case "string":
    case "selector":
    case "matrix":
      return false;
    // Pinned itself, so what is inside is evaluated at the same times.
    case "subquery":
      return false;
    case "paren":
    case "unary":
      return dependsOnTime(expr.expr);
    case "binary":
      return dependsOnTime(expr.lhs) || dependsOnTime(expr.rhs);
    case "call":
      return timeDependent.has(expr.name) || expr.args.some(dependsOnTime);
    case "aggregate":
      return dependsOnTime(expr.expr) || (expr.param !== undefined && dependsOnTime(expr.param));
  }
}

/** What has a time keeps it; selectors inside a subquery follow the times of the subquery. */
function pin(expr: Expr, timeMs: number): Expr {
  switch (expr.kind) {
    case "number":
    case "string":
      return expr;
    case "selector":
    case "subquery":
      return pinShift(expr, timeMs);
    case "matrix":
      return { ...expr, selector: pinShift(expr.selector, timeMs) };
    case "paren":
    case "unary":
      return { ...expr, expr: pin(expr.expr, timeMs) };
    case "binary":
      return { ...expr, lhs: pin(expr.lhs, timeMs), rhs: pin(expr.rhs, timeMs) };
    case "call":
      return { ...expr, args: expr.args.map((arg) => pin(arg, timeMs)) };
    case "aggregate": {
      const param = expr.param && pin(expr.param, timeMs);
      return { ...expr, expr: pin(expr.expr, timeMs), ...(param && { param }) };
    }
  }
}

/** `@ start()` and `@ end()` of an instant query are its own time. */
function pinShift<Shifted extends TimeShift>(shifted: Shifted, timeMs: number): Shifted {
  return { ...shifted, at: typeof shifted.at === "number" ? shifted.at : timeMs };
}
