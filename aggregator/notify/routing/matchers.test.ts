import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { fingerprintOf, labelSetText } from "./label_sets.ts";
import { matchersText, matchesAll } from "./matcher.ts";
import { parseMatcher, parseMatchers } from "./parse_matchers.ts";

const shown = (text: string): string => {
  try {
    return matchersText(parseMatchers(text));
  } catch (thrown) {
    return `error: ${messageOf(thrown)}`;
  }
};

test.each([
  ["foo=bar", '{foo="bar"}'],
  ["{foo=bar}", '{foo="bar"}'],
  [' { foo = "bar" , baz != qux, } ', '{foo="bar",baz!="qux"}'],
  ['foo=~"a|b",bar!~c.*', '{foo=~"a|b",bar!~"c.*"}'],
  ['"foo bar"="baz"', '{"foo bar"="baz"}'],
  ["fóó=🙂", '{fóó="🙂"}'],
  [String.raw`foo="a\"b\\c\nd"`, String.raw`{foo="a\"b\\c\nd"}`],
  [String.raw`foo="\u0041"`, String.raw`{foo="\\u0041"}`],
  ["{}", "{}"],
  ["", "{}"],
  // The classic parser takes what the other does not.
  ["foo=", '{foo=""}'],
  ["foo=bar baz", '{foo="bar baz"}'],
  [String.raw`foo=~\d+`, String.raw`{foo=~"\\d+"}`],
])("parseMatchers(%p) is %p", (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each(["foo", "=bar", 'foo="bar', 'foo=~"("', "fóó=", "foo=bar,,fóó=x"])(
  "parseMatchers(%p) is refused",
  (text) => {
    expect(shown(text)).toStartWith("error: ");
  },
);

test("parseMatcher() takes one matcher, without braces", () => {
  expect(parseMatcher('a!~"b"')).toMatchObject({ name: "a", operator: "!~", value: "b" });
  for (const text of ["{a=b}", "a=b}", 'a="b",c="d"', ""])
    expect(() => parseMatcher(text)).toThrow();
});

const matches = (text: string, labels: Record<string, string>) =>
  matchesAll(parseMatchers(text), labels);

test("matchesAll() takes a missing label for an empty one, whole values, and no property of objects for a label", () => {
  expect(matches('a=""', {})).toBe(true);
  expect(matches('a!=""', {})).toBe(false);
  expect(matches("a=~b", { a: "abc" })).toBe(false);
  expect(matches("a=~a.c", { a: "a\nc" })).toBe(false);
  expect(matches('constructor=""', {})).toBe(true);
});

test("fingerprintOf() and labelSetText() give what Prometheus's do", () => {
  // The start value of FNV-1a; fingerprints of alerts are compared in test/conformance/alertmanager.
  expect(fingerprintOf({})).toBe("cbf29ce484222325");
  expect(labelSetText({ b: 'x"\\\n\u0001é', a: "" })).toBe('{a="", b="x\\"\\\\\\n\\x01é"}');
});
