import { expect, test } from "bun:test";
import { PromqlError } from "./errors.ts";
import { parsePromql } from "./parse.ts";

// The texts are those of Prometheus: the first table as promtool 2.42 gives them too, the second as its newest lexer and
// grammar read (promql/parser/{lex.go,generated_parser.y}), where they have changed since.

const unchanged: readonly (readonly [query: string, error: string])[] = [
  ["(", "1:2: parse error: unclosed left parenthesis"],
  [")", "1:2: parse error: unexpected right parenthesis ')'"],
  ["foo)", "1:5: parse error: unexpected right parenthesis ')'"],
  ["(foo))", "1:7: parse error: unexpected right parenthesis ')'"],
  ["foo]", "1:4: parse error: unexpected right bracket ']'"],
  ["foo}", "1:4: parse error: unexpected character: '}'"],
  ["foo[5m", "1:7: parse error: unclosed left bracket"],
  ["sum(foo", "1:8: parse error: unclosed left parenthesis"],
  ['foo{a="b"', "1:10: parse error: unexpected end of input inside braces"],
  ["foo{{", "1:5: parse error: unexpected left brace '{'"],
  ["foo{a!b}", "1:6: parse error: unexpected character after '!' inside braces: 'b'"],
  ["foo!", "1:4: parse error: unexpected character after '!': '\uFFFD'"],
  ["foo !~ bar", "1:5: parse error: unexpected character after '!': '~'"],
  ["foo =~ bar", "1:5: parse error: unexpected character after '=': '~'"],
  ["foo é", "1:5: parse error: unexpected character: 'é'"],
  ["foo\\bar", "1:4: parse error: unexpected character: '\\\\'"],
  ["1a", '1:1: parse error: bad number or duration syntax: "1"'],
  ["0xg", '1:1: parse error: bad number or duration syntax: "0x"'],
  [
    "0x",
    '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "0x": invalid syntax',
  ],
  ['"\\q"', "1:1: parse error: unknown escape sequence U+0071 'q'"],
  ["'\\xZZ'", "1:1: parse error: illegal character U+005A 'Z' in escape sequence"],
  ['"\\u12"', "1:1: parse error: illegal character U+0022 '\"' in escape sequence"],
  ['"\\400"', "1:1: parse error: escape sequence is an invalid Unicode code point"],
  ["'a\\\"b'", "1:1: parse error: unknown escape sequence U+0022 '\"'"],
  ['"a', "1:1: parse error: unterminated quoted string"],
  ["`a", "1:1: parse error: unterminated raw string"],
  ["foo @ Inf", "1:1: parse error: timestamp out of bounds for @ modifier: +Inf"],
  [
    "foo @ 1e30",
    "1:1: parse error: timestamp out of bounds for @ modifier: 1000000000000000019884624838656.000000",
  ],
  [
    "sum by (inf)(foo)",
    '1:9: parse error: unexpected number "inf" in grouping opts, expected label',
  ],
  [
    "sum by (without)(foo)",
    "1:9: parse error: unexpected <without> in grouping opts, expected label",
  ],
  ["foo[5m:]:", '1:9: parse error: unexpected metric identifier ":"'],
  ["rate(foo[5m],)", "1:13: parse error: trailing commas not allowed in function call args"],
  ["foo offset 5m[5m]", "1:14: parse error: no offset modifiers allowed before range"],
];

const newer: readonly (readonly [query: string, error: string])[] = [
  ["foo[", "1:5: parse error: unexpected end of input in duration expression"],
  ["foo[5", "1:6: parse error: unclosed left bracket"],
  ["foo[5m / 0]", "1:8: parse error: division by zero"],
  ["foo offset (step() % 0)", "1:20: parse error: modulo by zero"],
  ["a + fill(x) b", '1:10: parse error: unexpected identifier "x"'],
  ["a + fill((1)) b", '1:10: parse error: unexpected "("'],
  ["a + fill_left(1) fill_left(2) b", '1:27: parse error: unexpected "("'],
  ["a + fill(1) fill_right(2) b", '1:23: parse error: unexpected "("'],
  ["foo[5m:1m] anchored", "1:1: parse error: anchored modifier is not supported for subqueries"],
  ["1 + foo[5m:] smoothed", "1:5: parse error: smoothed modifier is not supported for subqueries"],
  [
    "rate(foo[5m] anchored smoothed)",
    "1:6: parse error: anchored and smoothed modifiers cannot be used together",
  ],
  [
    "foo smoothed anchored",
    "1:1: parse error: anchored and smoothed modifiers cannot be used together",
  ],
  ["(foo) anchored", "1:1: parse error: anchored modifier not implemented"],
  ["sum(foo) smoothed", "1:1: parse error: smoothed modifier not implemented"],
  ["5m anchored", "1:1: parse error: anchored modifier not implemented"],
  ["foo[5m:1", "1:9: parse error: unclosed left bracket"],
  ["foo[5m+(1", "1:10: parse error: unclosed left parenthesis"],
  ["foo[a]", "1:5: parse error: unexpected character in duration expression: 'a'"],
  ['foo["5m"]', "1:5: parse error: unexpected character in duration expression: '\"'"],
  ["foo[:5m]", "1:6: parse error: unexpected colon before duration in duration expression"],
  ["foo[5m:1m:1m]", "1:10: parse error: unexpected colon ':'"],
  ["foo[5m+x]", "1:8: parse error: unexpected character: 'x', expected ':'"],
  ["foo[5m[1m]]", "1:7: parse error: unexpected left bracket '['"],
  [
    "foo[]",
    '1:5: parse error: unexpected "]" in subquery or range selector, expected number, duration, step(), or range()',
  ],
  ["foo[1h1h]", '1:5: parse error: not a valid duration string: "1h1h"'],
  ["5m1h", '1:1: parse error: not a valid duration string: "5m1h"'],
  ["1e+", '1:1: parse error: bad number or duration syntax: "1e+"'],
  ["1..2", '1:1: parse error: bad number or duration syntax: "1.."'],
  ["1__0", '1:1: parse error: bad number or duration syntax: "1__"'],
  ['foo{a=~"("}', "1:5: parse error: error parsing regexp: missing closing ): `(`"],
  ['sum by ("")(foo)', '1:9: parse error: invalid label name for grouping: ""'],
];

function errorOf(query: string): string {
  try {
    parsePromql(query);
  } catch (thrown) {
    if (thrown instanceof PromqlError) return thrown.message;
    throw thrown;
  }
  return "no error";
}

test.each([...unchanged, ...newer])(
  "parsePromql(%p) says what is wrong, and where",
  (query, error) => {
    expect(errorOf(query)).toBe(error);
  },
);
test("what looks odd and is right is read", () => {
  for (const query of [
    ":",
    "sum by (a:b)(foo)",
    'sum by ("a b")(foo)',
    "foo[5m : 1m]",
    "foo[ ( 5m + step() ) * 2 : min_of(1m, range()) ]",
    "0x1F + 1_000 + .5 + 1.5e-3",
    '"\\x41\\u0042\\U00000043\\104\\""',
    "foo # [",
  ])
    expect([query, errorOf(query)]).toEqual([query, "no error"]);
});
