import { expect, test } from "bun:test";
import { errorPosition, errorStretch } from "./error_position.ts";

const marked = (text: string, message: string): string | undefined => {
  const position = errorPosition(message);
  if (position === undefined) return undefined;
  const { from, to } = errorStretch(text, position);
  return text.slice(from, to);
};

test("errorPosition() reads Prometheus's and Loki's positions, and no others", () => {
  expect(errorPosition('invalid parameter "query": 1:5: parse error: nope (400)')).toEqual({
    line: 1,
    column: 5,
  });
  expect(errorPosition("parse error at line 2, col 17: syntax error")).toEqual({
    line: 2,
    column: 17,
  });
  expect(errorPosition("the aggregator does not answer")).toBeUndefined();
  expect(errorPosition("at 10:30 it was late")).toBeUndefined();
});

test("errorStretch() marks the word, the string or the character at fault", () => {
  expect(marked("foo bar", "1:5: parse error: unexpected identifier")).toBe("bar");
  expect(marked('foo{a="x" "b c"}', "1:11: parse error: unexpected")).toBe('"b c"');
  expect(marked("foo)", "1:4: parse error: unexpected")).toBe(")");
  expect(marked("sum(\n  foo bar)", "2:7: parse error: unexpected")).toBe("bar");
});

test("errorStretch() marks the last character where the text ends too early", () => {
  expect(marked("sum(foo", "1:8: parse error: unclosed left parenthesis")).toBe("o");
  expect(marked("1 + ", "1:9: parse error: unexpected end of input")).toBe("+");
  expect(marked("", "1:1: parse error: no expression found")).toBe("");
});
