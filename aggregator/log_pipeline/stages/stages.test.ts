import { expect, test } from "bun:test";
import { type Given, entriesOf } from "../../query/logql/records.fixture.ts";

/** Labels that stages make of one line; undefined where it is dropped. */
async function parsedOf(stages: string, line: string, given: Partial<Given> = {}) {
  const [entry] = await entriesOf(`{app="a"} ${stages}`, [{ ...given, line }]);
  return entry?.parsed;
}
async function lineOf(stages: string, line: string, given: Partial<Given> = {}) {
  const [entry] = await entriesOf(`{app="a"} ${stages}`, [{ ...given, line }]);
  return entry?.body;
}
const passes = async (stages: string, line: string, given: Partial<Given> = {}) =>
  (await entriesOf(`{app="a"} ${stages}`, [{ ...given, line }])).length === 1;

test.each([
  ['{"a":"b","n":5,"f":1.50,"t":true,"z":null}', { a: "b", n: "5", f: "1.50", t: "true" }],
  ['{"a":{"b":{"c":"d"},"e":1},"l":[1,{"x":2}]}', { a_b_c: "d", a_e: "1" }],
  [
    '{"a b":"1","c-d":"2","9x":"3","é":"4","n":{"9":"5"}}',
    { a_b: "1", c_d: "2", _9x: "3", _: "4", n_9: "5" },
  ],
  [
    '{"   1 1 1  \\t":"1","\u00a0a\u2003b ":"2","c\\nd":"3","\u0085e":"4","\ufefff":"5"," ":"6"}',
    { _1_1_1: "1", a_b: "2", c_d: "3", e: "4", _f: "5" },
  ],
  ['{"x y":{" 1 2 ":"1"," ":"2","\ufeff3":"3"}}', { x_y_1_2: "1", x_y: "2", x_y__3: "3" }],
  ['{"a":"1","a":"2"}', { a: "1" }],
  [String.raw`{"a":"x\"y\n\u0041\\"}`, { a: 'x"y\nA\\' }],
  ['{"app":"own","app_x":"2"}', { app_extracted: "own", app_x: "2" }],
  ['  {"a" : "b" , "c" : { } }  trailing', { a: "b" }],
  ['{"":"x","a":{"":"y"}}', { a: "y" }],
  ["{}", {}],
])("json makes labels of %s", async (line, labels) => {
  expect(await parsedOf("| json", line)).toEqual(labels);
});
test.each([
  ["plain text", { __error__: "JSONParserErr" }],
  ["", { __error__: "JSONParserErr" }],
  ["[1,2]", { __error__: "JSONParserErr" }],
  ['{"a":"b"', { a: "b", __error__: "JSONParserErr" }],
  ['{"a":"b","c":oops}', { a: "b", __error__: "JSONParserErr" }],
  ['{"a":"b" "c":1}', { a: "b", __error__: "JSONParserErr" }],
  ['{"a":"b', { __error__: "JSONParserErr" }],
])("json keeps %s with an error, and what stood before it", async (line, labels) => {
  const { __error_details__: details, ...rest } = (await parsedOf("| json", line)) ?? {};
  expect(rest).toEqual(labels);
  expect(details).not.toBe("");
});
const [object, array, malformed] = [
  "Value looks like object, but can't find closing '}' symbol",
  "Value is array, but can't find closing ']' symbol",
  "Malformed JSON error",
];
test.each([
  ["plain text", {}, object],
  ["", {}, object],
  ["[1]", {}, object],
  ["{", {}, malformed],
  ["{a:1}", {}, object],
  ['{"a', {}, malformed],
  ['{"a"', {}, malformed],
  ['{"a":', {}, malformed],
  ['{"a":1', { a: "1" }, array],
  ['{"a":1,', { a: "1" }, array],
  ['{"a":1 "b":2}', { a: "1" }, object],
  ['{"a":1,"b":"cut off', { a: "1" }, "Value is string, but can't find closing '\"' symbol"],
  ['{"a":1,"b":{"c":"whole","d":"cut off', { a: "1" }, object],
  ['{"a":1,"b":{"c":"whole","d":oops}}', { a: "1", b_c: "whole" }, "Unknown value type"],
  [String.raw`{"a":1,"\q":2}`, { a: "1" }, "Encountered an invalid escape sequence in a string"],
])("json tells of %s what Loki's parser tells", async (line, labels, details) => {
  const error = { __error__: "JSONParserErr", __error_details__: details };
  expect(await parsedOf("| json", line)).toEqual({ ...labels, ...error });
});
test.each([
  ['{"a":1,}', { a: "1" }],
  [String.raw`{"a":"half \ud83d","b":"\ud83d\ude00"}`, { a: "", b: "😀" }],
])("json takes %s as it is", async (line, labels) => {
  expect(await parsedOf("| json", line)).toEqual(labels);
});
test("json refuses what is nested 10,000 deep, and costs no stack", async () => {
  const deep = `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`;
  expect(await parsedOf("| json", deep)).toMatchObject({ __error__: "JSONParserErr" });
  expect(await parsedOf('| json x="b"', `{"q":${deep},"b":7}`)).toEqual({ x: "7" });
  const lists = `{"l":${"[".repeat(10_000)}${"]".repeat(10_000)},"b":7}`;
  expect(await parsedOf("| json", lists)).toEqual({ b: "7" });
});
test.each([
  ['x="a"', '{"a":"b"}', { x: "b" }],
  ['x="a.b[1]"', '{"a":{"b":[1,"two"]}}', { x: "two" }],
  ['x="a[\\"b c\\"].d"', '{"a":{"b c":{"d":1.0}}}', { x: "1.0" }],
  ['x="[\\"k\\"]"', '{"k":true}', { x: "true" }],
  ['x="a"', '{"a":{"b": [1, 2]}}', { x: '{"b": [1, 2]}' }],
  ['x="a"', '{"a":[1, 2]}', { x: "[1, 2]" }],
  ['x="a", y="b"', '{"b":null}', { x: "", y: "" }],
  ["a, b", '{"a":1,"b":2}', { a: "1", b: "2" }],
  ['app="a"', '{"a":1}', { app_extracted: "1" }],
  ['x="a[7]"', '{"a":[1]}', { x: "" }],
  ['x="[0].a"', '[{"a":3}]', { x: "3" }],
  ['x="a"', "no json", { __error__: "JSONParserErr" }],
  ['x="a", y="c"', '{"a":1,"b":"cut off', { x: "1", y: "" }],
  ['x="b.c"', '{"a":{"c":1},"b":{"c":2,"d":oops}, and so on', { x: "2" }],
  ['x="a"', '{"b":oops,"a":1}', { x: "1" }],
  ['x="b[1].c"', '{"a":[{"c":1}],"b":[0,{"c":[3]},', { x: "[3]" }],
  ['x="a"', "{a:1}", { x: "" }],
])("json %s takes single values of %s", async (list, line, labels) => {
  expect(await parsedOf(`| json ${list}`, line)).toEqual(labels);
});

