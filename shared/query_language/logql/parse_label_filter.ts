import type { Matcher } from "#shared/model/labels.ts";
import { messageOf } from "#shared/errors.ts";
import { anchoredRegex } from "#shared/text/linear_regex.ts";
import type { CompareOp, LabelFilter } from "./ast.ts";
import { parseError } from "./errors.ts";
import { printFilter } from "./print.ts";
import { compileAddresses } from "./addresses.ts";
import { type Cursor, accept, descend, expect, isFunction, isNext, peek, take } from "./cursor.ts";
import { unexpected } from "./cursor.ts";

const compareOps: Readonly<Record<string, CompareOp>> = {
  "=": "==",
  "==": "==",
  "!=": "!=",
  ">": ">",
  ">=": ">=",
  "<": "<",
  "<=": "<=",
};

/**
 * `a="x" and b>1 or (c<5s, d=ip("10.0.0.0/8"))`: `and` binds closer than `or`. After a comma, or where a condition follows another with
 * nothing between, all the rest is one operand, as Loki's grammar has it.
 */
export function parseLabelFilter(cursor: Cursor, lowest = 0): LabelFilter {
  descend(cursor);
  let left = parsePrimary(cursor);
  let operators = 0;
  while (true) {
    if (isNext(cursor, "or") && lowest <= 0) {
      take(cursor);
      left = { kind: "or", left, right: parseLabelFilter(cursor, 1) };
    } else if (isNext(cursor, "and") && lowest <= 1) {
      take(cursor);
      left = { kind: "and", left, right: parseLabelFilter(cursor, 2) };
    } else if (accept(cursor, ",") || isNext(cursor, "IDENTIFIER") || isNext(cursor, "(")) {
      left = { kind: "and", left, right: parseLabelFilter(cursor, 0) };
    } else break;
    if (++operators > 0) descend(cursor);
  }
  cursor.depth -= operators + 1;
  return left;
}

function parsePrimary(cursor: Cursor): LabelFilter {
  if (accept(cursor, "(")) {
    const inner = parseLabelFilter(cursor);
    expect(cursor, ")");
    return inner;
  }
  const name = expect(cursor, "IDENTIFIER", "(").text;
  const op = peek(cursor).type;
  if (op === "=~" || op === "!~") return { kind: "matcher", matcher: matcherAfter(cursor, name) };
  const compare = compareOps[op];
  if (compare === undefined) throw unexpected(cursor);
  const isEquality = op === "=" || op === "!=";
  if (isEquality && isNext(cursor, "STRING", 1))
    return { kind: "matcher", matcher: matcherAfter(cursor, name) };
  take(cursor);
  if (isEquality && isFunction(cursor, ["ip"])) {
    const filter: LabelFilter = { kind: "ip", name, op, value: parseAddresses(cursor) };
    compileAddresses(filter.value, `| ${printFilter(filter)}`);
    return filter;
  }
  return comparison(cursor, name, compare);
}

function comparison(cursor: Cursor, name: string, op: CompareOp): LabelFilter {
  const sign = accept(cursor, "-") ? -1 : 1;
  if (sign === 1) accept(cursor, "+");
  const { type, value } = peek(cursor);
  const kind = type === "DURATION" ? "duration" : type === "BYTES" ? "bytes" : "number";
  if (kind === "number" && type !== "NUMBER") throw unexpected(cursor);
  if (kind !== "number" && sign === -1) throw unexpected(cursor, "NUMBER");
  take(cursor);
  return { kind, name, op, value: sign * value };
}

/** `ip("192.168.0.0/16")`, which stands next. */
export function parseAddresses(cursor: Cursor): string {
  take(cursor);
  expect(cursor, "(");
  const { text } = expect(cursor, "STRING");
  expect(cursor, ")");
  return text;
}

/** What follows a label's name in a selector: an operator and a string. */
export function matcherAfter(cursor: Cursor, name: string): Matcher {
  const op = (["=", "=~", "!~", "!="] as const).find((known) => isNext(cursor, known));
  if (op === undefined) throw unexpected(cursor, "=", "=~", "!~", "!=");
  take(cursor);
  const value = expect(cursor, "STRING").text;
  if (op === "=~" || op === "!~") checkRegex(value);
  return { name, op, value };
}

/** Refuses what is no regular expression, in the words of the linear engine. */
function checkRegex(pattern: string): void {
  try {
    anchoredRegex(pattern);
  } catch (cause) {
    throw parseError(messageOf(cause), { cause });
  }
}
