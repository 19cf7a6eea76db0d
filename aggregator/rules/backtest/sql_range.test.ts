import { afterAll, expect, test } from "bun:test";
import { openSqlEngine } from "../../query/sql/sql_engine.fixture.ts";
import { gauge } from "../../read/store.fixture.ts";
import { backtest } from "./backtest.ts";
import type { AlertingRule } from "../rule.ts";
import { sqlAtOf, sqlRange } from "./sql_range.ts";

const minuteMs = 60_000;
const startMs = Date.UTC(2026, 0, 31, 12);
const at = (minute: number) => startMs + minute * minuteMs;
const minutes = Array.from({ length: 60 }, (_, i) => i);
// Queue "a" is long from minute 20 to 29, "b" in minute 40 alone.
const queue = (name: string, isLong: (minute: number) => boolean) =>
  gauge(
    "queue",
    minutes.map(at),
    minutes.map((minute) => (isLong(minute) ? 9 : 1)),
    { name },
  );
const opened = openSqlEngine({
  metrics: [queue("a", (minute) => minute >= 20 && minute < 30), queue("b", (m) => m === 40)],
});
afterAll(async () => (await opened).close());

const long = `SELECT labels['name'] AS name, max(value) AS value FROM metrics
WHERE name = 'queue' AND timestamp > now()::TIMESTAMP - INTERVAL 1 MINUTE
GROUP BY ALL HAVING max(value) > 5`;
const rule: AlertingRule = {
  kind: "alerting",
  name: "Long",
  expr: long,
  query: long,
  language: "sql",
  labels: {},
  annotations: {},
  forMs: 5 * minuteMs,
  keepFiringMs: 0,
};
const sql = async () => sqlAtOf((await opened).engine, "t");
const signal = new AbortController().signal;

async function tried(intervalMs: number, endMs: number) {
  const of = await sql();
  return backtest(
    rule,
    { name: "g", file: "f", intervalMs, queryOffsetMs: 0, limit: 0, rules: [rule] },
    { startMs, endMs },
    {
      askRange: ({ expr }, range) => sqlRange(of, expr, range, signal),
      ask: async () => [],
      externalLabels: {},
      externalUrl: "",
    },
  );
}

test("a backtest evaluates a statement as of each step, so that alerts fire and end when they would have", async () => {
  const { episodes, evaluations } = await tried(minuteMs, at(59));
  expect(evaluations).toBe(65);
  expect(episodes).toEqual([
    {
      labels: { alertname: "Long", name: "a" },
      activeMs: at(20),
      firedMs: at(25),
      endedMs: at(30),
      value: 9,
    },
    {
      labels: { alertname: "Long", name: "b" },
      activeMs: at(40),
      firedMs: undefined,
      endedMs: at(41),
      value: 9,
    },
  ]);
});

test("more evaluations than a backtest may have are refused before the first one", () => {
  expect(tried(1_000, at(60))).rejects.toThrow(
    "3901 evaluations of SQL: expected at most 2000. Take a shorter span, a longer interval",
  );
});

test("a span ends with the signal, and two rows of the same labels are refused", async () => {
  const range = { startMs, endMs: at(3), stepMs: minuteMs };
  const of = await sql();
  expect(sqlRange(of, long, range, AbortSignal.abort())).rejects.toThrow();
  const twice = "SELECT 'x' AS a, i AS value FROM range(2) t(i)";
  expect(sqlRange(of, twice, range, signal)).rejects.toThrow('two rows have the labels {a="x"}');
});
