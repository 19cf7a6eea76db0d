// Hot: guarded by `bench query`.
import type { DurationExpr } from "./ast.ts";
import { type PromqlError, type Span, parseError, quote } from "./errors.ts";
import { literalFault, parseNumber, parseSeconds } from "./literals.ts";
import type { Token } from "./lex.ts";

/** The place in the token list; the parser moves it forward only. */
export type Cursor = {
  readonly query: string;
  readonly tokens: readonly Token[];
  at: number;
  /** How deep expressions are nested; bounded, since parser and evaluator recurse. */
  depth: number;
  /** The innermost aggregation that is being read, for the words of an error. */
  aggregations: number;
};

const past: Token = { type: "end", text: "", start: 0, end: 0 };
const operators: ReadonlySet<string> = new Set(
  "== =~ != !~ <= >= </ >/ < > + - * / % ^ and or unless atan2".split(" "),
);
const aggregators: ReadonlySet<string> = new Set(
  "sum avg count min max group stddev stdvar topk bottomk count_values quantile limitk limit_ratio".split(
    " ",
  ),
);

export function isAggregator(token: Token): boolean {
  return token.type === "keyword" && aggregators.has(token.text.toLowerCase());
}

export function peek(cursor: Cursor, ahead = 0): Token {
  return cursor.tokens[cursor.at + ahead] ?? cursor.tokens.at(-1) ?? past;
}

export function take(cursor: Cursor): Token {
  const token = peek(cursor);
  if (cursor.at < cursor.tokens.length - 1) cursor.at++;
  return token;
}

export function isSymbol(token: Token, text: string): boolean {
  return token.type === "symbol" && token.text === text;
}

export function isKeyword(token: Token, text: string): boolean {
  return token.type === "keyword" && token.text.toLowerCase() === text;
}

/** The error of a token that can't stand here. */
export function unexpected(cursor: Cursor, context = "", expected = ""): PromqlError {
  const token = peek(cursor);
  if (token.type === "error") return parseError(cursor.query, token.start, token.text);
  const where = context === "" && cursor.aggregations > 0 ? "aggregation" : context;
  const inside = where === "" ? "" : ` in ${where}`;
  const wanted = expected === "" ? "" : `, expected ${expected}`;
  return parseError(cursor.query, token.start, `unexpected ${describe(token)}${inside}${wanted}`);
}

/** A token in the words of Prometheus's messages. */
function describe(token: Token): string {
  const lower = token.text.toLowerCase();
  const text = token.text.length > 10 ? `${quote(token.text.slice(0, 10))}...` : quote(token.text);
  if (token.type === "end") return "end of input";
  if (operators.has(lower)) return `<op:${token.text}>`;
  if (aggregators.has(lower) && token.type === "keyword") return `<aggr:${token.text}>`;
  if (token.type === "keyword") return `<${token.text}>`;
  if (token.type === "identifier") {
    return `${token.text.includes(":") ? "metric identifier" : "identifier"} ${quote(token.text)}`;
  }
  return token.type === "symbol" ? text : `${token.type} ${text}`;
}

export function expectSymbol(cursor: Cursor, text: string, context = "", expected = ""): Token {
  if (!isSymbol(peek(cursor), text)) throw unexpected(cursor, context, expected);
  return take(cursor);
}

/** Signs and parentheses in the durations of one query: the parser recurses for each. */
const durationDepthMax = 500;

function tooDeep(cursor: Cursor, token: Token): PromqlError {
  return parseError(cursor.query, token.start, `more than ${durationDepthMax} levels in durations`);
}

const durationPrecedence: Readonly<Record<string, number>> = {
  "+": 1,
  "-": 1,
  "*": 2,
  "/": 2,
  "%": 2,
  "^": 3,
};
type ComputeOp = "+" | "-" | "*" | "/" | "%" | "^";

function isComputeOp(text: string): text is ComputeOp {
  return text in durationPrecedence;
}

