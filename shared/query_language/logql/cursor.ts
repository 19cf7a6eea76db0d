import { type LogqlError, parseErrorAt } from "./errors.ts";
import type { Token } from "./lex.ts";

/** The place in the token list; the parser moves it forward only. */
export type Cursor = {
  readonly query: string;
  readonly tokens: readonly Token[];
  at: number;
  /** Expressions within expressions, and operators in chains: parser, printer and evaluator recurse for each. */
  depth: number;
};

const depthMax = 500;
const past: Token = { type: "$end", text: "", value: 0, start: 0 };

export function peek(cursor: Cursor, ahead = 0): Token {
  return cursor.tokens[cursor.at + ahead] ?? cursor.tokens.at(-1) ?? past;
}

export function take(cursor: Cursor): Token {
  const token = peek(cursor);
  if (cursor.at < cursor.tokens.length - 1) cursor.at++;
  return token;
}

export function isNext(cursor: Cursor, type: string, ahead = 0): boolean {
  return peek(cursor, ahead).type === type;
}

/** Takes a token if it is the one named. */
export function accept(cursor: Cursor, type: string): boolean {
  const isThere = isNext(cursor, type);
  if (isThere) take(cursor);
  return isThere;
}

/** Takes the token that has to stand here. `expected` is Loki's list of what could, where more than the token could. */
export function expect(cursor: Cursor, type: string, ...others: readonly string[]): Token {
  if (!isNext(cursor, type)) throw unexpected(cursor, type, ...others);
  return take(cursor);
}

/** The error of a token that can't stand here. Like yacc's it names what could, up to four. */
export function unexpected(cursor: Cursor, ...expected: readonly string[]): LogqlError {
  const token = peek(cursor);
  const list = expected.length === 0 ? "" : `, expecting ${expected.join(" or ")}`;
  const name = token.type === "FUNCTION" ? functionName(token.text) : token.type;
  return parseErrorAt(cursor.query, token.start, `syntax error: unexpected ${name}${list}`);
}

/** Loki's grammar calls functions by their names in capitals; two are spelt with a suffix. */
function functionName(text: string): string {
  if (text === "ip" || text === "label_replace") return text;
  return text.startsWith("duration") || text === "bytes"
    ? `${text.toUpperCase()}_CONV`
    : text.toUpperCase();
}

export function isFunction(cursor: Cursor, names: readonly string[]): boolean {
  const { type, text } = peek(cursor);
  return type === "FUNCTION" && names.includes(text);
}

/** Goes a level down; throws where a query is nested deeper than any is in earnest. */
export function descend(cursor: Cursor): void {
  if (++cursor.depth > depthMax)
    throw parseErrorAt(
      cursor.query,
      peek(cursor).start,
      `nested more than ${depthMax} levels deep`,
    );
}
