import { expect, test } from "bun:test";
import { looksForAbsence, selectorsOf } from "./expression.ts";
import { ExpressionError } from "./lex.ts";
import { parseExpression } from "./parse.ts";

const supported = [
  "up == 0",
  "node_load1 > 5",
  'rate(node_network_receive_bytes_total{device!~"lo|veth.*"}[1m]) > 1e8',
  "100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode='idle'}[5m]))) >= 90",
  "sum without (cpu) (x) > 5 and on (job) up == 1",
  "max(x) by (device) unless ignoring (mode) y",
  'absent(node_load1{job="node"})',
  "predict_linear(node_filesystem_avail_bytes[1h], 4 * 3600) < 0",
  "a / b > 0.9 or -a < -5",
  'a{"b.c"="d"} % 2 == bool 1',
  '{__name__="a", b=""} != 0',
  '{"a"} > 0',
  "abs(delta(x[15m])) > 3 # a comment",
  "time() - x > 86400",
  "x > +Inf or x != NaN",
];
test.each(supported)("parseExpression() reads %s", (text) => {
  expect(() => parseExpression(text)).not.toThrow();
});

/** Text, where it is wrong, and words of the message. */
const refused: readonly (readonly [string, string, string])[] = [
  ["", "1:1", "expected a metric, a function, a number or a parenthesis, found the end"],
  ["1 + 1", "1:1", "one number"],
  ["1 > 0", "1:3", 'a comparison of two numbers needs "bool"'],
  ["x[5m]", "1:2", "a range stands within a function only"],
  ["rate(x) > 1", "1:7", 'expected "[", found ")"'],
  ["rate(x[2h]) > 1", "1:8", "expected a range from 1ms to 1h"],
  ["rate(x[5m:1m]) > 1", "1:10", '":" is not evaluated on agents'],
  ["x offset 5m > 1", "1:3", '"offset" is not evaluated on agents'],
  ["x @ 5 > 1", "1:3", '"@" is not evaluated on agents'],
  ["x ^ 2 > 1", "1:3", '"^" is not evaluated on agents'],
  ["histogram_quantile(0.9, x) > 1", "1:1", "functions are abs, absent,"],
  ["topk(5, x)", "1:1", '"topk" is not evaluated on agents'],
  ["a / on (b) group_left c", "1:12", '"group_left" is not evaluated on agents'],
  ["a + on (b) 1", "1:3", "labels are matched between series only"],
  ["a and 1", "1:3", '"and" stands between series, not numbers'],
  ["a + bool b", "1:3", '"bool" belongs to comparisons'],
  ['{a="b"} > 1', "1:1", "an agent needs the name of one metric"],
  ['{__name__=~"a.*"} > 1', "1:1", "an agent needs the name of one metric"],
  ['a{b=~"("} > 1', "1:1", "regular expression"],
  ["a{b=c} > 1", "1:5", "expected a quoted text"],
  ["sum(1) > 1", "1:6", "sum is of series"],
  ["a >\n  $b", "2:3", '"$" begins nothing that is known'],
  ["a > 5 5", "1:7", "expected an operator or the end"],
  ["(a", "1:3", 'expected ")", found the end'],
  [`${"(".repeat(60)}a`, "1:52", "expected 50 levels at most"],
  [`a > ${"1".repeat(5_000)}`, "1:4097", "expected 4096 characters at most"],
];
test.each(refused.map(([text, ...told]) => [text.slice(0, 40), text, ...told]))(
  "parseExpression() refuses %s",
  (_, text, place, words) => {
    expect(() => parseExpression(text)).toThrow(ExpressionError);
    expect(() => parseExpression(text)).toThrow(`${place}: `);
    expect(() => parseExpression(text)).toThrow(words);
  },
);

const shape = (text: string) =>
  JSON.stringify(parseExpression(text), ["kind", "operator", "left", "right", "value"]);

test("operators bind as in PromQL", () => {
  expect(shape("a + 2 * 3 > 4 and b or c")).toBe(shape("(((a + (2 * 3)) > 4) and b) or c"));
  expect(shape("a - 1 - 2")).toBe(shape("(a - 1) - 2"));
  expect(shape("a unless b and c")).toBe(shape("(a unless b) and c"));
});

test("selectorsOf() and looksForAbsence() look into every part", () => {
  const all = selectorsOf(parseExpression("sum(rate(a[5m])) / b > 1 or absent(c) or -abs(d) > 1"));
  expect(all.map(({ selector, rangeMs }) => [selector.metric, rangeMs])).toEqual([
    ["a", 300_000],
    ["b", 0],
    ["c", 0],
    ["d", 0],
  ]);
  expect(looksForAbsence(parseExpression("a > 1 or sum(-absent(c)) > 0"))).toBe(true);
  expect(looksForAbsence(parseExpression("a unless b"))).toBe(true);
  expect(looksForAbsence(parseExpression("rate(a[5m]) > 1"))).toBe(false);
});
