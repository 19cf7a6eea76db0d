import { expect, test } from "bun:test";
import { comparedPart } from "./threshold.ts";

test.each([
  ["node_load1 > 4", "node_load1", 4],
  ["(a / b) < 0.1", "(a / b)", 0.1],
  ["(rate(x[5m]) >= 1e3)", "rate(x[5m])", 1_000],
  ["-5 < temperature", "temperature", -5],
])("%j is a chart of %j with a line at %p", (query, expr, threshold) => {
  expect(comparedPart(query)).toEqual({ expr, threshold });
});

test.each(["absent(up)", "a > b", "a > 1 and b < 2", "a > bool 1"])(
  "%j is a chart of itself",
  (query) => expect(comparedPart(query)).toEqual({ expr: query, threshold: undefined }),
);

test("an expression that is not PromQL has no chart", () => {
  expect(comparedPart('sum(rate({app="a"} |= "x" [5m])) > 1')).toBeUndefined();
});
