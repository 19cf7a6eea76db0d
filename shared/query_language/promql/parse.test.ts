import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { PromqlError } from "./errors.ts";
import { parsePromql } from "./parse.ts";
import { printPromql } from "./print.ts";

function messageOfQuery(query: string): string {
  try {
    parsePromql(query);
  } catch (thrown) {
    if (thrown instanceof PromqlError) return thrown.message;
    throw thrown;
  }
  return "accepted";
}

const faults = [
  ["", "1:1: parse error: no expression found in input"],
  ["sum(foo", "1:8: parse error: unclosed left parenthesis"],
  ["foo)", "1:5: parse error: unexpected right parenthesis ')'"],
  ["foo bar", '1:5: parse error: unexpected identifier "bar"'],
  ["1 +", "1:4: parse error: unexpected end of input"],
  ["foo{a", "1:6: parse error: unexpected end of input inside braces"],
  ["foo{a 1}", "1:7: parse error: unexpected character inside braces: '1'"],
  [
    'foo{a="b" c="d"}',
    '1:11: parse error: unexpected identifier "c" in label matching, expected "," or "}"',
  ],
  ["foo{a=b}", '1:7: parse error: unexpected identifier "b" in label matching, expected string'],
  ["sum by a (foo)", '1:8: parse error: unexpected identifier "a" in grouping opts, expected "("'],
  ["sum(foo by (a))", "1:9: parse error: unexpected <by> in aggregation"],
  ["foo[5m", "1:7: parse error: unclosed left bracket"],
  [
    "foo offset",
    "1:11: parse error: unexpected end of input in offset, expected number, duration, step(), or range()",
  ],
  ["foo @ bar", '1:7: parse error: unexpected identifier "bar" in @, expected timestamp'],
  ["nope(foo)", '1:1: parse error: unknown function with name "nope"'],
  [
    "rate(foo)",
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
  ],
  ["rate(foo[5m], 1)", '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
  ["1 == 1", "1:3: parse error: comparisons between scalars must use BOOL modifier"],
  ["foo + bool bar", "1:5: parse error: bool modifier can only be used on comparison operators"],
  ["{}", "1:1: parse error: vector selector must contain at least one non-empty matcher"],
  ['{a=~".*"}', "1:1: parse error: vector selector must contain at least one non-empty matcher"],
  ['foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'],
  ["foo and 1", '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ["foo and on(a) group_left() bar", '1:1: parse error: no grouping allowed for "and" operation'],
  [
    "topk(foo)",
    "1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1",
  ],
  ["(foo + bar)[5m]", "1:12: parse error: ranges only allowed for vector selectors"],
  ["foo offset 5m [5m]", "1:15: parse error: no offset modifiers allowed before range"],
  ["foo offset 5m offset 5m", "1:1: parse error: offset may not be set multiple times"],
  ["foo\n  + nope(1)", '2:5: parse error: unknown function with name "nope"'],
  ["5mm", '1:1: parse error: bad number or duration syntax: "5mm"'],
  ['"abc', "1:1: parse error: unterminated quoted string"],
  ["foo[0]", "1:5: parse error: duration must be greater than 0"],
  ["sum(foo,)", "1:8: parse error: trailing commas not allowed in function call args"],
] as const;

describe("parsePromql() refuses", () => {
  for (const [query, message] of faults) {
    test(JSON.stringify(query), () => expect(messageOfQuery(query)).toBe(message));
  }
  test("an expression that is nested without end", () => {
    expect(messageOfQuery("(".repeat(100_000))).toContain("expression nested deeper than 500");
  });
  test("a chain of operators without end", () => {
    expect(messageOfQuery(Array.from({ length: 3_000 }, () => "a").join("+"))).toContain(
      "more than 2000 operators",
    );
  });
});

const spellings = [
  ["-2^2", "-2 ^ 2"],
  ["a + b offset 5m * c", "a + b offset 5m * c"],
  ["a-b-c", "a - b - c"],
  ["2^3^2", "2 ^ 3 ^ 2"],
  ["SUM BY(job)(rate(x[5m]))", "sum by (job) (rate(x[5m]))"],
  ["sum without() (x)", "sum without () (x)"],
  ["topk(3,x)", "topk(3, x)"],
  ['{"a.b",c!~"d"}', '{"a.b",c!~"d"}'],
  ["x @ start() offset -1h", "x @ start() offset -1h"],
  ["x[5m]  ANCHORED", "x[5m] anchored"],
  ["x[5m] offset 1h smoothed @ 10", "x[5m] smoothed @ 10.000 offset 1h"],
  ["x offset 1h smoothed @ end()", "x @ end() smoothed offset 1h"],
  ["x anchored [5m]", "x[5m] anchored"],
  ["a + b smoothed * c", "a + b smoothed * c"],
  ["anchored anchored + smoothed", "anchored anchored + smoothed"],
  ["rate(smoothed[step()] smoothed)", "rate(smoothed[step()] smoothed)"],
  ["sum by (anchored, smoothed) (x)", "sum by (anchored, smoothed) (x)"],
  ["x[5m:] @ 1.5", "x[5m:] @ 1.500"],
  ["a > bool on(b) group_left(c) d", "a > bool on (b) group_left (c) d"],
  ["x[min_of(5m, step() * 2)]", "x[min_of(5m, step() * 2)]"],
  ["x[((1m+step()))*2]", "x[(1m + step()) * 2]"],
  ["x[1m - -2^(30)]", "x[1m - -2 ^ (30)]"],
  ["x offset -(5m)", "x offset -(5m)"],
  ["x offset +step() + 1", "x offset step() + 1"],
  ["a / fill(1e6) b", "a / fill (1e+06) b"],
  ["a / on(b) fill_right(-2) fill_left(1m) c", "a / on (b) fill_left (60) fill_right (-2) c"],
  ["a / ignoring() group_left b", "a / ignoring () group_left () b"],
  ["a / fill", "a / fill"],
  ["min_of(1, 2.)", "min_of(1, 2)"],
  ["1_000 + 0x1F", "1000 + 31"],
  ["sum + by", "sum + by"],
] as const;

describe("printPromql() spells what parsePromql() has read", () => {
  for (const [query, printed] of spellings) {
    test(JSON.stringify(query), () => {
      const text = printPromql(parsePromql(query).expr);
      expect(text).toBe(printed);
      expect(printPromql(parsePromql(text).expr)).toBe(printed);
    });
  }
  test("a sign binds weaker than a power", () => {
    expect(parsePromql("-2^2").expr.kind).toBe("unary");
    expect(parsePromql("-2*2").expr.kind).toBe("binary");
  });
  test("offset belongs to the selector before it", () => {
    const { expr } = parsePromql("a + b offset 5m * c");
    expect(expr).toMatchObject({
      kind: "binary",
      op: "+",
      rhs: { op: "*", lhs: { kind: "selector", offset: { value: 300 } } },
    });
  });
});

test("parsePromql() answers any text with a tree or a PromqlError, never otherwise", () => {
  const piece = fc.constantFrom(
    ...'sum by ( ) { } [ ] a b:c 1 5m "x" \' = =~ != , + - ^ offset @ start bool on group_left : # \\ é ! 0x'.split(
      " ",
    ),
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 12 }),
      (pieces) => {
        const query = pieces.join(" ");
        const message = messageOfQuery(query);
        if (message !== "accepted") expect(message).toMatch(/^\d+:\d+: parse error: /);
      },
    ),
    { numRuns: 1_000 },
  );
});
