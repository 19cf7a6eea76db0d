import type { Matcher } from "#shared/model/labels.ts";
import {
  type BinaryExpr,
  type CallExpr,
  type Expr,
  type ValueType,
  isComparison,
  isSetOp,
} from "./ast.ts";
import { type PromqlError, parseError, quote } from "./errors.ts";
import { matchesEmpty } from "../matchers.ts";
import { functionTable } from "./function_table.ts";

const documented: Readonly<Record<ValueType, string>> = {
  scalar: "scalar",
  vector: "instant vector",
  matrix: "range vector",
  string: "string",
};

/** The type of an expression; throws where types don't fit, with Prometheus's words. */
export function typeOf(expr: Expr, query: string): ValueType {
  const fail = (start: number, message: string): PromqlError => parseError(query, start, message);
  switch (expr.kind) {
    case "number":
      return "scalar";
    case "string":
      return "string";
    case "paren":
      return typeOf(expr.expr, query);
    case "matrix":
      checkMatchers(expr.selector.matchers, expr.selector.span.start, query);
      return "matrix";
    case "selector":
      checkMatchers(expr.matchers, expr.span.start, query);
      return "vector";
    case "unary": {
      const type = typeOf(expr.expr, query);
      if (type === "scalar" || type === "vector") return type;
      const got = quote(documented[type]);
      throw fail(
        expr.span.start,
        `unary expression only allowed on expressions of type scalar or instant vector, got ${got}`,
      );
    }
    case "subquery": {
      const type = typeOf(expr.expr, query);
      if (type === "vector") return "matrix";
      throw fail(
        expr.span.start,
        `subquery is only allowed on instant vector, got ${type} instead`,
      );
    }
    case "aggregate": {
      expectType(expr.expr, "vector", "aggregation expression", query);
      if (expr.param !== undefined) {
        const wanted = expr.op === "count_values" ? "string" : "scalar";
        expectType(expr.param, wanted, "aggregation parameter", query);
      }
      return "vector";
    }
    case "binary":
      return typeOfBinary(expr, query);
    case "call":
      return typeOfCall(expr, query);
  }
}

function checkMatchers(matchers: readonly Matcher[], start: number, query: string): void {
  if (matchers.every(matchesEmpty)) {
    throw parseError(query, start, "vector selector must contain at least one non-empty matcher");
  }
}

function expectType(expr: Expr, wanted: ValueType, context: string, query: string): void {
  const type = typeOf(expr, query);
  if (type === wanted) return;
  throw parseError(
    query,
    expr.span.start,
    `expected type ${documented[wanted]} in ${context}, got ${documented[type]}`,
  );
}

function typeOfBinary(expr: BinaryExpr, query: string): ValueType {
  const { op, matching, opSpan, span } = expr;
  const fail = (start: number, message: string): PromqlError => parseError(query, start, message);
  const left = typeOf(expr.lhs, query);
  const right = typeOf(expr.rhs, query);
  const scalars = left === "scalar" && right === "scalar";
  if (expr.bool && !isComparison(op)) {
    throw fail(opSpan.start, "bool modifier can only be used on comparison operators");
  }
  if (isComparison(op) && !expr.bool && scalars) {
    throw fail(opSpan.start, "comparisons between scalars must use BOOL modifier");
  }
  const both = matching.on
    ? matching.labels.find((label) => matching.include.includes(label))
    : undefined;
  if (both !== undefined) {
    throw fail(opSpan.start, `label ${quote(both)} must not occur in ON and GROUP clause at once`);
  }
  for (const [side, type] of [
    [expr.lhs, left],
    [expr.rhs, right],
  ] as const) {
    if (type !== "scalar" && type !== "vector") {
      throw fail(
        side.span.start,
        "binary expression must contain only scalar and instant vector types",
      );
    }
  }
  const filled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
  if (left !== "vector" || right !== "vector") {
    if (matching.labels.length > 0)
      throw fail(span.start, "vector matching only allowed between instant vectors");
    if (filled)
      throw fail(span.start, "filling in missing series only allowed between instant vectors");
    if (isSetOp(op))
      throw fail(span.start, `set operator ${quote(op)} not allowed in binary scalar expression`);
  } else if (isSetOp(op)) {
    if (matching.group !== "none")
      throw fail(span.start, `no grouping allowed for ${quote(op)} operation`);
    if (filled) throw fail(span.start, "filling in missing series not allowed for set operators");
  }
  return scalars ? "scalar" : "vector";
}

function typeOfCall(expr: CallExpr, query: string): ValueType {
  const { name, args, span } = expr;
  const fail = (message: string): PromqlError => parseError(query, span.start, message);
  const signature = functionTable.get(name);
  if (signature === undefined) throw fail(`unknown function with name ${quote(name)}`);
  const listed = signature.args.length;
  const call = `argument(s) in call to ${quote(name)}, got ${args.length}`;
  if (signature.variadic === 0) {
    if (args.length !== listed) throw fail(`expected ${listed} ${call}`);
  } else if (args.length < listed - 1) {
    throw fail(`expected at least ${listed - 1} ${call}`);
  } else if (signature.variadic > 0 && args.length > listed - 1 + signature.variadic) {
    throw fail(`expected at most ${listed - 1 + signature.variadic} ${call}`);
  }
  for (const [i, arg] of args.entries()) {
    // The second argument of info() holds label matchers only, and may hold empty ones.
    if (name === "info" && i === 1 && arg.kind === "selector") {
      if (arg.name === "") continue;
      throw parseError(
        query,
        arg.span.start,
        "expected label selectors only, got vector selector instead",
      );
    }
    const wanted = signature.args[Math.min(i, listed - 1)] ?? "scalar";
    expectType(arg, wanted, `call to function ${quote(name)}`, query);
  }
  return signature.returns;
}
