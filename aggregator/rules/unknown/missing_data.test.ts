import { expect, test } from "bun:test";
import { type Labels, metricNameLabel } from "#shared/model/labels.ts";
import type { StatementRead } from "../../query/sql/statement_reads.ts";
import type { AgentFeed, MissingAgent } from "../../read/missing_agent.ts";
import type { ExpressionLanguage, Rule } from "../rule.ts";
import { UnknownConfig } from "./config.ts";
import { MissingData, type RecordingView, affects, missingText } from "./missing_data.ts";

const config = UnknownConfig.parse({});
const rule = (expr: string, more: object = {}): Rule => ({
  kind: "alerting",
  name: "Alert",
  expr,
  query: expr,
  language: "promql" as ExpressionLanguage,
  labels: {},
  annotations: {},
  forMs: 0,
  keepFiringMs: 0,
  ...more,
});
const logRule = (expr: string) => rule(expr, { language: "logql" });

const missing = (more: Partial<MissingAgent> = {}): MissingAgent => ({
  agent: "id-a",
  name: "a",
  reason: "silent",
  sinceMs: 0,
  signals: ["metrics", "logs"],
  ...more,
});

function feed(metrics: readonly Labels[], streams: readonly Labels[] = [], revision = 1) {
  const asked = { metrics: 0 };
  const found: AgentFeed = {
    revision,
    index: async () => {},
    metric: (name) => metrics.filter((labels) => labels[metricNameLabel] === name),
    metrics: () => {
      asked.metrics++;
      return metrics;
    },
    streams: () => streams,
  };
  return { ...found, asked };
}

const load = (instance: string): Labels => ({ __name__: "load", instance, job: "node" });

function data(
  feeds: Readonly<Record<string, AgentFeed>>,
  agents: readonly MissingAgent[] = [missing()],
  recordings: readonly RecordingView[] = [],
  reads: readonly StatementRead[] = [],
): MissingData {
  const source = {
    list: () => agents,
    hasArrived: () => false,
    feedOf: async (agent: string) => feeds[agent],
  };
  return new MissingData(
    source,
    () => recordings,
    async () => reads,
  );
}

test.each([
  ["load > 1", { instance: "a" }, true],
  ["load > 1", { instance: "b" }, false],
  // A result without a label that a series has may be about that series.
  ["sum(load) > 1", {}, true],
  ["sum by (job) (load) > 1", { job: "node" }, true],
  ["sum by (job) (load) > 1", { job: "db" }, false],
  // What the expression writes into a label says nothing of the series.
  ['label_replace(load, "instance", "x", "", "")', { instance: "x" }, true],
  ['count_values("job", load)', { job: "5" }, true],
  ['{__name__=~"lo.*"} > 1', { instance: "a" }, true],
])("of() finds that %s with %j is about a silent agent: %p", async (expr, labels, expected) => {
  const found = await data({ "id-a": feed([load("a")]) }).of(rule(expr), config);
  expect(affects(found, labels)).toBe(expected);
});

test.each(["memory > 1", 'load{instance="b"} > 1', "vector(1)", "1 > bool 0"])(
  "of() knows that %s reads nothing of a silent agent",
  async (expr) => {
    expect(await data({ "id-a": feed([load("a")]) }).of(rule(expr), config)).toBeUndefined();
  },
);

test("of() passes over labels that the rule sets, and compares those of the data", async () => {
  const given = data({ "id-a": feed([load("a")]) });
  const found = await given.of(rule("load > 1", { labels: { job: "{{ $value }}" } }), config);
  expect(affects(found, { alertname: "Alert", instance: "a", job: "7" })).toBe(true);
  expect(affects(found, { alertname: "Alert", instance: "b", job: "7" })).toBe(false);
});

test("of() compares rules over logs with streams, and only while logs are missing", async () => {
  const feeds = { "id-a": feed([load("a")], [{ app: "shop" }]) };
  const counts = 'sum by (app) (count_over_time({app="shop"}[1m])) > 1';
  const found = await data(feeds).of(logRule(counts), config);
  expect([affects(found, { app: "shop" }), affects(found, { app: "x" })]).toEqual([true, false]);
  const late = [missing({ signals: ["metrics"], reason: "late" })];
  expect(await data(feeds, late).of(logRule(counts), config)).toBeUndefined();
  expect(await data(feeds, late).of(rule("load"), config)).toBeDefined();
});

const read = (view: StatementRead["view"], names?: readonly string[]): StatementRead => ({
  view,
  names,
  startMs: 0,
  endMs: 1,
});
test.each([
  [[read("metrics", ["load"])], true],
  [[read("metrics_tiers", ["load", "other"])], true],
  [[read("metrics")], true],
  [[read("metrics", ["memory"])], false],
  [[read("metrics", ["memory"]), read("logs")], true],
  [[read("logs")], true],
  [[], false],
] satisfies [StatementRead[], boolean][])(
  "of() finds that a statement that reads %j lacks data of a silent agent: %p",
  async (reads, expected) => {
    const given = data({ "id-a": feed([load("a")], [{ app: "x" }]) }, [missing()], [], reads);
    const found = await given.of(rule("SELECT", { language: "sql" }), config);
    expect(found !== undefined).toBe(expected);
  },
);

