import type { DurationExpr, Edges, Expr } from "./ast.ts";
import {
  type Cursor,
  expectSymbol,
  isKeyword,
  isSymbol,
  parseDurationExpr,
  parseOffsetDuration,
  peek,
  take,
  unexpected,
} from "./cursor.ts";
import { type PromqlError, parseError } from "./errors.ts";
import { parseNumber, parseSeconds } from "./literals.ts";

/** What may follow an operand: [range], [range:step], offset, @, anchored, smoothed. They bind tighter than any operator. */
export function parsePostfix(cursor: Cursor, operand: Expr): Expr {
  let expr = operand;
  while (true) {
    const token = peek(cursor);
    if (isSymbol(token, "[")) expr = parseRange(cursor, expr);
    else if (isKeyword(token, "offset")) expr = parseOffset(cursor, expr);
    else if (isSymbol(token, "@")) expr = parseAt(cursor, expr);
    else if (isKeyword(token, "anchored") || isKeyword(token, "smoothed")) {
      expr = parseEdges(cursor, expr, isKeyword(token, "anchored") ? "anchored" : "smoothed");
    } else return expr;
  }
}

function positive(cursor: Cursor, context: string): DurationExpr {
  const duration = parseDurationExpr(cursor, context);
  if (duration.kind === "seconds" && !(duration.value > 0)) {
    throw parseError(cursor.query, duration.span.start, "duration must be greater than 0");
  }
  return duration;
}

function parseRange(cursor: Cursor, expr: Expr): Expr {
  const open = take(cursor);
  const range = positive(cursor, "subquery or range selector");
  if (isSymbol(peek(cursor), ":")) {
    take(cursor);
    const step = isSymbol(peek(cursor), "]") ? undefined : positive(cursor, "subquery selector");
    const close = expectSymbol(cursor, "]", "subquery selector", '"]"');
    const span = { start: expr.span.start, end: close.end };
    return { kind: "subquery", expr, range, ...(step === undefined ? {} : { step }), span };
  }
  const close = expectSymbol(cursor, "]", "subquery or range", '":" or "]"');
  if (expr.kind !== "selector")
    throw parseError(cursor.query, open.start, "ranges only allowed for vector selectors");
  if (expr.offset !== undefined)
    throw parseError(cursor.query, open.start, "no offset modifiers allowed before range");
  if (expr.at !== undefined)
    throw parseError(cursor.query, open.start, "no @ modifiers allowed before range");
  return {
    kind: "matrix",
    selector: expr,
    range,
    span: { start: expr.span.start, end: close.end },
  };
}

function parseEdges(cursor: Cursor, expr: Expr, edges: Edges): Expr {
  take(cursor);
  const fail = (what: string): PromqlError => parseError(cursor.query, expr.span.start, what);
  if (expr.kind === "subquery") throw fail(`${edges} modifier is not supported for subqueries`);
  const selector = expr.kind === "matrix" ? expr.selector : expr;
  if (selector.kind !== "selector") throw fail(`${edges} modifier not implemented`);
  if ((selector.edges ?? edges) !== edges)
    throw fail("anchored and smoothed modifiers cannot be used together");
  const marked = { ...selector, edges };
  return expr.kind === "matrix" ? { ...expr, selector: marked } : marked;
}

function parseOffset(cursor: Cursor, expr: Expr): Expr {
  take(cursor);
  const offset = parseOffsetDuration(cursor);
  const end = cursor.tokens[cursor.at - 1]?.end ?? expr.span.end;
  const span = { start: expr.span.start, end };
  const shifted = expr.kind === "matrix" ? expr.selector : expr;
  if (shifted.kind !== "selector" && shifted.kind !== "subquery") {
    throw parseError(
      cursor.query,
      expr.span.start,
      "offset modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    );
  }
  if (shifted.offset !== undefined) {
    throw parseError(cursor.query, expr.span.start, "offset may not be set multiple times");
  }
  if (expr.kind === "matrix") return { ...expr, selector: { ...expr.selector, offset }, span };
  return { ...shifted, offset, span };
}

function parseAt(cursor: Cursor, expr: Expr): Expr {
  take(cursor);
  const at = parseAtTime(cursor, expr);
  const span = { start: expr.span.start, end: cursor.tokens[cursor.at - 1]?.end ?? expr.span.end };
  const fixed = expr.kind === "matrix" ? expr.selector : expr;
  if (fixed.kind !== "selector" && fixed.kind !== "subquery") {
    throw parseError(
      cursor.query,
      expr.span.start,
      "@ modifier must be preceded by an instant vector selector or range vector selector or a subquery",
    );
  }
  if (fixed.at !== undefined) {
    throw parseError(cursor.query, expr.span.start, "@ <timestamp> may not be set multiple times");
  }
  if (expr.kind === "matrix") return { ...expr, selector: { ...expr.selector, at }, span };
  return { ...fixed, at, span };
}

function parseAtTime(cursor: Cursor, expr: Expr): number | "start" | "end" {
  let token = peek(cursor);
  for (const bound of ["start", "end"] as const) {
    if (!isKeyword(token, bound)) continue;
    take(cursor);
    expectSymbol(cursor, "(", "@", "timestamp");
    expectSymbol(cursor, ")", "@", "timestamp");
    return bound;
  }
  let sign = 1;
  if (isSymbol(token, "-") || isSymbol(token, "+")) {
    sign = token.text === "-" ? -1 : 1;
    take(cursor);
    token = peek(cursor);
  }
  if (token.type !== "number" && token.type !== "duration")
    throw unexpected(cursor, "@", "timestamp");
  take(cursor);
  const seconds = token.type === "number" ? parseNumber(token.text) : parseSeconds(token.text);
  if (seconds === undefined || !(Math.abs(seconds) < 2 ** 63 / 1e3)) {
    throw parseError(
      cursor.query,
      expr.span.start,
      `timestamp out of bounds for @ modifier: ${fixedText(sign * (seconds ?? Number.NaN))}`,
    );
  }
  return Math.round(sign * seconds * 1_000);
}

/** As Go's %f. */
function fixedText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  return Math.abs(value) < 1e21 ? value.toFixed(6) : `${BigInt(value)}.000000`;
}
