import type { BuilderQuery, Operation } from "./builder.ts";
import { isVectorLast } from "./builder.ts";
import type { Expr } from "./expr.ts";
import { parsePromql } from "./parse.ts";

/** The blocks of a query, or why blocks can't show it. */
export type ReadBack =
  | { readonly query: BuilderQuery; readonly why: undefined }
  | { readonly query: undefined; readonly why: string };

/** Reads PromQL back into blocks. What they can't hold is named, and the query stays code. */
export function readBuilder(text: string): ReadBack {
  const { expr, error } = parsePromql(text);
  if (expr === undefined) return { query: undefined, why: error };
  try {
    return { query: queryOf(expr), why: undefined };
  } catch (thrown) {
    if (thrown instanceof NoBlocks) return { query: undefined, why: thrown.message };
    throw thrown;
  }
}

class NoBlocks extends Error {}

function queryOf(expr: Expr): BuilderQuery {
  switch (expr.kind) {
    case "selector":
      return { metric: expr.metric, matchers: expr.matchers, offset: "", operations: [] };
    case "offset":
      if (expr.expr.kind !== "selector") throw noBlocks("an offset of", expr.expr);
      return { ...queryOf(expr.expr), offset: expr.by };
    case "paren":
      return queryOf(expr.expr);
    case "call":
      return callOf(expr);
    case "aggregate": {
      const { op, parameter, grouping } = expr;
      if (parameter !== undefined && !isLiteral(parameter)) {
        throw noBlocks(`a parameter of ${op} that is computed:`, parameter);
      }
      const text = parameter?.text ?? "";
      return then(queryOf(expr.expr), { kind: "aggregate", op, parameter: text, grouping });
    }
    case "binary":
      return binaryOf(expr);
    case "number":
      throw noBlocks("a number in place of a metric:", expr);
    case "string":
      throw noBlocks("a text in place of a metric:", expr);
    case "range":
      throw noBlocks("a range without a function:", expr);
    case "subquery":
      throw noBlocks("a subquery without a function:", expr);
    case "at":
      throw noBlocks("a fixed time (@):", expr);
    case "unary":
      throw noBlocks("a sign before", expr.expr);
  }
}

function callOf(expr: Expr & { readonly kind: "call" }): BuilderQuery {
  const { name, args } = expr;
  const vectors = args.filter((arg) => !isLiteral(arg));
  const [vector] = vectors;
  if (vector === undefined) throw noBlocks("a function of no metric:", expr);
  if (vectors.length > 1) throw noBlocks("a function of several vectors:", expr);
  const place = isVectorLast(name) ? args.length - 1 : 0;
  if (args[place] !== vector) throw noBlocks("arguments in this order:", expr);
  const parameters = args.filter((arg) => arg !== vector).map(({ text }) => text);
  const ranged = rangeOf(vector);
  if (ranged === undefined) return then(queryOf(vector), { kind: "function", name, parameters });
  const { query, range } = ranged;
  return then(query, { kind: "over_time", name, range, parameters });
}

/** What a function over time looks at: a selector's range, or a subquery with the server's step. */
function rangeOf(expr: Expr): { query: BuilderQuery; range: string } | undefined {
  if (expr.kind === "paren") return rangeOf(expr.expr);
  if (expr.kind === "range") return { query: queryOf(expr.expr), range: expr.range };
  if (expr.kind === "subquery") {
    if (expr.step !== "") throw noBlocks("a subquery with a step:", expr);
    const query = queryOf(expr.expr);
    if (query.operations.length === 0) throw noBlocks("a subquery of a bare metric:", expr);
    return { query, range: expr.range };
  }
  if (expr.kind !== "offset" || expr.expr.kind !== "range") return undefined;
  const { query, range } = rangeOf(expr.expr) ?? {};
  if (query === undefined || range === undefined) return undefined;
  return { query: { ...query, offset: expr.by }, range };
}

function binaryOf(expr: Expr & { readonly kind: "binary" }): BuilderQuery {
  const { op, left, right, bool, matching } = expr;
  const [numberLeft, numberRight] = [isNumber(left), isNumber(right)];
  if (numberLeft && numberRight) throw noBlocks("arithmetic without a metric:", expr);
  if (numberRight) {
    return then(queryOf(left), {
      kind: "math",
      op,
      number: inner(right).text,
      side: "right",
      bool,
    });
  }
  if (numberLeft) {
    return then(queryOf(right), { kind: "math", op, number: inner(left).text, side: "left", bool });
  }
  return then(queryOf(left), { kind: "binary", op, right: queryOf(right), bool, matching });
}

function then(query: BuilderQuery, operation: Operation): BuilderQuery {
  return { ...query, operations: [...query.operations, operation] };
}

function inner(expr: Expr): Expr {
  return expr.kind === "paren" ? inner(expr.expr) : expr;
}

function isNumber(expr: Expr): boolean {
  const within = inner(expr);
  return (
    within.kind === "number" || (within.kind === "unary" && inner(within.expr).kind === "number")
  );
}

function isLiteral(expr: Expr): boolean {
  return isNumber(expr) || inner(expr).kind === "string";
}

function noBlocks(what: string, { text }: Expr): NoBlocks {
  return new NoBlocks(`${what} ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`);
}
