import { expect, test } from "bun:test";
import { globalVariables } from "./global_variables.ts";
import { interpolate, variablesIn, type VariableValue } from "./interpolate.ts";
import { dateText } from "../../units/date_text.ts";

const one = (value: string): VariableValue => ({
  values: [value],
  texts: [value],
  all: false,
  multi: false,
});
const many = (...values: string[]): VariableValue => ({
  values,
  texts: values.map((each) => each.toUpperCase()),
  all: false,
  multi: true,
});
const filled = (text: string, variable: VariableValue, format?: string) =>
  interpolate(text, new Map([["server", variable]]), format);

test("interpolate() knows Grafana's three ways to write a variable, and leaves what is none", () => {
  const variables = new Map([
    ["a", one("1")],
    ["ab", one("2")],
  ]);
  expect(interpolate("$a ${a} [[a]] $ab ${ab}c $abc $1 $ ${a", variables)).toBe(
    "1 1 1 2 2c $abc $1 $ ${a",
  );
  expect(interpolate("[[a:regex]] ${constructor} $__proto__", variables)).toBe(
    "1 ${constructor} $__proto__",
  );
});

test("interpolate() writes values in each of Grafana's formats", () => {
  const cases: [string, VariableValue, string][] = [
    ["${server:lucene}", one("foo bar"), String.raw`foo\ bar`],
    ["${server:lucene}", one("-1"), "-1"],
    ["${server:lucene}", many("foo bar", "baz"), String.raw`("foo\ bar" OR "baz")`],
    ["${server:lucene}", many(), "__empty__"],
    ["${server:glob}", one("foo"), "foo"],
    ["$server", many("AA", "BB", "C.*"), "{AA,BB,C.*}"],
    ["${server:raw}", many("12", "13"), "12,13"],
    ["${server:regex}", one("test."), String.raw`test\.`],
    ["${server:regex}", many("test.", "a/b"), String.raw`(test\.|a\/b)`],
    ["${server:pipe}", many("a", "b"), "a|b"],
    ["${server:distributed}", many("a", "b"), "a,server=b"],
    ["${server:csv}", many("a", "b"), "a,b"],
    ["${server:html}", one("<script>x</script>"), "&lt;script&gt;x&lt;/script&gt;"],
    ["${server:json}", many("a", 'b"'), String.raw`["a","b\""]`],
    ["${server:json}", one("a"), "a"],
    ["${server:percentencode}", many("foo()bar BAZ", "b"), "%7Bfoo%28%29bar%20BAZ%2Cb%7D"],
    ["${server:singlequote}", many("a", "b'2"), String.raw`'a','b\'2'`],
    ["${server:doublequote}", many("a", 'b"2'), String.raw`"a","b\"2"`],
    ["${server:sqlstring}", many("a", "b'2"), "'a','b''2'"],
    ["${server:text}", many("a", "b"), "A + B"],
    ["${server.text}", many("a", "b"), "A + B"],
    ["${server.1}", many("a", "b"), "b"],
    ["${server:queryparam}", many("a", "b="), "var-server=a&var-server=b%3D"],
    ["${server:join: | }", many("a", "b"), "a | b"],
    ["${server:customqueryparam:p:v-}", many("a", "b"), "p=v-a&p=v-b"],
    ["${server:uriencode}", one("/a?q=f()b C"), "/a?q=f%28%29b%20C"],
    ["${server:nosuch}", many("a", "b"), "{a,b}"],
    ["${server:date}", one("1594671549254"), "2020-07-13T20:19:09.254Z"],
    ["${server:date:seconds}", one("1594671549254"), "1594671549"],
    ["${server:date}", one("x"), "NaN"],
  ];
  for (const [text, variable, expected] of cases) {
    expect([text, filled(text, variable)]).toEqual([text, expected]);
  }
});

test("interpolate() keeps values as values within an expression's quotes", () => {
  expect(filled('up{i=~"$server"}', many("a.b", "c"), "promql")).toBe(
    String.raw`up{i=~"(a\\.b|c)"}`,
  );
  expect(filled('up{i=~"$server"}', many("a.b"), "promql")).toBe(String.raw`up{i=~"a\\.b"}`);
  expect(filled("up{i=~`$server`}", many("a.b"), "promql")).toBe("up{i=~`a\\.b`}");
  expect(filled('up{i="$server"}', one(String.raw`C:\x"`), "promql")).toBe(
    String.raw`up{i="C:\\x\""}`,
  );
  expect(filled('a{b="\\"$server"}', one('"'), "promql")).toBe('a{b="\\"\\""}');
  expect(filled("topk($server, up)", one("5"), "promql")).toBe("topk(5, up)");
  expect(filled('{a=~"${server:raw}"}', many("x.y"), "logql")).toBe('{a=~"x.y"}');
});

test("interpolate() takes a variable's own text for all as it is, with the variables it names", () => {
  const variables = new Map<string, VariableValue>([
    ["all", { values: [".*$a"], texts: ["All"], all: true, raw: true, multi: true }],
    ["a", one("1")],
    ["loop", { values: ["$loop"], texts: ["All"], all: true, raw: true }],
  ]);
  expect(interpolate('x{y=~"$all"} ${all:text} ${all:regex}', variables, "promql")).toBe(
    'x{y=~".*1"} All .*1',
  );
  expect(interpolate("$loop", variables)).toBe("$loop");
});

test("globalVariables() tells steps and ranges as Grafana does", () => {
  const globals = globalVariables({
    window: { startMs: 1_594_671_549_254, endMs: 1_594_675_149_254 },
    stepMs: 15_000,
    scrapeMs: 15_000,
    timeZone: "utc",
    dashboard: { title: "Nodes", uid: "n" },
  });
  expect(
    interpolate(
      "[$__interval] $__interval_ms [$__rate_interval] [$__range] $__range_s $__range_ms $__from ${__to:date:seconds}",
      globals,
    ),
  ).toBe("[15s] 15000 [1m] [3600s] 3600 3600000 1594671549254 1594675149");
  expect(interpolate("$__dashboard ${__dashboard.uid} ${__timezone}", globals)).toBe("Nodes n utc");
});

test("variablesIn() names each variable once", () => {
  expect(variablesIn('a{b="$x", c="${y:csv}", d="[[x]]"}')).toEqual(["x", "y"]);
});

test("dateText() writes patterns in a time zone", () => {
  const ms = Date.UTC(2020, 6, 13, 20, 19, 9, 254);
  expect(dateText(ms, "YYYY-MM-DD HH:mm:ss.SSS Z [at] ddd Do h A", "utc")).toBe(
    "2020-07-13 20:19:09.254 +00:00 at Mon 13th 8 PM",
  );
  expect(dateText(ms, "YYYY-MM-DD HH:mm ZZ DDDD", "Asia/Kolkata")).toBe(
    "2020-07-14 01:49 +0530 196",
  );
});
