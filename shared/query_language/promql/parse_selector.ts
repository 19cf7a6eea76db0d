import { type Matcher, metricNameLabel } from "#shared/model/labels.ts";
import { messageOf } from "#shared/errors.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import type { SelectorExpr } from "./ast.ts";
import { type Cursor, expectSymbol, isSymbol, peek, take, unexpected } from "./cursor.ts";
import { parseError, quote } from "./errors.ts";
import { unquote } from "#shared/text/go_quoted.ts";

/** Keywords that are metric names where an expression begins. */
export const nameKeywords: ReadonlySet<string> = new Set(
  (
    "avg bottomk by count count_values group and or unless max min offset quantile stddev stdvar sum topk without start end " +
    "limitk limit_ratio step range anchored smoothed fill fill_left fill_right max_of min_of"
  ).split(" "),
);

/** A selector: a name, braces, or both. Tells metric names set twice; empty matchers are the checker's. */
export function parseSelector(cursor: Cursor): SelectorExpr {
  const first = peek(cursor);
  let name = "";
  let { end } = first;
  if (!isSymbol(first, "{")) name = take(cursor).text;
  const matchers: Matcher[] = [];
  if (isSymbol(peek(cursor), "{")) end = parseMatchers(cursor, matchers);
  const named = matchers.find((matcher) => matcher.name === metricNameLabel);
  if (name !== "" && named !== undefined) {
    const names = `${quote(name)} or ${quote(named.value)}`;
    throw parseError(cursor.query, first.start, `metric name must not be set twice: ${names}`);
  }
  if (name !== "") matchers.push({ name: metricNameLabel, op: "=", value: name });
  return { kind: "selector", name, matchers, span: { start: first.start, end } };
}

function parseMatchers(cursor: Cursor, matchers: Matcher[]): number {
  const context = "label matching";
  take(cursor);
  while (!isSymbol(peek(cursor), "}")) {
    matchers.push(parseMatcher(cursor));
    if (isSymbol(peek(cursor), ",")) take(cursor);
    else if (!isSymbol(peek(cursor), "}")) throw unexpected(cursor, context, '"," or "}"');
  }
  return take(cursor).end;
}

function parseMatcher(cursor: Cursor): Matcher {
  const context = "label matching";
  const label = peek(cursor);
  if (label.type !== "identifier" && label.type !== "string") {
    throw unexpected(cursor, context, 'identifier or "}"');
  }
  take(cursor);
  const quoted = label.type === "string";
  const name = quoted ? textOf(cursor, label.text, label.start) : label.text;
  const op = peek(cursor);
  if (quoted && (isSymbol(op, ",") || isSymbol(op, "}")))
    return { name: metricNameLabel, op: "=", value: name };
  if (op.text !== "=" && op.text !== "!=" && op.text !== "=~" && op.text !== "!~") {
    throw unexpected(cursor, context, "label matching operator");
  }
  take(cursor);
  const valueToken = peek(cursor);
  if (valueToken.type !== "string") throw unexpected(cursor, context, "string");
  take(cursor);
  const value = textOf(cursor, valueToken.text, valueToken.start);
  if (op.text === "=~" || op.text === "!~") {
    try {
      anchoredRegex(value);
    } catch (cause) {
      throw parseError(
        cursor.query,
        label.start,
        messageOf(cause).replace(/^.*?(?=error parsing regexp: )/s, ""),
        { cause },
      );
    }
  }
  return { name, op: op.text, value };
}

function textOf(cursor: Cursor, quoted: string, start: number): string {
  const text = unquote(quoted);
  if (text === undefined) {
    throw parseError(
      cursor.query,
      start,
      `error unquoting string ${quote(quoted)}: invalid syntax`,
    );
  }
  return text;
}

/** The labels in parentheses after by, without, on, ignoring and group_x. */
export function parseGrouping(cursor: Cursor): string[] {
  const context = "grouping opts";
  expectSymbol(cursor, "(", context, '"("');
  const labels: string[] = [];
  while (!isSymbol(peek(cursor), ")")) {
    const token = peek(cursor);
    if (token.type === "string") labels.push(textOf(cursor, token.text, token.start));
    else if (token.type === "identifier") labels.push(token.text);
    else if (token.type === "keyword" && token.text.toLowerCase() !== "without")
      labels.push(token.text);
    else throw unexpected(cursor, context, "label");
    take(cursor);
    const name = labels.at(-1);
    if (name === "" || name?.includes("\uFFFD") === true) {
      const text = `invalid label name for grouping: ${quote(name)}`;
      throw parseError(cursor.query, token.start, text);
    }
    if (isSymbol(peek(cursor), ",")) take(cursor);
    else if (!isSymbol(peek(cursor), ")")) throw unexpected(cursor, context, '"," or ")"');
  }
  take(cursor);
  return labels;
}
