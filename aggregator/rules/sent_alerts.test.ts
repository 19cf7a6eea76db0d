import { expect, test } from "bun:test";
import { AlertingState } from "./alerting.ts";
import type { AlertingRule } from "./rule.ts";
import { alertsToSend } from "./sent_alerts.ts";

const rule: AlertingRule = {
  kind: "alerting",
  name: "Down",
  expr: "up == 0",
  query: "up == 0",
  language: "promql",
  labels: { severity: "page" },
  annotations: {},
  forMs: 30_000,
  keepFiringMs: 0,
};
const minute = 60_000;

const query = () => Promise.resolve([]);

async function evaluated(state: AlertingState, timeMs: number, holds: boolean) {
  const scope = { externalLabels: {}, externalUrl: "", timeMs, query };
  await state.evaluate(holds ? [{ labels: { job: "a" }, value: 0 }] : [], scope, 0);
  return alertsToSend(state, {
    timeMs,
    intervalMs: 30_000,
    externalLabels: { region: "eu", severity: "none" },
    externalUrl: "https://lapwing.example.org",
  });
}

test("alertsToSend() gives firing alerts after each resend delay, and resolved ones at once and for 15 minutes", async () => {
  const state = new AlertingState(rule, true);
  const sent: string[] = [];
  for (let timeMs = 0; timeMs <= 22 * minute; timeMs += 30_000)
    for (const { startsAtMs, endsAtMs } of await evaluated(state, timeMs, timeMs < 3 * minute))
      sent.push(`${timeMs / 1_000}: ${startsAtMs / 1_000}-${endsAtMs / 1_000}`);
  expect(sent).toEqual([
    // Pending until 30; a resend is due when more than a minute has passed.
    "30: 30-270",
    "120: 30-360",
    "180: 30-180",
    ...Array.from({ length: 10 }, (_, i) => `${270 + i * 90}: 30-180`),
  ]);
});

test("alertsToSend() adds external labels where there are none, and a link to the expression", async () => {
  const state = new AlertingState({ ...rule, forMs: 0 }, true);
  expect(await evaluated(state, minute, true)).toEqual([
    {
      labels: { alertname: "Down", job: "a", region: "eu", severity: "page" },
      annotations: {},
      startsAtMs: minute,
      endsAtMs: 5 * minute,
      generatorUrl: "https://lapwing.example.org/graph?g0.expr=up+%3D%3D+0&g0.tab=1",
    },
  ]);
});
