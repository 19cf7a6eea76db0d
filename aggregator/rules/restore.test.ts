import { expect, test } from "bun:test";
import { AlertingState } from "./alerting.ts";
import { restoreAlerts, reviveAlerts } from "./restore.ts";

const minuteMs = 60_000;
const graceMs = 10 * minuteMs;

/** An alert with `for: 1h` that holds again after a start at 100 min; since when it is active by what was known before. */
async function restored(before: { readonly sinceMin: number; readonly lastMin: number }) {
  const state = new AlertingState(
    {
      kind: "alerting",
      name: "A",
      expr: "x",
      query: "x",
      language: "promql",
      labels: {},
      annotations: {},
      forMs: 60 * minuteMs,
      keepFiringMs: 0,
    },
    false,
  );
  const timeMs = 100 * minuteMs;
  const scope = { timeMs, externalLabels: {}, externalUrl: "", query: async () => [] };
  // Nothing is written before it is known since when the alert is active.
  expect(await state.evaluate([{ labels: { host: "a" }, value: 1 }], scope, 0)).toEqual([]);
  const labels = { __name__: "ALERTS_FOR_STATE", alertname: "A", host: "a" };
  const known = {
    labels,
    timeMs: before.lastMin * minuteMs,
    activeSince: before.sinceMin * 60,
  };
  restoreAlerts(state, [known], timeMs, graceMs);
  return (state.all[0]?.activeMs ?? 0) / minuteMs;
}

test.each([
  ["held for long enough before: since then", { sinceMin: 10, lastMin: 75 }, 10],
  ["was nearly there: the grace period is left", { sinceMin: 10, lastMin: 65 }, 100 + 10 - 60],
  ["had a while to go: the outage does not count", { sinceMin: 10, lastMin: 40 }, 10 + 60],
])("an alert that %s", async (_, before, expected) => {
  expect(await restored(before)).toBe(expected);
});

test("reviveAlerts() keeps alerts of before a start of which nothing is known now, and leaves the others", async () => {
  const state = new AlertingState(
    {
      kind: "alerting",
      name: "A",
      expr: "x",
      query: "x",
      language: "promql",
      labels: {},
      annotations: { summary: "{{ $labels.host }}" },
      forMs: 5 * minuteMs,
      keepFiringMs: 0,
    },
    false,
  );
  const timeMs = 100 * minuteMs;
  const scope = { timeMs, externalLabels: {}, externalUrl: "", query: async () => [] };
  await state.evaluate([{ labels: { host: "c" }, value: 1 }], scope, 0);
  const was = (host: string, sinceMin: number) => ({
    labels: { __name__: "ALERTS_FOR_STATE", alertname: "A", host },
    timeMs: 99 * minuteMs,
    activeSince: sinceMin * 60,
  });
  const before = [was("a", 90), was("b", 90), was("c", 90), was("d", 97)];
  await reviveAlerts(state, before, ({ host }) => host !== "b", scope);
  const shown = state.active.map(({ labels, state: now, activeMs, firedMs }) => [
    labels["host"],
    now,
    activeMs / minuteMs,
    (firedMs ?? 0) / minuteMs,
  ]);
  expect(shown).toEqual([
    ["c", "pending", 100, 0],
    ["a", "firing", 90, 95],
    ["d", "pending", 97, 0],
  ]);
  expect(state.active[1]?.annotations).toEqual({ summary: "a" });
});