/** A duration inside brackets: literals, arithmetic, step(), range(), min_of(), max_of(). */
export function parseDurationExpr(cursor: Cursor, context: string, lowest = 1): DurationExpr {
  let lhs = parseDurationPrimary(cursor, context);
  while (true) {
    const { type, text } = peek(cursor);
    const precedence = type === "symbol" ? durationPrecedence[text] : undefined;
    if (precedence === undefined || precedence < lowest || !isComputeOp(text)) return lhs;
    const operator = take(cursor);
    const rhs = parseDurationExpr(cursor, context, text === "^" ? precedence : precedence + 1);
    if ((text === "/" || text === "%") && rhs.kind === "seconds" && rhs.value === 0) {
      const what = text === "/" ? "division" : "modulo";
      throw parseError(cursor.query, operator.start, `${what} by zero`);
    }
    lhs = {
      kind: "compute",
      op: text,
      lhs,
      rhs,
      span: { start: lhs.span.start, end: rhs.span.end },
    };
  }
}

/** What may follow `offset`: a sign and one operand; "offset -2 ^ 2" is (x offset -2) ^ 2. */
export function parseOffsetDuration(cursor: Cursor): DurationExpr {
  const token = peek(cursor);
  const signed = isSymbol(token, "-") || isSymbol(token, "+");
  if (signed) take(cursor);
  const expr = parseDurationPrimary(cursor, "offset");
  return signed ? withSign(token, expr) : expr;
}

function withSign(sign: Token, expr: DurationExpr): DurationExpr {
  const span: Span = { start: sign.start, end: expr.span.end };
  if (expr.kind === "seconds")
    return { ...expr, value: sign.text === "-" ? -expr.value : expr.value, span };
  if (sign.text === "+") return expr;
  return { kind: "negate", expr, span };
}

function parseDurationPrimary(cursor: Cursor, context: string): DurationExpr {
  const token = peek(cursor);
  const expected =
    context === "subquery selector"
      ? 'number, duration, step(), range(), or "]"'
      : "number, duration, step(), or range()";
  if (isSymbol(token, "-") || isSymbol(token, "+")) {
    take(cursor);
    if (++cursor.depth > durationDepthMax) throw tooDeep(cursor, token);
    // Inside brackets a sign binds weaker than a power.
    return withSign(token, parseDurationExpr(cursor, context, 3));
  }
  if (token.type === "number" || token.type === "duration") {
    take(cursor);
    const value = token.type === "number" ? parseNumber(token.text) : parseSeconds(token.text);
    if (value === undefined) throw parseError(cursor.query, token.start, literalFault(token));
    if (!(Math.abs(value) <= 2 ** 63 / 1e9))
      throw parseError(cursor.query, token.start, "duration out of range");
    return { kind: "seconds", value, isDuration: token.type === "duration", span: token };
  }
  if (isSymbol(token, "(")) {
    take(cursor);
    if (++cursor.depth > durationDepthMax) throw tooDeep(cursor, token);
    const inner = parseDurationExpr(cursor, context);
    const close = expectSymbol(cursor, ")", context, expected);
    if (inner.kind === "group") return inner;
    return { kind: "group", expr: inner, span: { start: token.start, end: close.end } };
  }
  return parseDurationCall(cursor, context, expected);
}

function parseDurationCall(cursor: Cursor, context: string, expected: string): DurationExpr {
  const token = peek(cursor);
  const name = token.text.toLowerCase();
  if (token.type !== "keyword") throw unexpected(cursor, context, expected);
  if (name === "step" || name === "range") {
    take(cursor);
    expectSymbol(cursor, "(", context, expected);
    const close = expectSymbol(cursor, ")", context, expected);
    return { kind: name, span: { start: token.start, end: close.end } };
  }
  if (name !== "min_of" && name !== "max_of") throw unexpected(cursor, context, expected);
  take(cursor);
  expectSymbol(cursor, "(", context, expected);
  const lhs = parseDurationExpr(cursor, context);
  expectSymbol(cursor, ",", context, expected);
  const rhs = parseDurationExpr(cursor, context);
  const close = expectSymbol(cursor, ")", context, expected);
  return { kind: "compute", op: name, lhs, rhs, span: { start: token.start, end: close.end } };
}
