import { expect, test } from "bun:test";
import { AlertingState } from "./alerting.ts";
import { restoreAlerts } from "./restore.ts";

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
