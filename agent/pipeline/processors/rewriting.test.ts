import { expect, test } from "bun:test";
import { chainOf, processed, refusals } from "#test/support/processed.ts";
import { ProcessorsConfig } from "./config.ts";
import { linesBatch } from "#test/support/lines_batch.ts";

const only = (entries: readonly unknown[], line: string) => processed(entries, [line]).records[0];
const rules = (...relabel_configs: unknown[]) => ({ type: "relabel", relabel_configs });
/** Of three lines, those that a match is for. */
const kept = (match: string) =>
  bodies([{ type: "logfmt" }, { type: "keep", only: match }], ["a=1 b=1", "a=1 b=2", "a=3"]);
const bodies = (entries: readonly unknown[], lines: readonly string[]) =>
  processed(entries, lines).records.map(({ body }) => body);

test("fields of a parser take a map of new names, one field under more than one", () => {
  const fields = { ts: "time", at: "time", msg: "message_text" };
  const line = '{"time":"12:00","message":{"text":"hi"},"x":1}';
  expect(only([{ type: "json", fields }], line)?.attributes).toEqual({
    ts: "12:00",
    at: "12:00",
    msg: "hi",
  });
  expect(only([{ type: "json", fields: ["message"] }], line)?.attributes).toEqual({
    message: '{"text":"hi"}',
  });
});

test("format makes the body or an attribute by a template; .Value is what stands there, .Entry the body", () => {
  const parsed = { type: "logfmt" };
  expect(
    only([parsed, { type: "format", template: "{{.level}}: {{.Value}}" }], "level=warn x=1")?.body,
  ).toBe("warn: level=warn x=1");
  const upper = { type: "format", to: "level", template: "{{ .Value | ToUpper }}{{ .absent }}" };
  expect(only([parsed, upper], "level=warn")?.attributes.level).toBe("WARN");
  const job = { type: "format", to: "who", template: "{{.job}}/{{.Entry}}" };
  expect(only([job], "line")?.attributes.who).toBe("test/line");
  const copy = { type: "format", to: "job", template: "{{.job}}" };
  expect(only([copy], "line")?.attributes).toEqual({ job: "test" });
  const gone = { type: "format", to: "level", template: '{{ Replace .Value "warn" "" -1 }}' };
  expect(only([parsed, gone], "level=warn x=1")?.attributes).toEqual({ x: "1" });
  expect(only([{ type: "format", template: "{{.absent}}" }], "stays")?.body).toBe("stays");
  expect(refusals([{ type: "format", template: "{{.a" }])).toEqual([
    expect.stringMatching(/^0\.template: /),
  ]);
});

test("replace puts other text for matches or for what groups took", () => {
  const lines = ["password=abc user=x password=de", "nothing"];
  const pattern = String.raw`password=(\S+)`;
  expect(bodies([{ type: "replace", pattern, with: "***" }], lines)).toEqual([
    "*** user=x ***",
    "nothing",
  ]);
  expect(bodies([{ type: "replace", pattern, with: "<$1>", part: "groups" }], lines)[0]).toBe(
    "password=<abc> user=x password=<de>",
  );
  const template = "{{ .Value | ToUpper }}";
  expect(bodies([{ type: "replace", pattern, template, part: "groups" }], lines)[0]).toBe(
    "password=ABC user=x password=DE",
  );
  const colours = { type: "replace", pattern: String.raw`\x1b\[[0-9;]*m`, with: "" };
  expect(bodies([colours], ["\u001b[0;32mok\u001b[0m"])).toEqual(["ok"]);
  const inField = { type: "replace", from: "user", pattern: "^(.).*", with: "${1}.$$" };
  expect(only([{ type: "logfmt" }, inField], "user=anna")?.attributes.user).toBe("a.$");
  expect(refusals([{ type: "replace", pattern: "x" }])[0]).toContain("either with or template");
});

test("relabel works by Prometheus's rules on labels, reads attributes, and drops", () => {
  const upper = { source_labels: ["job"], action: "uppercase", target_label: "job" };
  expect(only([rules(upper)], "a")?.stream).toEqual({ job: "TEST" });
  const pid = { source_labels: ["__attribute_pid"], target_label: "pid" };
  const found = only([{ type: "logfmt" }, rules(pid)], "pid=7 x=1");
  expect(found?.stream).toEqual({ job: "test", pid: "7" });
  expect(found?.attributes).toEqual({ pid: "7", x: "1" });
  const map = { action: "labelmap", regex: "__attribute_(x.*)" };
  expect(only([{ type: "logfmt" }, rules(map)], "x1=a y=b")?.stream).toEqual({
    job: "test",
    x1: "a",
  });
  const drop = { source_labels: ["__attribute_x"], regex: "1", action: "drop" };
  const { records, drops } = processed([{ type: "logfmt" }, rules(drop)], ["x=1", "x=2"]);
  expect(records.map(({ body }) => body)).toEqual(["x=2"]);
  expect(drops).toEqual({ relabel: 1 });
});

