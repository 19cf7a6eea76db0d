import { assertNever } from "#shared/assert.ts";
import type { Labels } from "#shared/model/labels.ts";
import { searchingRegex } from "#shared/text/linear_regex.ts";
import { goQuoted } from "./go_quoted_text.ts";

export type MatcherOperator = "=" | "!=" | "=~" | "!~";

/** A condition on a label; a label that is not there is the empty text. */
export type AlertMatcher = {
  readonly name: string;
  readonly operator: MatcherOperator;
  readonly value: string;
  readonly test: (value: string) => boolean;
};

/** Regular expressions are RE2 and match the whole value. Throws OperatingError("bad_request") for one that is none. */
export function createMatcher(
  name: string,
  operator: MatcherOperator,
  value: string,
): AlertMatcher {
  return { name, operator, value, test: testOf(operator, value) };
}

function testOf(operator: MatcherOperator, value: string): (text: string) => boolean {
  switch (operator) {
    case "=":
      return (text) => text === value;
    case "!=":
      return (text) => text !== value;
    case "=~": {
      const regex = wholeValue(value);
      return (text) => regex.test(text);
    }
    case "!~": {
      const regex = wholeValue(value);
      return (text) => !regex.test(text);
    }
    default:
      return assertNever(operator);
  }
}

/** Alertmanager's dot matches no line break, other than that of PromQL. */
function wholeValue(pattern: string) {
  searchingRegex(pattern);
  return searchingRegex(`^(?:${pattern})$`);
}

export function matchesAll(matchers: readonly AlertMatcher[], labels: Labels): boolean {
  return matchers.every(({ name, test }) => test(valueOf(labels, name)));
}

/** Names come from outside: one such as "constructor" is no property of an object. */
function valueOf(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? "") : "";
}

/** Whether two lists hold the same matchers in the same order. */
export function isSameMatchers(a: readonly AlertMatcher[], b: readonly AlertMatcher[]): boolean {
  return writtenOf(a) === writtenOf(b);
}

function writtenOf(matchers: readonly AlertMatcher[]): string {
  return JSON.stringify(matchers.map(({ name, operator, value }) => [name, operator, value]));
}

/** Alertmanager's order of a route's matchers (pkg/labels/matcher.go). */
export function compareMatchers(a: AlertMatcher, b: AlertMatcher): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return operators.indexOf(a.operator) - operators.indexOf(b.operator);
}

const operators: readonly MatcherOperator[] = ["=", "!=", "=~", "!~"];

/** What a name has to be quoted for. */
const reserved = /[\s{}!=~,\\"'`]/u;

/** `{a="b",c=~"d"}`, as it stands in group keys. */
export function matchersText(matchers: readonly AlertMatcher[]): string {
  return `{${matchers.map(matcherText).join(",")}}`;
}

function matcherText({ name, operator, value }: AlertMatcher): string {
  if (reserved.test(name)) return `${goQuoted(name)}${operator}${goQuoted(value)}`;
  const escaped = value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
  return `${name}${operator}"${escaped}"`;
}
