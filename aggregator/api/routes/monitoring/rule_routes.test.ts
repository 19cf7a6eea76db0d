import { expect, test } from "bun:test";
import { Hono } from "hono";
import { z } from "zod";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { streamLists } from "#aggregator/query/stream_lists.ts";
import { scanBySelect } from "#aggregator/read/record_slices.ts";
import type { LogsSource } from "#aggregator/read/source.ts";
import { openStoredRules } from "#aggregator/rules/stored/stored_rules.fixture.ts";
import { messageOf } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { jsonAnswers } from "./alert_routes.ts";
import { BacktestAnswer } from "./backtest_schemas.ts";
import { ruleRoutes } from "./rule_routes.ts";

const [minuteMs, nowMs] = [60_000, 7_200_000];
const metrics = new MemoryMetrics();
// Above 5 from 00:30 to 00:39 and in 01:00 alone.
for (let i = 0; i <= 120; i++) {
  const isHigh = (i >= 30 && i < 40) || i === 60;
  metrics.add({ __name__: "queue", host: "a" }, i * minuteMs, isHigh ? 9 : 1);
}
const select: LogsSource["select"] = async ({ startNs, endNs }) =>
  [30, 31, 32].flatMap((minute) => {
    const timestampNs = BigInt(minute) * 60_000_000_000n + 1n;
    const isIn = timestampNs >= startNs && timestampNs < endNs;
    return isIn
      ? [{ timestampNs, stream: { service_name: "a" }, body: "failed", severity: 17 }]
      : [];
  });
const logs: LogsSource = {
  select,
  scan: (request) => scanBySelect(select, request),
  ...streamLists(async () => {}),
};
const storedRules = await openStoredRules();
const app = new Hono();
ruleRoutes(
  jsonAnswers(app, (thrown) => Response.json({ error: messageOf(thrown) }, { status: 400 })),
  {
    storedRules,
    clock: { ...systemClock, now: () => nowMs },
    queries: () => ({
      engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
      logs,
      tenant: "default",
      externalLabels: { region: "eu" },
      externalUrl: "http://lapwing",
    }),
  },
);

async function backtest(body: object): Promise<unknown> {
  const response = await app.request("/api/v1/monitoring/rules/backtest", {
    method: "POST",
    body: JSON.stringify({ start: "1970-01-01T00:00:00Z", ...body }),
  });
  return response.json();
}
const Refused = z.object({ error: z.string() });

test("a backtest says what would have fired, by `for` and `keep_firing_for`, with templates of labels", async () => {
  const answer = BacktestAnswer.parse(
    await backtest({
      name: "Full",
      expression: "queue > 5",
      for: "5m",
      keep_firing_for: "2m",
      labels: {
        severity: "{{ if gt $value 8.0 }}critical{{ end }}",
        of: "{{ $externalLabels.region }}",
      },
    }),
  );
  const labels = { alertname: "Full", host: "a", severity: "critical", of: "eu" };
  expect(answer.episodes).toEqual([
    {
      labels,
      activeAt: "1970-01-01T00:30:00.000Z",
      firedAt: "1970-01-01T00:35:00.000Z",
      endedAt: "1970-01-01T00:42:00.000Z",
    },
    {
      labels,
      activeAt: "1970-01-01T01:00:00.000Z",
      firedAt: null,
      endedAt: "1970-01-01T01:01:00.000Z",
    },
  ]);
  expect([answer.fired, answer.pending, answer.firingSeconds]).toEqual([1, 1, 420]);
});

test("a backtest over logs counts lines", async () => {
  const answer = BacktestAnswer.parse(
    await backtest({
      expression: 'sum(count_over_time({service_name="a"}[1m])) > 0',
      language: "logql",
    }),
  );
  expect(answer.fired).toBe(1);
  expect(answer.episodes[0]?.firedAt).toBe("1970-01-01T00:31:00.000Z");
});

test.each([
  [{ expression: "sum(" }, "1:5: parse error"],
  [{ expression: '{a="b"}', language: "logql" }, "expected a metric query"],
  [{ expression: "up", labels: { "a-b": "c" } }, "invalid label name: a-b"],
  [{ expression: "up", labels: { a: "{{ nope }}" } }, '"Alert": label "a"'],
  [{ expression: "up", for: "soon" }, 'invalid duration "soon"'],
  [{ expression: "up", interval: "1s", start: "1969-01-01T00:00:00Z" }, "at most 50000"],
  [{ expression: "up", end: "1960-01-01T00:00:00Z" }, "start must be before end"],
])("the rule %j is refused: %s", async (body, word) => {
  const { error } = Refused.parse(await backtest(body));
  expect(error).toContain(word);
  expect(error).not.toContain("preview");
});

test("groups that can be changed come as they were written", async () => {
  const yaml = "name: one # mine\nrules:\n  - alert: Down\n    expr: up == 0\n";
  await storedRules.put("team", yaml, "promql");
  const response = await app.request("/api/v1/monitoring/rules");
  expect(await response.json()).toEqual({
    groups: [{ namespace: "team", name: "one", language: "promql", yaml }],
  });
});