test("drop goes by age and length, too, and only where both and the match hold", () => {
  expect(bodies([{ type: "drop", longer_than: 3 }], ["abc", "abcd"])).toEqual(["abc"]);
  const clock = {
    now: () => 1_700_000_060_000,
    monotonic: () => 0,
    sleep: async () => {},
  };
  const left = (entry: object) =>
    chainOf([{ type: "drop", ...entry }], clock).take(linesBatch(["a", "bbbb"])).records.length;
  expect(left({ older_than: "1h" })).toBe(2);
  expect(left({ older_than: "30s" })).toBe(0);
  expect(left({ older_than: "30s", longer_than: "2B" })).toBe(1);
  expect(left({ older_than: "30s", match: '{job="other"}' })).toBe(2);
});

test("rate_limit tells apart by all labels, by some, or not at all", () => {
  const lines = ["app=a", "app=b", "app=a", "app=b"];
  const parse = [{ type: "logfmt" }, { type: "labels", promote: ["app"] }];
  const left = (more: object) =>
    bodies([...parse, { type: "rate_limit", records_per_second: 1, ...more }], lines).length;
  expect([left({}), left({ by: ["app"] }), left({ by: ["job"] }), left({ by: [] })]).toEqual([
    2, 2, 1, 1,
  ]);
});

test("labels keeps only those named in keep, promoted ones among them", () => {
  const entry = { type: "labels", promote: ["app", "pod"], static: { env: "x" }, keep: ["app"] };
  expect(only([{ type: "logfmt" }, entry], "app=a pod=b")?.stream).toEqual({ app: "a" });
});

test("match joins label filters by and, or and parentheses; {} is any stream", () => {
  expect(kept('{} | a="1" and b="2"')).toEqual(["a=1 b=2"]);
  expect(kept('{} | b="1" or a > 2')).toEqual(["a=1 b=1", "a=3"]);
  expect(kept('{ } | (a="3" or b="2") , a >= 2')).toEqual(["a=3"]);
  expect(kept("{}")).toHaveLength(3);
  expect(refusals([{ type: "keep", only: "{a}" }])).toHaveLength(1);
});

test.each([
  ['{} | json | a="1"', '"| json" is not evaluated by processors'],
  ['{} |> "<_> x"', '"|>" is not evaluated by processors'],
  ["{} | took > 5s", 'comparing "took" as a duration is not evaluated by processors'],
  ['{} |= ip("10.0.0.0/8")', 'a line filter by "ip" is not evaluated by processors'],
  ['count_over_time({a="b"}[5m])', "parse error at line 1, col 1: expected a selector of streams"],
  ['{job="x"', "parse error at line 1, col 9"],
  ['{job=~"("}', "regular expression"],
])("a match %s is refused, and says what is wrong", (match, why) => {
  const { error } = ProcessorsConfig.safeParse([{ type: "drop", match }]);
  expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringContaining(why)]);
});

test("a group asks its match once, before its processors change what it asked for", () => {
  const group = {
    type: "group",
    match: '{job="test"} |= "secret"',
    processors: [
      { type: "replace", pattern: "secret", with: "x" },
      { type: "format", template: "{{.Value}}!" },
      { type: "drop", match: '{} |= "drop"' },
    ],
  };
  const { records, drops } = processed([group], ["secret", "other", "secret drop"]);
  expect(records.map(({ body }) => body)).toEqual(["x!", "other"]);
  expect(drops).toEqual({ processor: 1 });
  const bad = { type: "group", processors: [{ type: "drop" }, { type: "nope" }], x: 1 };
  expect(refusals([bad])).toEqual(["0.x: no such key"]);
  const { x: _, ...unknown } = bad;
  expect(refusals([unknown])).toEqual([
    expect.stringMatching(/^0\.processors\.1\.type: expected one of .*drop.*group/),
  ]);
  let deep: object = { type: "drop" };
  for (let i = 0; i < 7; i++) deep = { type: "group", processors: [deep] };
  expect(refusals([deep])[0]).toContain("at most 5 deep");
});
