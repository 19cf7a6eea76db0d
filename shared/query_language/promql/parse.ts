import type { Matcher } from "#shared/model/labels.ts";
import type { AggregateOp, BinaryOp, Expr, Matching, ValueType } from "./ast.ts";
import { typeOf } from "./check.ts";
import {
  type Cursor,
  expectSymbol,
  isAggregator,
  isKeyword,
  isSymbol,
  peek,
  take,
  unexpected,
} from "./cursor.ts";
import { parseError, quote } from "./errors.ts";
import { functionTable } from "./function_table.ts";
import { infoSelector } from "./info_selector.ts";
import { unquote } from "#shared/text/go_quoted.ts";
import { literalFault, parseNumber, parseSeconds } from "./literals.ts";
import { tokenize } from "./lex.ts";
import { parsePostfix } from "./parse_postfix.ts";
import { nameKeywords, parseGrouping, parseSelector } from "./parse_selector.ts";

/**
 * PromQL as Prometheus reads it, by precedence climbing, with the texts and positions of its errors. The lezer grammar of
 * its editor is not used here: it lets "offset", "@" and brackets take a whole sum (`a + b offset 5m * c`), reads `-2^2`
 * as (-2)^2, knows neither `2.` nor min_of(), and has no words for what it expected.
 */
const precedences: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  "<": 3,
  "<=": 3,
  ">": 3,
  ">=": 3,
  "</": 3,
  ">/": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  atan2: 5,
  "^": 6,
};
const depthMax = 500;
/** Operators in one chain ("a or b or c ..."): the tree is as deep, and the checker walks it by recursion. */
const chainMax = 2_000;
/** Longer queries are refused: nothing a person or a dashboard writes comes near. */
const queryLengthMax = 1_000_000;

function isBinaryOp(text: string): text is BinaryOp {
  return text in precedences;
}

function cursorOf(query: string): Cursor {
  return { query, tokens: tokenize(query), at: 0, depth: 0, aggregations: 0 };
}

/** Parses and checks a query. Throws PromqlError("bad_data") with Prometheus's text. */
export function parsePromql(query: string): { expr: Expr; type: ValueType } {
  if (query.length > queryLengthMax) {
    throw parseError(
      "",
      0,
      `query of ${query.length} characters, at most ${queryLengthMax} are read`,
      { limit: "query_length" },
    );
  }
  const cursor = cursorOf(query);
  if (peek(cursor).type === "end") throw parseError(query, 0, "no expression found in input");
  const expr = parseExpr(cursor, 1);
  if (peek(cursor).type !== "end") throw unexpected(cursor);
  return { expr, type: typeOf(expr, query) };
}

function parseExpr(cursor: Cursor, lowest: number): Expr {
  if (++cursor.depth > depthMax) {
    throw parseError(cursor.query, peek(cursor).start, `expression nested deeper than ${depthMax}`);
  }
  let lhs = parseUnary(cursor);
  let chain = 0;
  while (true) {
    const token = peek(cursor);
    const op = token.text.toLowerCase();
    if ((token.type !== "symbol" && token.type !== "keyword") || !isBinaryOp(op)) break;
    const precedence = precedences[op] ?? 0;
    if (precedence < lowest) break;
    if (++chain > chainMax)
      throw parseError(cursor.query, token.start, `chain of more than ${chainMax} operators`);
    take(cursor);
    const bool = isKeyword(peek(cursor), "bool");
    if (bool) take(cursor);
    const matching = parseMatching(cursor);
    const opEnd = cursor.tokens[cursor.at - 1]?.end ?? token.end;
    const rhs = parseExpr(cursor, op === "^" ? precedence : precedence + 1);
    lhs = {
      kind: "binary",
      op,
      lhs,
      rhs,
      bool,
      matching,
      opSpan: { start: token.start, end: opEnd },
      span: { start: lhs.span.start, end: rhs.span.end },
    };
  }
  cursor.depth--;
  return lhs;
}

