import { expect, test } from "bun:test";
import { OperatingError } from "#shared/errors.ts";
import { looksForAbsence, selectorsOf } from "./expression.ts";
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
  ["", "1:1", "no expression found in input"],
  ["1 + 1", "1:1", "one number"],
  ['"x"', "1:1", "one text"],
  ["1 > 0", "1:3", "comparisons between scalars must use BOOL modifier"],
  ["x[5m]", "1:1", "a range stands within a function only"],
  ["rate(x) > 1", "1:6", "expected type range vector"],
  ["rate(x[2h]) > 1", "1:8", "expected a range from 1ms to 1h"],
  ["rate(x[step()]) > 1", "1:8", "a computed range is not evaluated on agents"],
  ["rate(x[5m:1m]) > 1", "1:6", "rate is evaluated of a selector with a range only on agents"],
  ["x[5m:1m]", "1:1", "a subquery is not evaluated on agents"],
  ["absent(a + b)", "1:8", "absent is evaluated of a selector only on agents"],
  ["predict_linear(x[5m], y) > 1", "1:23", "expected type scalar"],
  ["predict_linear(x[5m], time()) > 1", "1:23", "expected a number of seconds"],
  ["x offset 5m > 1", "1:10", '"offset" is not evaluated on agents'],
  ["x @ 5 > 1", "1:1", '"@" is not evaluated on agents'],
  ["rate(x[5m] smoothed) > 1", "1:6", '"smoothed" is not evaluated on agents'],
  ["x ^ 2 > 1", "1:3", '"^" is not evaluated on agents'],
  ["x atan2 2 > 1", "1:3", '"atan2" is not evaluated on agents'],
  ["histogram_quantile(0.9, x) > 1", "1:1", "functions are abs, absent,"],
  ["nothing_known(x) > 1", "1:1", 'unknown function with name "nothing_known"'],
  ["topk(5, x)", "1:1", '"topk" is not evaluated on agents'],
  ["a / on (b) group_left c", "1:3", '"group_left" is not evaluated on agents'],
  ["a / fill(0) c", "1:3", '"fill" is not evaluated on agents'],
  ["a + on (b) 1", "1:1", "vector matching only allowed between instant vectors"],
  ["a and 1", "1:1", 'set operator "and" not allowed in binary scalar expression'],
  ["a + bool b", "1:3", "bool modifier can only be used on comparison operators"],
  ['{a="b"} > 1', "1:1", "an agent needs the name of one metric"],
  ['1 < {__name__=~"a.*"}', "1:5", "an agent needs the name of one metric"],
  ['a{b=~"("} > 1', "1:3", "error parsing regexp"],
  ["a{b=c} > 1", "1:5", "unexpected identifier"],
  ["sum(1) > 1", "1:5", "expected type instant vector in aggregation expression"],
  ["a >\n  $b", "2:3", "unexpected character"],
  ["a > 5 5", "1:7", "unexpected number"],
  ["(a", "1:3", "unclosed left parenthesis"],
  [`${"(".repeat(60)}a${")".repeat(60)}`, "1:51", "expected 50 levels at most"],
  [`a > ${"1".repeat(5_000)}`, "1:4097", "expected 4096 characters at most"],
];
test.each(refused.map(([text, ...told]) => [text.slice(0, 40), text, ...told]))(
  "parseExpression() refuses %s",
  (_, text, place, words) => {
    expect(() => parseExpression(text)).toThrow(OperatingError);
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
