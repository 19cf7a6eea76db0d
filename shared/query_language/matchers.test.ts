import { expect, test } from "bun:test";
import type { Matcher } from "#shared/model/labels.ts";
import { compileMatcher, compileMatchers } from "./matchers.ts";

const cases: readonly (readonly [Matcher["op"], string, string, boolean])[] = [
  ["=", "a", "a", true],
  ["=", "", "", true],
  ["!=", "a", "a", false],
  ["!=", "a", "", true],
  ["=~", "a|b.*", "bc", true],
  ["=~", "a", "ab", false],
  ["=~", ".*", "", true],
  ["!~", "a.c", "a\nc", false],
  ["!~", "a", "b", true],
];
test.each(cases)("a value %s %j fits %j: %p", (op, value, text, fits) => {
  expect(compileMatcher({ name: "x", op, value })(text)).toBe(fits);
});

test("compileMatchers() holds where all matchers do, a missing label being empty", () => {
  const fits = compileMatchers([
    { name: "a", op: "=", value: "1" },
    { name: "b", op: "!~", value: ".+" },
  ]);
  expect([fits({ a: "1" }), fits({ a: "1", b: "2" }), fits({})]).toEqual([true, false, false]);
});

test("compileMatchers() takes another engine for regular expressions, and refuses a broken one", () => {
  const asked: string[] = [];
  const regexTest = (pattern: string) => {
    asked.push(pattern);
    return (text: string) => text === "known";
  };
  const fits = compileMatchers([{ name: "a", op: "=~", value: "k.*" }], regexTest);
  expect([fits({ a: "known" }), fits({ a: "k" }), asked]).toEqual([true, false, ["k.*"]]);
  expect(() => compileMatcher({ name: "a", op: "!~", value: "(" })).toThrow("regular expression");
});
