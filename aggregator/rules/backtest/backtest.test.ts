import { expect, test } from "bun:test";
import type { AlertingRule, RuleGroup } from "../rule.ts";
import { type RangeSeries, backtest } from "./backtest.ts";

const minuteMs = 60_000;
const rule: AlertingRule = {
  kind: "alerting",
  name: "High",
  expr: "x > 1",
  query: "x > 1",
  language: "promql",
  labels: { severity: "page", of: "{{ $labels.host }}" },
  annotations: { summary: '{{ query "never asked" }}' },
  forMs: 2 * minuteMs,
  keepFiringMs: 0,
};
const group = (changed: Partial<RuleGroup> = {}): RuleGroup => ({
  name: "g",
  file: "f",
  intervalMs: minuteMs,
  queryOffsetMs: 0,
  limit: 0,
  rules: [rule],
  ...changed,
});

/** Answers with series that have a sample at the given minutes; says which ranges were asked for. */
function parts(minutes: Readonly<Record<string, readonly number[]>>) {
  const asked: string[] = [];
  return {
    asked,
    parts: {
      askRange: async (_: unknown, range: { startMs: number; endMs: number; stepMs: number }) => {
        asked.push(`${range.startMs / minuteMs}..${range.endMs / minuteMs}`);
        return Object.entries(minutes).map(([host, at]): RangeSeries => {
          const timesMs = at
            .map((minute) => minute * minuteMs)
            .filter((ms) => ms >= range.startMs && ms <= range.endMs);
          return { labels: { host }, timesMs, values: timesMs.map(() => 2) };
        });
      },
      ask: async () => [],
      externalLabels: {},
      externalUrl: "",
    },
  };
}

const from = (start: number, end: number): number[] =>
  Array.from({ length: end - start + 1 }, (_, i) => start + i);

test("backtest() finds when an alert was pending, fired and ended, for each of its labels", async () => {
  const given = parts({ a: [...from(12, 20), 30], b: [...from(25, 40)] });
  const span = { startMs: 10 * minuteMs, endMs: 40 * minuteMs };
  const { episodes, evaluations } = await backtest(rule, group(), span, given.parts);
  // As long before the start as `for` reaches back.
  expect(given.asked).toEqual(["8..40"]);
  expect(evaluations).toBe(33);
  const a = { alertname: "High", host: "a", of: "a", severity: "page" };
  expect(episodes).toEqual([
    {
      labels: a,
      activeMs: 12 * minuteMs,
      firedMs: 14 * minuteMs,
      endedMs: 21 * minuteMs,
      value: 2,
    },
    {
      labels: { ...a, host: "b", of: "b" },
      activeMs: 25 * minuteMs,
      firedMs: 27 * minuteMs,
      endedMs: undefined,
      value: 2,
    },
    { labels: a, activeMs: 30 * minuteMs, firedMs: undefined, endedMs: 31 * minuteMs, value: 2 },
  ]);
});

test("backtest() leaves out what ended before the start, and asks for the time before by query_offset", async () => {
  const given = parts({ a: [...from(1, 5)] });
  const span = { startMs: 10 * minuteMs, endMs: 12 * minuteMs };
  const slow = { ...rule, forMs: 8 * minuteMs };
  const { episodes } = await backtest(slow, group({ queryOffsetMs: minuteMs }), span, given.parts);
  expect([episodes, given.asked]).toEqual([[], ["1..11"]]);
});

test("backtest() reads a long span in parts, and goes on over their edges", async () => {
  const given = parts({ a: from(4_990, 5_010) });
  const span = { startMs: 2 * minuteMs, endMs: 6_000 * minuteMs };
  const { episodes, evaluations } = await backtest(rule, group(), span, given.parts);
  expect(given.asked).toEqual(["0..4999", "5000..6000"]);
  expect([evaluations, episodes.length]).toEqual([6_001, 1]);
  expect(episodes[0]).toMatchObject({
    activeMs: 4_990 * minuteMs,
    firedMs: 4_992 * minuteMs,
    endedMs: 5_011 * minuteMs,
  });
});

test("a resolved alert that holds again at the next evaluation is another episode", async () => {
  const given = parts({ a: [10, 11, 12, 14, 15, 16] });
  const span = { startMs: 10 * minuteMs, endMs: 20 * minuteMs };
  const now = { ...rule, forMs: 0 };
  const { episodes } = await backtest(now, group(), span, given.parts);
  expect(
    episodes.map(({ activeMs, endedMs = 0 }) => [activeMs / minuteMs, endedMs / minuteMs]),
  ).toEqual([
    [10, 13],
    [14, 17],
  ]);
});