test("of() holds all alerts of a statement, and with data_labels those that may be about the agent", async () => {
  const reads = [read("metrics", ["load"])];
  const given = data({ "id-a": feed([load("a")]) }, [missing()], [], reads);
  const any = await given.of(rule("SELECT", { language: "sql" }), config);
  expect(affects(any, { instance: "b" })).toBe(true);
  const own = { language: "sql", dataLabels: ["instance"] };
  const named = await given.of(rule("SELECT", own), config);
  const held = ["a", "b"].map((instance) => affects(named, { instance, job: "made up" }));
  expect(held).toEqual([true, false]);
});

test("of() lets a statement over metrics alone go on while only logs are late", async () => {
  const late = [missing({ signals: ["logs"], reason: "late" })];
  const feeds = { "id-a": feed([load("a")], [{ app: "x" }]) };
  const sql = rule("SELECT", { language: "sql" });
  expect(await data(feeds, late, [], [read("metrics")]).of(sql, config)).toBeUndefined();
  expect(
    await data(feeds, late, [], [read("metrics"), read("logs")]).of(sql, config),
  ).toBeDefined();
});

test("of() leaves rules alone that ask for absence, and those that the configuration excepts", async () => {
  const given = data({ "id-a": feed([load("a")]) });
  const off = UnknownConfig.parse({ enabled: false, except: ["Other"] });
  const excepted = UnknownConfig.parse({ except: ["Alert"] });
  for (const expr of ['absent(load{job="node"})', "absent_over_time(load[5m]) or load > 3"])
    expect(await given.of(rule(expr), config)).toBeUndefined();
  expect(await given.of(logRule('absent_over_time({app="shop"}[5m])'), config)).toBeUndefined();
  expect(await given.of(rule("load"), excepted)).toBeUndefined();
  expect(await given.of(rule("load"), off)).toBeUndefined();
  expect(await given.of(rule("load", { name: "Other" }), off)).toBeDefined();
});

test("of() follows recording rules: an alert lacks what they lack, but not the labels that they set", async () => {
  const recording: Rule = {
    kind: "recording",
    name: "job:load:sum",
    expr: "sum by (job, instance) (load)",
    query: "",
    language: "promql",
    labels: { job: "all" },
  };
  const feeds = { "id-a": feed([load("a")]) };
  const lacking = await data(feeds).of(recording, config);
  const given = data(feeds, [missing()], [{ rule: recording, missing: lacking }]);
  const found = await given.of(rule("job:load:sum > 1"), config);
  expect(affects(found, { job: "all", instance: "a" })).toBe(true);
  expect(affects(found, { job: "all", instance: "b" })).toBe(false);
  expect(await given.of(rule("job:memory:sum > 1"), config)).toBeUndefined();
});

test("of() looks at the series of an agent again only when those have changed", async () => {
  const feeds: Record<string, ReturnType<typeof feed>> = { "id-a": feed([load("a")]) };
  const given = data(feeds);
  const any = rule('{job="node"}');
  const first = await given.of(any, config);
  await given.of(any, config);
  expect(feeds["id-a"]?.asked.metrics).toBe(1);
  feeds["id-a"] = feed([load("a"), load("c")], [], 2);
  const second = await given.of(any, config);
  expect([affects(first, { instance: "c" }), affects(second, { instance: "c" })]).toEqual([
    false,
    true,
  ]);
});

test("of() takes every result to be about an agent with too many series", async () => {
  const many = Array.from({ length: 20_001 }, (_, i) => load(`i${i}`));
  const found = await data({ "id-a": feed(many) }).of(rule("load"), config);
  expect(affects(found, { instance: "elsewhere" })).toBe(true);
});

test("missingText() names agents, why, and since when, and counts those beyond ten", async () => {
  const agents = Array.from({ length: 12 }, (_, i) =>
    missing({ agent: `id-${i}`, name: `host-${i}`, reason: i === 0 ? "late" : "silent" }),
  );
  const feeds = Object.fromEntries(agents.map(({ agent }) => [agent, feed([load(agent)])]));
  const found = await data(feeds, agents).of(rule("load"), config);
  const text = found === undefined ? "" : missingText(found);
  expect(text).toStartWith(
    "data of agents are missing: host-0 (late since 1970-01-01T00:00:00.000Z), host-1 (silent since",
  );
  expect(text).toEndWith("host-9 (silent since 1970-01-01T00:00:00.000Z) and 2 more");
});
