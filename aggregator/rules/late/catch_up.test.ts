import { expect, test } from "bun:test";
import { silentLogger } from "#shared/runtime/log.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { LogqlConfig } from "../../query/logql/config.ts";
import { logqlLimits } from "../../query/logql/evaluate.ts";
import { memoryLogs } from "../../query/memory_logs.fixture.ts";
import { MemoryMetrics } from "../../query/memory_metrics.ts";
import { PromqlConfig, createPromqlEngine } from "../../query/promql/engine.ts";
import { QueryMemory } from "../../read/memory/query_memory.ts";
import type { AskRange } from "../backtest/backtest.ts";
import { GroupEvaluation } from "../group_evaluation.ts";
import type { AlertingRule } from "../rule.ts";
import { noSql } from "../../query/sql/sql_engine.fixture.ts";
import { sqlAtOf } from "../backtest/sql_range.ts";
import { ruleQuery, ruleRangeQuery } from "../rule_query.ts";
import type { SentAlert } from "../sent_alerts.ts";
import { Affected } from "../unknown/affected.ts";
import type { Missing } from "../unknown/missing_data.ts";
import { catchUp } from "./catch_up.ts";

const minuteMs = 60_000;
/** A round time: evaluations lie on multiples of the interval. */
const startMs = 1_000_000 * minuteMs;
const rule: AlertingRule = {
  kind: "alerting",
  name: "Hot",
  expr: "max by (room) (max_over_time(celsius[1m])) > 30",
  query: "",
  language: "promql",
  labels: { severity: "page" },
  annotations: { summary: "{{ $labels.room }} has {{ $value }}" },
  forMs: minuteMs,
  keepFiringMs: 0,
};

/** A rule over rooms; the agents of rooms can be missing, and their data can come late. */
function stage(changed: Partial<AlertingRule> = {}) {
  const metrics = new MemoryMetrics();
  const asked = {
    engine: createPromqlEngine(metrics, PromqlConfig.parse({}), systemClock),
    metrics,
    logs: memoryLogs([]),
    sql: sqlAtOf(noSql, "default"),
    limits: logqlLimits(LogqlConfig.parse({})),
    memory: new QueryMemory({ bytesMax: 64 * 1_024 * 1_024, limitName: "test" }),
    tenant: "default",
    signal: new AbortController().signal,
  };
  const sent: SentAlert[] = [];
  const state = {
    away: new Set<string>(),
    sinceMs: 0,
    backlog: new Set<string>(),
    learned: 0,
    failure: "",
  };
  const sendAlerts = (alerts: readonly SentAlert[]) => void sent.push(...alerts);
  const ask = ruleQuery(asked);
  const askRange = ruleRangeQuery(asked);
  const parts = {
    ask,
    askRange: (...range: Parameters<AskRange>) =>
      state.failure === "" ? askRange(...range) : Promise.reject(new Error(state.failure)),
    log: silentLogger,
    hasArrived: (agent: string) => !state.away.has(agent) && !state.backlog.has(agent),
    sendAlerts,
    onLearned: (_: unknown, alerts: number) => void (state.learned += alerts),
  };
  const affectedOf = new Map<string, Affected>();
  const missing = async (): Promise<Missing | undefined> => {
    if (state.away.size === 0) return undefined;
    return new Map(
      [...state.away].map((room) => {
        const affected =
          affectedOf.get(room) ?? new Affected([{ room }], new Set(["severity", "alertname"]));
        affectedOf.set(room, affected);
        const { sinceMs } = state;
        const agent = {
          agent: room,
          name: room,
          reason: "silent" as const,
          sinceMs,
          signals: ["metrics" as const],
        };
        return [room, { agent, affected }];
      }),
    );
  };
  const group = {
    name: "g",
    file: "f",
    intervalMs: minuteMs,
    queryOffsetMs: 0,
    limit: 0,
    rules: [{ ...rule, ...changed }],
  };
  const evaluation = new GroupEvaluation(group, {
    ask,
    externalLabels: { region: "eu" },
    externalUrl: "http://here",
    isRestored: true,
    now: () => Date.now(),
    monotonic: () => performance.now(),
    newSeries: () => ({ write: () => {} }),
    missing,
    catchUp: (one, of, scope) => catchUp(one, of, scope, parts),
    sendAlerts,
    onEvaluated: () => {},
    onFailure: (_, __, reason) => {
      throw new Error(reason);
    },
  });
  return {
    state,
    sent,
    rule: () => evaluation.rules[0],
    shown: () =>
      (evaluation.rules[0]?.alerting?.all ?? []).map(
        (alert) => `${alert.labels["room"]} ${alert.state}`,
      ),
    /** What a room had from a minute to another. */
    add: (room: string, from: number, to: number, value: number) => {
      for (let minute = from; minute <= to; minute++)
        metrics.add({ __name__: "celsius", room }, startMs + minute * minuteMs, value);
    },
    at: (minute: number) => evaluation.evaluate(startMs + minute * minuteMs),
    leave: (room: string, minute: number) => {
      state.away.add(room);
      state.sinceMs = startMs + minute * minuteMs;
    },
  };
}

