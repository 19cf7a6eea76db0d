import { afterAll, expect, test } from "bun:test";
import { memoryLogs } from "../../query/memory_logs.fixture.ts";
import { MemoryMetrics } from "../../query/memory_metrics.ts";
import { PromqlConfig } from "../../query/promql/engine.ts";
import { expressionCost } from "./expression_cost.ts";
import { ruleCosts } from "./rule_costs.ts";
import { openSqlEngine } from "../../query/sql/sql_engine.fixture.ts";
import type { ExpressionLanguage, Rule, RuleGroup } from "../rule.ts";

const secondMs = 1_000;
const nowMs = 7_200 * secondMs;
const metrics = new MemoryMetrics();
// Ten hosts with a sample each 15 s, two with one each minute, and one that ended an hour ago.
for (let i = 0; i < 480; i++)
  for (let host = 0; host < 10; host++)
    metrics.add({ __name__: "load", host: `h${host}`, job: "node" }, (i + 1) * 15 * secondMs, i);
for (let i = 0; i < 120; i++)
  for (const queue of ["a", "b"])
    metrics.add({ __name__: "depth", queue }, (i + 1) * 60 * secondMs, i);
metrics.add({ __name__: "load", host: "old", job: "node" }, 3_000 * secondMs, 1);
// A label more than another series has: it must not be counted for that.
metrics.add({ __name__: "depth", queue: "a", shard: "1" }, nowMs, 1);

const record = (second: number, app: string) => ({
  timestampNs: BigInt(second) * 1_000_000_000n,
  stream: { app },
  body: "failed",
  severity: 17,
});
const logs = memoryLogs([
  ...Array.from({ length: 100 }, (_, i) => record(7_101 + i, "shop")),
  record(7_150, "db"),
]);
// Plans read no data, so they are of an engine without any.
const opened = await openSqlEngine({ metrics: [] });
afterAll(opened.close);
const parts = {
  sql: opened.engine,
  metrics,
  logs,
  promql: PromqlConfig.parse({}),
  tenant: "default",
};
const costOf = async (expr: string, language: ExpressionLanguage = "promql") => {
  const { series, samples, reads } = await expressionCost({ expr, language }, nowMs, parts);
  return [series, samples, reads.map((read) => read.selector)];
};

test.each([
  // An instant selector looks at one sample of each series.
  ["load > 3", 10, 10, ['{__name__="load"}']],
  ["sum(rate(load[5m])) > 1", 10, 200, ['{__name__="load"}']],
  ["rate(load[5m]) / rate(load[5m])", 10, 200, ['{__name__="load"}']],
  ["increase(load[5m] offset 1h)", 10, 200, ['{__name__="load"}']],
  ["avg_over_time(depth[10m])", 3, 21, ['{__name__="depth"}']],
  // A subquery reads as far back as it goes, and its look-back before that.
  ["max_over_time(load[10m:1m])", 10, 560, ['{__name__="load"}']],
  ["load > on() group_left() depth", 13, 13, ['{__name__="load"}', '{__name__="depth"}']],
  ['{job="node"}', 10, 10, ['{job="node"}']],
  ["nothing_here > 1", 0, 0, ['{__name__="nothing_here"}']],
  ["vector(1)", 0, 0, []],
])("%s reads %d series and %d samples", async (expr, series, samples, selectors) => {
  expect(await costOf(expr)).toEqual([series, samples, selectors]);
});

test.each([
  ['sum(count_over_time({app="shop"}[1m])) > 1', 1, 60],
  ['sum(rate({app=~".+"} |= "x" [2m]))', 2, 101],
  ['rate({app="shop"}[1m] offset 1m) > rate({app="shop"}[1m] offset 1m)', 1, 40],
  ['quantile_over_time(0.5, {app="none"} | unwrap a [5m])', 0, 0],
])("%s reads %d streams and %d lines", async (expr, streams, lines) => {
  expect((await costOf(expr, "logql")).slice(0, 2)).toEqual([streams, lines]);
});

const lately = "timestamp > now()::TIMESTAMP - INTERVAL '299 seconds'";
test.each([
  ["SELECT 1 AS value", 0, 0],
  [`SELECT max(value) AS value FROM metrics WHERE name = 'load' AND ${lately}`, 10, 200],
  [`SELECT max(value) AS value FROM metrics WHERE name IN ('depth', 'a.b') AND ${lately}`, 3, 11],
  // What is compared with a label is read before it is compared.
  [
    `SELECT 1 AS value FROM metrics WHERE name = 'load' AND labels['host'] = 'h1' AND ${lately}`,
    10,
    200,
  ],
  [
    `SELECT count(*) AS value FROM logs WHERE timestamp > now()::TIMESTAMP - INTERVAL '59 seconds'`,
    2,
    60,
  ],
  ["SELECT count(*) AS value FROM metrics_tiers", undefined, undefined],
  [
    `SELECT 1 AS value FROM metrics_tiers, metrics WHERE metrics.name = 'load'`,
    undefined,
    undefined,
  ],
])("%s reads %p series and %p samples", async (sql, series, samples) => {
  expect((await costOf(sql, "sql")).slice(0, 2)).toEqual([series, samples]);
});

test("a statement without a condition on name reads all series", async () => {
  const [series, , selectors] = await costOf(
    `SELECT max(value) AS value FROM metrics WHERE ${lately}`,
    "sql",
  );
  expect([series, selectors]).toEqual([13, ['{__name__=~".+"}']]);
});

test("an expression that cannot be read is refused", () => {
  expect(costOf("sum(")).rejects.toThrow("parse error");
  expect(costOf("SELECT FROM", "sql")).rejects.toThrow("SQL: ");
});

const rule = (name: string, expr: string): Rule => ({
  kind: "recording",
  name,
  expr,
  query: expr,
  language: "promql",
  labels: {},
});
const group = (intervalMs: number, ...rules: Rule[]): RuleGroup => ({
  name: `each ${intervalMs}`,
  file: "f",
  intervalMs,
  queryOffsetMs: 0,
  limit: 0,
  rules,
});

test("ruleCosts() gives each rule its share of the samples a second, the most costly first", async () => {
  const groups = [
    group(10_000, rule("often", "load"), rule("bad", "load[5m] +")),
    group(60_000, rule("wide", "rate(load[5m])")),
  ];
  const costs = await ruleCosts(groups, (one) => expressionCost(one, nowMs, parts));
  expect(
    costs.map(({ name, samplesPerSecond, share }) => [
      name,
      Math.round(100 * samplesPerSecond) / 100,
      Math.round(100 * share),
    ]),
  ).toEqual([
    ["wide", 3.33, 77],
    ["often", 1, 23],
    ["bad", 0, 0],
  ]);
  expect(costs.at(-1)?.failure).toContain("parse error");
  const aborted = ruleCosts(groups, () => Promise.reject(new Error("no")), AbortSignal.abort());
  expect(aborted).rejects.toThrow();
});