function parseUnary(cursor: Cursor): Expr {
  const token = peek(cursor);
  if (!isSymbol(token, "-") && !isSymbol(token, "+")) {
    return parsePostfix(cursor, parsePrimary(cursor));
  }
  take(cursor);
  // A sign binds like "*": -2^2 is -(2^2), and -2*3 is (-2)*3.
  const expr = parseExpr(cursor, 6);
  const span = { start: token.start, end: expr.span.end };
  const negative = token.text === "-";
  if (expr.kind === "number") return { ...expr, value: negative ? -expr.value : expr.value, span };
  return { kind: "unary", op: negative ? "-" : "+", expr, span };
}

function parseMatching(cursor: Cursor): Matching {
  const plain = { on: false, labels: [], group: "none", include: [] } as const;
  const token = peek(cursor);
  let matching: Matching = plain;
  if (isKeyword(token, "on") || isKeyword(token, "ignoring")) {
    take(cursor);
    const labels = parseGrouping(cursor);
    matching = { ...plain, on: isKeyword(token, "on"), labels };
    const group = peek(cursor);
    if (isKeyword(group, "group_left") || isKeyword(group, "group_right")) {
      take(cursor);
      const include = isSymbol(peek(cursor), "(") ? parseGrouping(cursor) : [];
      matching = { ...matching, group: isKeyword(group, "group_left") ? "left" : "right", include };
    }
  }
  return { ...matching, ...parseFills(cursor) };
}

/** fill(), or one or both of fill_left() and fill_right(). */
function parseFills(cursor: Cursor): Pick<Matching, "fillLeft" | "fillRight"> {
  if (isFill(cursor, "fill")) {
    const value = parseFill(cursor);
    return { fillLeft: value, fillRight: value };
  }
  let fills: Pick<Matching, "fillLeft" | "fillRight"> = {};
  while (true) {
    if (fills.fillLeft === undefined && isFill(cursor, "fill_left"))
      fills = { ...fills, fillLeft: parseFill(cursor) };
    else if (fills.fillRight === undefined && isFill(cursor, "fill_right"))
      fills = { ...fills, fillRight: parseFill(cursor) };
    else return fills;
  }
}

/** Whether it follows with a value; without one the word is a metric's name. */
function isFill(cursor: Cursor, name: string): boolean {
  return isKeyword(peek(cursor), name) && isSymbol(peek(cursor, 1), "(");
}

function parseFill(cursor: Cursor): number {
  take(cursor);
  expectSymbol(cursor, "(");
  const sign = peek(cursor);
  if (isSymbol(sign, "-") || isSymbol(sign, "+")) take(cursor);
  const { type } = peek(cursor);
  if (type !== "number" && type !== "duration") throw unexpected(cursor);
  const value = parseNumberLiteral(cursor);
  expectSymbol(cursor, ")");
  return isSymbol(sign, "-") ? -value : value;
}

function parseNumberLiteral(cursor: Cursor): number {
  const token = take(cursor);
  const value = token.type === "number" ? parseNumber(token.text) : parseSeconds(token.text);
  if (value === undefined) throw parseError(cursor.query, token.start, literalFault(token));
  return value;
}

function parsePrimary(cursor: Cursor): Expr {
  const token = peek(cursor);
  if (isSymbol(token, "(")) {
    take(cursor);
    const expr = parseExpr(cursor, 1);
    const close = expectSymbol(cursor, ")");
    return { kind: "paren", expr, span: { start: token.start, end: close.end } };
  }
  if (token.type === "number" || token.type === "duration") {
    const value = parseNumberLiteral(cursor);
    return { kind: "number", value, isDuration: token.type === "duration", span: token };
  }
  if (token.type === "string") {
    take(cursor);
    const value = unquote(token.text);
    if (value === undefined) {
      throw parseError(
        cursor.query,
        token.start,
        `error unquoting string ${quote(token.text)}: invalid syntax`,
      );
    }
    return { kind: "string", value, span: token };
  }
  if (isAggregator(token)) {
    const next = peek(cursor, 1);
    if (isSymbol(next, "(") || isKeyword(next, "by") || isKeyword(next, "without"))
      return parseAggregate(cursor);
  }
  if ((token.type === "identifier" || token.type === "keyword") && isSymbol(peek(cursor, 1), "(")) {
    if (token.type === "identifier" || functionTable.has(token.text.toLowerCase()))
      return parseCall(cursor);
  }
  if (
    token.type === "identifier" ||
    isSymbol(token, "{") ||
    nameKeywords.has(token.text.toLowerCase())
  ) {
    return parseSelector(cursor);
  }
  throw unexpected(cursor);
}