test.each([
  ["", "a=b c=5", { a: "b", c: "5" }],
  ["", 'a="x y" b="q\\"r\\n" c=', { a: "x y", b: 'q"r\n' }],
  ["--keep-empty", 'a= b="" c', { a: "", b: "", c: "" }],
  ["", "a=1 a=2 app=x 9k=1 d-e=2", { a: "1", app_extracted: "x", _9k: "1", d_e: "2" }],
  ["", 'oops"x a=1 =y b=2 c=z=z d=3', { a: "1", b: "2", d: "3" }],
  ["", 'a=1 b="open', { a: "1" }],
  [
    "--strict",
    "a=1 =y b=2",
    {
      a: "1",
      __error__: "LogfmtParserErr",
      __error_details__: "logfmt syntax error at pos 5 : unexpected '='",
    },
  ],
  [
    "--strict",
    'a="open',
    {
      __error__: "LogfmtParserErr",
      __error_details__: "logfmt syntax error at pos 8 : unterminated quoted value",
    },
  ],
  ['x="a", b', "a=1 b=2 c=3", { x: "1", b: "2" }],
  ['x="nope"', "a=1", { x: "" }],
  ['app="a"', "a=1", { app_extracted: "1" }],
  ["", "", {}],
])("logfmt %s reads %s", async (flags, line, labels) => {
  expect(await parsedOf(`| logfmt ${flags}`, line)).toEqual(labels);
});

