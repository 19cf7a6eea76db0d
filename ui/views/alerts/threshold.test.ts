import { expect, test } from "bun:test";
import { comparedLogql, comparedPart } from "./threshold.ts";

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

test.each([
  ['sum(rate({app="a"} |= "x > 5" [5m])) > 1.5', 'sum(rate({app="a"} |= "x > 5" [5m]))', 1.5],
  ['(sum(count_over_time({a="b"}[1m])))>=-1e3', '(sum(count_over_time({a="b"}[1m])))', -1_000],
])("of the LogQL %j the chart is %j with a line at %p", (query, expr, threshold) => {
  expect(comparedLogql(query)).toEqual({ expr, threshold });
});

test.each([
  'sum(rate({a="b"}[5m]) > 1',
  'sum(rate({a="b"}[5m])) > 1 and sum(rate({a="c"}[5m])) > 2',
  'sum(rate({a="b"} |= "> 5" [5m]))',
  'count_over_time({a="b"} | json | n > 5 [1m])',
])("of the LogQL %j the chart is all of it", (query) => {
  expect(comparedLogql(query)).toEqual({ expr: query, threshold: undefined });
});
