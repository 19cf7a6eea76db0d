import { expect, test } from "bun:test";
import { withThreshold } from "./threshold.ts";

test.each([
  ["x > 1", "x > 7.5"],
  ["1 < sum(x)", "7.5 < sum(x)"],
  ['a / (b > 0) > 0.95 and on (i) c{d="e"}', 'a / (b > 0) > 7.5 and on (i) c{d="e"}'],
  ["increase(x[10m]) > 0", "increase(x[10m]) > 7.5"],
  ["(min by (a) (x) - time()) / 86400 < -14", "(min by (a) (x) - time()) / 86400 < 7.5"],
  ["max_over_time((x >= 3)[5m:])", "max_over_time((x >= 7.5)[5m:])"],
])("the number that %j compares with is replaced", (expr, changed) => {
  expect(withThreshold(expr, 7.5)).toBe(changed);
});

test.each([
  ["up == 0", 0],
  ["x > 1 and y < 2", 2],
  ["x > y", 0],
])("%j has no one number to replace", (expr, count) => {
  expect(() => withThreshold(expr, 1)).toThrow(`but it compares with ${count}: change expr`);
});