test.each([
  [
    'regexp "(?P<method>\\\\w+) (?P<path>[\\\\w/]+)"',
    "GET /a/b 200",
    { method: "GET", path: "/a/b" },
  ],
  ['regexp "(?P<app>x)(?P<no>y)?"', "x", { app_extracted: "x", no: "" }],
  ['regexp "(?P<a>x)"', "y", {}],
  [
    'pattern "<ip> - <_> [<time>] <rest>"',
    "1.2.3.4 - me [now] GET /",
    { ip: "1.2.3.4", time: "now", rest: "GET /" },
  ],
  ['pattern "<a>, <b>"', "only", { a: "only" }],
  ['pattern "GET <a>"', "POST x", {}],
  ['pattern "[<a>] <b>!"', "[x] y! z", { a: "x", b: "y" }],
  ["unpack", '{"pod":"p","app":"z","_entry":"line","n":5}', { pod: "p", app_extracted: "z" }],
  ["unpack", '{"pod":"p"}', {}],
  [
    "unpack",
    "text",
    { __error__: "JSONParserErr", __error_details__: "expecting json object(6), but it is not" },
  ],
])("%s reads %s", async (stage, line, labels) => {
  expect(await parsedOf(`| ${stage}`, line)).toEqual(labels);
});
test("unpack puts the packed line in the place of the record's", async () => {
  expect(await lineOf('| unpack |= "in"', '{"pod":"p","_entry":"in\\tside"}')).toBe("in\tside");
  expect(await lineOf('| unpack |= "pod"', '{"pod":"p","_entry":"inside"}')).toBeUndefined();
});
test("a regular expression made to explode takes no longer than others", async () => {
  const line = `${"a".repeat(20_000)}!`;
  const startedMs = performance.now();
  expect(await passes('|~ "(a+)+$"', line)).toBe(false);
  expect(await parsedOf('| regexp "(?P<x>(a|aa)+)$"', line)).toEqual({});
  expect(performance.now() - startedMs).toBeLessThan(20_000);
});

test.each([
  ['|= "b"', true],
  ['|= "B"', false],
  ['|= "x" or "b c"', true],
  ['!= "x" or "b"', false],
  ['!= "x" or "y"', true],
  ['|~ "b.*d$"', true],
  ['|~ "(?i)B C"', true],
  ['!~ "z" or "^a"', false],
  ['|> "a <_> d"', true],
  ['|> "<_>b<_>"', true],
  ['|> "<_> c"', false],
  ['|> "a b c d<_>"', false],
  ['!> "<_> c"', true],
  ['|> "zz" or "<_> d"', true],
])("a line filter %s on 'a b c d' lets it through: %p", async (filter, expected) => {
  expect(await passes(filter, "a b c d")).toBe(expected);
});
test.each([
  ["192.168.4.5", "from 192.168.4.5 port", true],
  ["192.168.4.5", "from 192.168.4.56 port", false],
  ["192.168.0.0/16", "x=192.168.200.1,", true],
  ["192.168.4.5-192.168.4.20", "192.168.4.20", true],
  ["192.168.4.5-192.168.4.20", "192.168.4.21", false],
  ["2001:db8::/32", "addr 2001:db8:1::7 up", true],
  ["2001:db8::/32", "addr 2001:db9::1 up", false],
  ["::1", "listen ::1 ok", true],
  ["10.0.0.0/8", "version 1.10.0 of 10.0.0", false],
])("ip(%s) finds an address in %s: %p", async (pattern, line, expected) => {
  expect(await passes(`|= ip("${pattern}")`, line)).toBe(expected);
  expect(await passes(`!= ip("${pattern}")`, line)).toBe(!expected);
  expect(await passes(`|= "nothing" or ip("${pattern}")`, line)).toBe(expected);
});