const timeOf = (minute: number) =>
  new Date(startMs + minute * minuteMs).toISOString().replace(".000Z", "Z");

test("while an agent is missing its alerts stay and none begin; others go on", async () => {
  const { add, at, shown, leave, rule: of } = stage();
  add("a", 0, 2, 40);
  add("b", 0, 20, 40);
  add("c", 3, 20, 40);
  for (const minute of [0, 1, 2]) await at(minute);
  expect(shown()).toEqual(["a firing", "b firing"]);
  leave("a", 2);
  for (const minute of [3, 4, 5]) await at(minute);
  expect(shown()).toEqual(["a firing", "b firing", "c firing"]);
  expect(of()?.missing?.has("a")).toBe(true);
  expect([of()?.health, of()?.lastError]).toEqual(["ok", ""]);
  leave("d", 4);
  add("d", 5, 8, 90);
  await at(6);
  expect(shown()).not.toContain("d pending");
});

test("late data show an alert that is over: it is noted, and notified of with the times", async () => {
  const { add, at, leave, state, sent, rule: of, shown } = stage();
  add("a", 0, 2, 20);
  await at(1);
  leave("a", 2);
  for (const minute of [3, 4, 5, 6, 7, 8, 9, 10]) await at(minute);
  // It comes back with data for all of the time, but not at once.
  add("a", 3, 5, 50);
  add("a", 6, 20, 20);
  state.away.clear();
  state.backlog.add("a");
  await at(11);
  expect(sent).toEqual([]);
  expect(of()?.missing).toBeUndefined();
  state.backlog.clear();
  await at(12);
  const labels = { alertname: "Hot", room: "a", severity: "page" };
  expect(of()?.learned).toEqual([
    {
      labels,
      firedMs: startMs + 4 * minuteMs,
      endedMs: startMs + 6 * minuteMs,
      learnedMs: startMs + 12 * minuteMs,
    },
  ]);
  const learned = `fired at ${timeOf(4)}, resolved at ${timeOf(6)}, learned at ${timeOf(12)}`;
  expect(sent).toMatchObject([
    {
      labels: { ...labels, region: "eu" },
      annotations: { summary: "a has 50", learned },
      startsAtMs: startMs + 4 * minuteMs,
    },
  ]);
  expect(sent[0]?.endsAtMs).toBeGreaterThan(startMs + 12 * minuteMs);
  expect([state.learned, shown()]).toEqual([1, []]);
  await at(13);
  expect(sent).toHaveLength(1);
});

test("late data show an alert that goes on: it fires since then, and says so", async () => {
  const { add, at, leave, state, sent, shown, rule: of } = stage();
  add("a", 0, 2, 20);
  await at(2);
  leave("a", 2);
  await at(5);
  add("a", 3, 20, 50);
  state.away.clear();
  await at(10);
  expect(shown()).toEqual(["a firing"]);
  expect(of()?.alerting?.active).toMatchObject([{ firedMs: startMs + 4 * minuteMs, value: 50 }]);
  const learned = `fired at ${timeOf(4)}, learned at ${timeOf(10)}`;
  expect(sent).toMatchObject([{ annotations: { summary: "a has 50", learned } }]);
  expect(sent[0]?.endsAtMs).toBeGreaterThan(startMs + 10 * minuteMs);
});

test("an alert that fired before and goes on is nothing new; one that waits for `for` counts from when it began", async () => {
  const { add, at, leave, state, rule: of, shown } = stage({ forMs: 10 * minuteMs });
  add("a", 0, 2, 20);
  await at(2);
  leave("a", 2);
  await at(3);
  add("a", 3, 9, 50);
  state.away.clear();
  await at(8);
  expect(shown()).toEqual(["a pending"]);
  expect(of()?.alerting?.active).toMatchObject([{ activeMs: startMs + 3 * minuteMs }]);

  const other = stage();
  other.add("a", 0, 20, 50);
  for (const minute of [0, 1, 2]) await other.at(minute);
  other.leave("a", 2);
  await other.at(3);
  other.state.away.clear();
  await other.at(8);
  expect([other.rule()?.learned, other.shown()]).toEqual([[], ["a firing"]]);
});

test("agents that stay away do not keep others' late data from being learned", async () => {
  const { add, at, leave, state, rule: of } = stage();
  add("a", 0, 2, 20);
  leave("gone", 1);
  leave("a", 2);
  await at(3);
  state.away.delete("a");
  add("a", 3, 5, 50);
  add("a", 6, 12, 20);
  await at(10);
  expect(of()?.learned).toMatchObject([{ labels: { room: "a" } }]);
  expect([...(of()?.unknown.keys() ?? [])]).toEqual(["gone"]);
});

test("what cannot be evaluated again is not tried for ever, and keeps nothing from the evaluation", async () => {
  const { add, at, leave, state, shown, rule: of } = stage();
  add("a", 0, 2, 20);
  leave("a", 2);
  await at(3);
  add("a", 3, 20, 50);
  state.away.clear();
  state.failure = "too many samples";
  await at(8);
  expect([of()?.unknown.size, of()?.learned, of()?.health]).toEqual([0, [], "ok"]);
  expect(shown()).toEqual(["a pending"]);
});
