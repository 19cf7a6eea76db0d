import type {
  Grouping,
  LogQuery,
  LogqlQuery,
  MetricQuery,
  VectorMatching,
  VectorOp,
} from "./ast.ts";
import { type BinaryOp, rangeOps, vectorOps } from "./ast.ts";
import { parseError, parseErrorAt } from "./errors.ts";
import {
  type Cursor,
  accept,
  descend,
  expect,
  isFunction,
  isNext,
  peek,
  take,
  unexpected,
} from "./cursor.ts";
import { tokenize } from "./lex.ts";
import { checkMatchers, parseSelector, parseStages } from "./parse_log.ts";
import {
  parseGrouping,
  parseLabelReplace,
  parseLiteral,
  parseNames,
  parseRangeAggregation,
  parseVariants,
  parseVector,
} from "./parse_metric.ts";

/** Loki's bound on the text of a query. */
const lengthMax = 131_072;

/**
 * LogQL as Loki reads it, by precedence climbing over its grammar (pkg/logql/syntax/syntax.y), with the texts and positions of its
 * errors. Templates and expressions inside strings are not compiled here. Throws LogqlError.
 */
export function parseLogqlSyntax(text: string): LogqlQuery {
  const query = parseWhole(text);
  if (query.kind === "log") checkMatchers(query);
  return query;
}

/** A selector with its stages, as for records that are there anyway: it may select any stream, such as `{} |= "x"`. Throws LogqlError. */
export function parseRecordFilter(text: string): LogQuery {
  const query = parseWhole(text);
  if (query.kind !== "log") throw parseErrorAt(text, 0, "expected a selector of streams");
  return query;
}

function parseWhole(text: string): LogqlQuery {
  if (text.length >= lengthMax)
    throw parseError(`input size too long (${text.length} > ${lengthMax})`, {
      limit: "query_length",
    });
  const cursor: Cursor = { query: text, tokens: tokenize(text), at: 0, depth: 0 };
  const query = parseExpression(cursor);
  if (!isNext(cursor, "$end")) throw unexpected(cursor);
  return query;
}

const precedences: Readonly<Record<BinaryOp, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  "^": 6,
};

function operatorAt(cursor: Cursor): BinaryOp | undefined {
  const { type } = peek(cursor);
  return isBinaryOp(type) ? type : undefined;
}

function isBinaryOp(text: string): text is BinaryOp {
  return Object.hasOwn(precedences, text);
}

function parseExpression(cursor: Cursor, lowest = 1): LogqlQuery {
  descend(cursor);
  let left = parsePrimary(cursor);
  let operators = 0;
  while (true) {
    const op = operatorAt(cursor);
    if (op === undefined || precedences[op] < lowest) break;
    take(cursor);
    const { bool, matching } = parseModifier(cursor);
    const right = parseExpression(cursor, op === "^" ? precedences[op] : precedences[op] + 1);
    left = binary(op, bool, matching, left, right);
    operators++;
    descend(cursor);
  }
  cursor.depth -= operators + 1;
  return left;
}

function binary(
  op: BinaryOp,
  bool: boolean,
  matching: VectorMatching,
  left: LogqlQuery,
  right: LogqlQuery,
): MetricQuery {
  const wrong = (side: string) =>
    parseError(`unexpected type for ${side} leg of binary operation (${op}): *syntax.PipelineExpr`);
  if (left.kind === "log") throw wrong("left");
  if (right.kind === "log") throw wrong("right");
  if (op === "and" || op === "or" || op === "unless") {
    for (const [side, leg] of [["left", left] as const, ["right", right] as const])
      if (leg.kind === "number")
        throw parseError(
          `unexpected literal for ${side} leg of logical/set binary operation (${op}): ${leg.value.toFixed(6)}`,
        );
  }
  return { kind: "binary", op, bool, matching, left, right };
}