test.each([
  ['a="x"', true],
  ['a=~"x|y"', true],
  ['a!~"x.*"', false],
  ['missing=""', true],
  ['missing!=""', false],
  ["n>4", true],
  ["n>=5 and n<=5", true],
  ["n!=5", false],
  ["n==5.0", true],
  ["missing>1", false],
  ["missing!=1", false],
  ["d>200ms", true],
  ["d<=1m", true],
  ["d=1.5s", true],
  ["s>1KB", true],
  ["s>=2KiB", true],
  ["s<2kB", false],
  ['ip=ip("10.0.0.0/8")', true],
  ['ip!=ip("10.0.0.0/8")', false],
  ['a="y" or n=5', true],
  ['a="y" or n=6 and a="x"', false],
  ['a="x", n=5', true],
  ['a="x" n=6', false],
  ['(a="y" or a="x") and d>1s', true],
])("a label filter %s lets the record through: %p", async (filter, expected) => {
  const line = "a=x n=5 d=1500ms s=2KiB ip=10.1.2.3";
  expect(await passes(`| logfmt | ${filter}`, line)).toBe(expected);
});
test.each([
  ["n>4", 'strconv.ParseFloat: parsing "x": invalid syntax'],
  ["n>4s", 'time: invalid duration "x"'],
  ["n>4KB", 'strconv.ParseFloat: parsing "": invalid syntax'],
])("a value that is none for %s keeps the record with an error", async (filter, details) => {
  expect(await parsedOf(`| logfmt | ${filter}`, "n=x")).toEqual({
    n: "x",
    __error__: "LabelFilterErr",
    __error_details__: details,
  });
  expect(await passes(`| logfmt | ${filter} | __error__=""`, "n=x")).toBe(false);
  expect(await passes(`| logfmt | ${filter} | __error__="LabelFilterErr"`, "n=x")).toBe(true);
});
test("labels of stream, metadata and level are filtered alike", async () => {
  const given = { stream: { app: "a", pod: "p1" }, severity: 17, attributes: { trace: "t" } };
  expect(await passes('| pod="p1" | trace="t" | detected_level="error"', "x", given)).toBe(true);
  expect(await passes('| detected_level="info"', "x", given)).toBe(false);
});

test("drop and keep choose labels of all kinds, but never the error", async () => {
  const given = { stream: { app: "a", pod: "p" }, severity: 9, attributes: { trace: "t" } };
  const [dropped] = await entriesOf('{app="a"} | logfmt | drop pod, trace, x="1", y="1"', [
    { ...given, line: "x=1 y=2" },
  ]);
  expect([dropped?.stream, dropped?.metadata, dropped?.parsed]).toEqual([
    { app: "a" },
    { detected_level: "info" },
    { y: "2" },
  ]);
  const [kept] = await entriesOf('{app="a"} | json | keep trace, pod=~"q"', [
    { ...given, line: "text" },
  ]);
  expect([kept?.stream, kept?.metadata]).toEqual([{}, { trace: "t" }]);
  expect(kept?.parsed).toMatchObject({ __error__: "JSONParserErr" });
  const [clear] = await entriesOf('{app="a"} | json | drop __error__, __error_details__', [
    { line: "text" },
  ]);
  expect(clear?.parsed).toEqual({});
});
test("label_format renames and writes labels, one after another", async () => {
  const line = "a=1 b=2";
  expect(await parsedOf("| logfmt | label_format c=a", line)).toEqual({ b: "2", c: "1" });
  expect(await parsedOf('| logfmt | label_format c="{{.a}}-{{.b}}",d=b', line)).toEqual({
    a: "1",
    c: "1-2",
    d: "2",
  });
  const swapped = '| logfmt | label_format a="{{.b}}",b="{{.a}}"';
  expect(await parsedOf(swapped, line)).toEqual({ a: "2", b: "1" });
  expect(await parsedOf("| logfmt | label_format c=none", line)).toEqual({ a: "1", b: "2" });
  const [entry] = await entriesOf('{app="a"} | label_format app="{{.app}}!"', [{ line: "x" }]);
  expect([entry?.stream, entry?.parsed]).toEqual([{}, { app: "a!" }]);
});
test("line_format writes the line, which later stages then see", async () => {
  expect(await lineOf('| logfmt | line_format "{{.a}} {{.none}}!"', "a=1")).toBe("1 !");
  expect(await passes('| logfmt | line_format "{{.a}}" |= "a="', "a=1")).toBe(false);
  expect(await parsedOf("| line_format `{{ div 1 0 }}`", "x")).toMatchObject({
    __error__: "TemplateFormatErr",
  });
  expect(await lineOf("| line_format `{{ div 1 0 }}`", "x")).toBe("x");
});
test("decolorize takes colours out", async () => {
  expect(
    await lineOf("| decolorize", "\u001b[31mred\u001b[0m and \u001b[1;32mgreen\u001b[0m"),
  ).toBe("red and green");
});
test("a later parser keeps what an earlier one has found, and does not bring back what was dropped", async () => {
  expect(await parsedOf("| logfmt | json", '{"a":"j"} a=l')).toEqual({ a: "l" });
  expect(await parsedOf('| logfmt | drop a | regexp "(?P<a>l)"', "a=l")).toEqual({});
});
