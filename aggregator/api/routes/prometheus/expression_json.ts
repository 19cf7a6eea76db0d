import type {
  BinaryExpr,
  DurationExpr,
  Expr,
  SelectorExpr,
  TimeShift,
} from "#shared/query_language/promql/ast.ts";
import { isSetOp } from "#shared/query_language/promql/ast.ts";
import { typeOf } from "#shared/query_language/promql/check.ts";
import { functionTable } from "#shared/query_language/promql/function_table.ts";
import { formatPlain } from "#shared/text/go_float_text.ts";

type Json = Readonly<Record<string, unknown>>;

/** An expression as /parse_query answers it (web/api/v1/translate_ast.go). Durations are milliseconds; lists never null. */
export function expressionJson(expr: Expr, query: string): Json {
  const inner = (one: Expr): Json => expressionJson(one, query);
  switch (expr.kind) {
    case "aggregate":
      return {
        type: "aggregation",
        op: expr.op,
        expr: inner(expr.expr),
        param: expr.param === undefined ? null : inner(expr.param),
        grouping: expr.grouping,
        without: expr.without,
      };
    case "binary":
      return {
        type: "binaryExpr",
        op: expr.op,
        lhs: inner(expr.lhs),
        rhs: inner(expr.rhs),
        matching: matchingJson(expr, query),
        bool: expr.bool,
      };
    case "call":
      return {
        type: "call",
        func: functionJson(expr.name),
        args: expr.args.map(inner),
      };
    case "matrix":
      return {
        ...selectorJson("matrixSelector", expr.selector),
        ...shiftJson(expr.selector),
        range: milliseconds(expr.range),
        rangeExpr: durationJson(expr.range),
      };
    case "selector":
      return { ...selectorJson("vectorSelector", expr), ...shiftJson(expr) };
    case "subquery":
      return {
        type: "subquery",
        expr: inner(expr.expr),
        range: milliseconds(expr.range),
        rangeExpr: durationJson(expr.range),
        step: milliseconds(expr.step),
        stepExpr: durationJson(expr.step),
        ...shiftJson(expr),
      };
    case "number":
      return { type: "numberLiteral", val: formatPlain(expr.value) };
    case "string":
      return { type: "stringLiteral", val: expr.value };
    case "paren":
      return { type: "parenExpr", expr: inner(expr.expr) };
    case "unary":
      return { type: "unaryExpr", op: expr.op, expr: inner(expr.expr) };
  }
}

function functionJson(name: string): Json {
  const signature = functionTable.get(name);
  return {
    name,
    argTypes: signature?.args ?? [],
    variadic: signature?.variadic ?? 0,
    returnType: signature?.returns ?? "none",
  };
}

function selectorJson(type: string, { name, matchers, edges }: SelectorExpr): Json {
  return {
    type,
    name,
    matchers: matchers.map(({ name: label, value, op }) => ({ name: label, value, type: op })),
    anchored: edges === "anchored",
    smoothed: edges === "smoothed",
  };
}

function shiftJson({ offset, at }: TimeShift): Json {
  const isBound = at === "start" || at === "end";
  return {
    offset: milliseconds(offset),
    offsetExpr: durationJson(offset),
    timestamp: at === undefined || isBound ? null : at,
    startOrEnd: isBound ? at : null,
  };
}

const cards = { none: "one-to-one", left: "many-to-one", right: "one-to-many" } as const;

/** Null unless both sides are vectors. */
function matchingJson({ op, lhs, rhs, matching }: BinaryExpr, query: string): Json | null {
  if (typeOf(lhs, query) !== "vector" || typeOf(rhs, query) !== "vector") return null;
  return {
    card: isSetOp(op) ? "many-to-many" : cards[matching.group],
    labels: matching.labels,
    on: matching.on,
    include: matching.include,
    fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
  };
}

/** 0 where it is computed or not given. */
function milliseconds(duration: DurationExpr | undefined): number {
  return duration?.kind === "seconds" ? Math.round(duration.value * 1_000) : 0;
}

/** Null where it is a plain length of time. */
function durationJson(duration: DurationExpr | undefined): Json | null {
  switch (duration?.kind) {
    case undefined:
    case "seconds":
      return null;
    case "step":
    case "range":
      return { type: "durationExpr", op: duration.kind, lhs: null, rhs: null, wrapped: false };
    case "negate":
      return {
        type: "durationExpr",
        op: "-",
        lhs: null,
        rhs: operandJson(duration.expr),
        wrapped: false,
      };
    case "group": {
      const rhs = operandJson(duration.expr);
      if (duration.expr.kind !== "seconds") return { ...rhs, wrapped: true };
      return { type: "durationExpr", op: "+", lhs: null, rhs, wrapped: true };
    }
    case "compute":
      return {
        type: "durationExpr",
        op: duration.op,
        lhs: operandJson(duration.lhs),
        rhs: operandJson(duration.rhs),
        wrapped: false,
      };
  }
}

function operandJson(duration: DurationExpr): Json | null {
  if (duration.kind !== "seconds") return durationJson(duration);
  const { value, isDuration } = duration;
  return { type: "numberLiteral", val: formatPlain(value), duration: isDuration };
}