function parseModifier(cursor: Cursor): { bool: boolean; matching: VectorMatching } {
  const bool = accept(cursor, "bool");
  const plain: VectorMatching = { on: false, labels: [], group: "none", include: [] };
  if (!isNext(cursor, "on") && !isNext(cursor, "ignoring")) return { bool, matching: plain };
  const on = take(cursor).type === "on";
  const labels = parseNames(cursor);
  const group = accept(cursor, "group_left")
    ? "left"
    : accept(cursor, "group_right")
      ? "right"
      : "none";
  const hasInclude = group !== "none" && isNext(cursor, "(") && namesFollow(cursor);
  return { bool, matching: { on, labels, group, include: hasInclude ? parseNames(cursor) : [] } };
}

/** Whether the parenthesis after group_left opens a list of labels, and not the right side. */
function namesFollow(cursor: Cursor): boolean {
  return isNext(cursor, ")", 1) || isNext(cursor, "IDENTIFIER", 1);
}

function parsePrimary(cursor: Cursor): LogqlQuery {
  const { type, text } = peek(cursor);
  if (type === "(") {
    take(cursor);
    const inner = parseExpression(cursor);
    expect(cursor, ")");
    return inner;
  }
  if (type === "{") {
    const matchers = parseSelector(cursor);
    return { kind: "log", matchers, stages: parseStages(cursor) };
  }
  if (type === "NUMBER" || type === "+" || type === "-") return parseLiteral(cursor);
  const rangeOp = rangeOps.find((op) => isFunction(cursor, [op]));
  if (rangeOp !== undefined) return parseRangeAggregation(cursor, rangeOp);
  const vectorOp = vectorOps.find((op) => isFunction(cursor, [op]));
  if (vectorOp !== undefined) return parseAggregation(cursor, vectorOp);
  if (type === "FUNCTION" && text === "vector") return parseVector(cursor);
  if (type === "FUNCTION" && text === "label_replace")
    return parseLabelReplace(cursor, parseMetric);
  if (type === "FUNCTION" && text === "variants") return parseVariants(cursor, parseMetric);
  throw unexpected(cursor);
}

function parseMetric(cursor: Cursor): MetricQuery {
  const { start } = peek(cursor);
  const query = parseExpression(cursor);
  if (query.kind !== "log") return query;
  // The place of the selector says more than the place where its end was met.
  const at = cursor.tokens.findIndex((token) => token.start === start);
  throw unexpected(isNext(cursor, "RANGE") ? cursor : { ...cursor, at });
}

const ranked: ReadonlySet<VectorOp> = new Set(["topk", "bottomk", "approx_topk"]);

function parseAggregation(cursor: Cursor, op: VectorOp): MetricQuery {
  take(cursor);
  let grouping: Grouping | undefined = parseGrouping(cursor);
  expect(cursor, "(");
  const hasParam = isNext(cursor, "NUMBER") && isNext(cursor, ",", 1);
  const param = hasParam ? take(cursor).text : undefined;
  if (hasParam) take(cursor);
  const of = parseMetric(cursor);
  expect(cursor, ")");
  grouping ??= parseGrouping(cursor);
  checkAggregation(op, param, grouping);
  return {
    kind: "aggregate",
    op,
    of,
    ...(param === undefined ? {} : { param: Number(param) }),
    ...(grouping === undefined ? {} : { grouping }),
  };
}

function checkAggregation(op: VectorOp, param: string | undefined, grouping?: Grouping): void {
  if (!ranked.has(op)) {
    if (param !== undefined)
      throw parseError(`unsupported parameter for operation ${op}(${param},`);
    if (op.startsWith("sort") && grouping !== undefined && grouping.names.length > 0)
      throw parseError("sort and sort_desc doesn't allow grouping by ");
    return;
  }
  if (param === undefined) throw parseError(`parameter required for operation ${op}`);
  if (!/^\d+$/.test(param)) throw parseError(`invalid parameter ${op}(${param},`);
  if (Number(param) <= 0)
    throw parseError(`invalid parameter (must be greater than 0) ${op}(${param}`);
  if (op === "approx_topk" && grouping !== undefined)
    throw parseError(`grouping not allowed for ${op} aggregation`);
}