function parseArguments(cursor: Cursor): Expr[] {
  expectSymbol(cursor, "(");
  const args: Expr[] = [];
  if (isSymbol(peek(cursor), ")")) return args;
  while (true) {
    args.push(parseExpr(cursor, 1));
    const comma = peek(cursor);
    if (!isSymbol(comma, ",")) return args;
    take(cursor);
    if (isSymbol(peek(cursor), ")")) {
      throw parseError(
        cursor.query,
        comma.start,
        "trailing commas not allowed in function call args",
      );
    }
  }
}

function parseCall(cursor: Cursor): Expr {
  const token = take(cursor);
  const name = token.type === "keyword" ? token.text.toLowerCase() : token.text;
  if (!functionTable.has(name)) {
    throw parseError(cursor.query, token.start, `unknown function with name ${quote(token.text)}`);
  }
  const args = parseArguments(cursor);
  const close = expectSymbol(cursor, ")");
  const info = name === "info" ? infoSelector(args) : undefined;
  const span = { start: token.start, end: close.end };
  return { kind: "call", name, args, ...(info === undefined ? {} : { info }), span };
}

const parametric: ReadonlySet<string> = new Set(
  "topk bottomk quantile count_values limitk limit_ratio".split(" "),
);

function isAggregateOp(text: string): text is AggregateOp {
  return isAggregator({ type: "keyword", text, start: 0, end: 0 });
}

function parseAggregate(cursor: Cursor): Expr {
  const token = take(cursor);
  const op = token.text.toLowerCase();
  if (!isAggregateOp(op)) throw unexpected(cursor);
  cursor.aggregations++;
  let modifier = parseAggregateModifier(cursor);
  const args = parseArguments(cursor);
  let { end } = expectSymbol(cursor, ")");
  cursor.aggregations--;
  if (modifier === undefined) {
    modifier = parseAggregateModifier(cursor);
    end = modifier?.end ?? end;
  }
  const span = { start: token.start, end };
  const wanted = parametric.has(op) ? 2 : 1;
  if (args.length === 0)
    throw parseError(cursor.query, span.start, "no arguments for aggregate expression provided");
  if (args.length !== wanted) {
    const counts = `expected ${wanted}, got ${args.length}`;
    throw parseError(
      cursor.query,
      span.start,
      `wrong number of arguments for aggregate expression provided, ${counts}`,
    );
  }
  const [first, second] = args;
  const expr = second ?? first;
  if (expr === undefined || first === undefined) throw unexpected(cursor);
  const { grouping = [], without = false } = modifier ?? {};
  const base = { kind: "aggregate", op, expr, grouping, without, span } as const;
  return wanted === 2 ? { ...base, param: first } : base;
}

function parseAggregateModifier(
  cursor: Cursor,
): { grouping: string[]; without: boolean; end: number } | undefined {
  const token = peek(cursor);
  if (!isKeyword(token, "by") && !isKeyword(token, "without")) return undefined;
  take(cursor);
  const grouping = parseGrouping(cursor);
  return {
    grouping,
    without: isKeyword(token, "without"),
    end: cursor.tokens[cursor.at - 1]?.end ?? token.end,
  };
}

/** The matchers of one selector without offset or @, as match[] takes it. Throws PromqlError("bad_data"). */
export function parseMetricSelector(text: string): readonly Matcher[] {
  const cursor = cursorOf(text);
  const first = peek(cursor);
  if (first.type === "end") throw parseError(text, 0, "no expression found in input");
  if (
    first.type !== "identifier" &&
    !isSymbol(first, "{") &&
    !nameKeywords.has(first.text.toLowerCase())
  ) {
    throw unexpected(cursor);
  }
  const { matchers } = parseSelector(cursor);
  if (peek(cursor).type !== "end") throw unexpected(cursor);
  return matchers;
}
