import { expect, test } from "bun:test";
import { Hono } from "hono";
import { z } from "zod";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { streamLists } from "#aggregator/query/stream_lists.ts";
import { scanBySelect } from "#aggregator/read/record_slices.ts";
import type { LogsSource } from "#aggregator/read/source.ts";
import { noSql } from "#aggregator/query/sql/sql_engine.fixture.ts";
import { knownChannels } from "#aggregator/notify/known_channels.ts";
import { readAlertmanagerConfig } from "#aggregator/notify/config/read_config.ts";
import { GroupEvaluation } from "#aggregator/rules/group_evaluation.ts";
import { sqlAtOf } from "#aggregator/rules/backtest/sql_range.ts";
import { openStoredRules } from "#aggregator/rules/stored/stored_rules.fixture.ts";
import { messageOf } from "#shared/errors.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { jsonAnswers } from "./alert_routes.ts";
import { BacktestAnswer } from "./backtest/backtest_schemas.ts";
import { RuleSetAnswer } from "./backtest/rule_set_schemas.ts";
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
const route = "{ receiver: ops, group_by: [alertname], group_wait: 30s, group_interval: 5m }";
const routing = await readAlertmanagerConfig(
  `{ route: ${route}, receivers: [{ name: ops, webhook_configs: [{ url: "http://sink/ops" }] }] }`,
  "am.yml",
  knownChannels,
);
/** Groups that are evaluated now. */
const inForce: GroupEvaluation[] = [];
const app = new Hono();
ruleRoutes(
  jsonAnswers(app, (thrown) => Response.json({ error: messageOf(thrown) }, { status: 400 })),
  {
    storedRules,
    clock: { ...systemClock, now: () => nowMs },
    rules: () => ({ evaluations: inForce }),
    rulesConfig: () => ({ evaluation_interval: minuteMs, query_offset: 0 }),
    queries: () => ({
      engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
      logs,
      sql: sqlAtOf(noSql, "default"),
      tenant: "default",
      externalUrl: "http://lapwing",
      routing: { config: routing, externalLabels: { region: "eu" }, relabelRules: [] },
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
      receivers: ["ops"],
    },
    {
      labels,
      activeAt: "1970-01-01T01:00:00.000Z",
      firedAt: null,
      endedAt: "1970-01-01T01:01:00.000Z",
      receivers: [],
    },
  ]);
  expect([answer.fired, answer.pending, answer.firingSeconds]).toEqual([1, 1, 420]);
  expect(answer.notifications).toMatchObject({
    count: 2,
    receivers: [{ receiver: "ops", integration: "webhook[0]", count: 2 }],
    list: [
      { at: "1970-01-01T00:35:30.000Z", status: "firing", reason: "first notification", firing: 1 },
      { at: "1970-01-01T00:45:30.000Z", status: "resolved", firing: 0, resolved: 1 },
    ],
  });
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
  [{ expression: "up", end: "+275760-09-13T00:00:00Z" }, "expected Unix seconds or RFC 3339"],
])("the rule %j is refused: %s", async (body, word) => {
  const { error } = Refused.parse(await backtest(body));
  expect(error).toContain(word);
  expect(error).not.toContain("preview");
});

/** A group in force with an alert on the queue. */
function groupInForce(name: string, expr: string, forMs: number): GroupEvaluation {
  const rule = {
    kind: "alerting" as const,
    name: "Full",
    expr,
    query: expr,
    language: "promql" as const,
    labels: {},
    annotations: {},
    forMs,
    keepFiringMs: 0,
  };
  const times = { intervalMs: minuteMs, queryOffsetMs: 0, limit: 0 };
  return new GroupEvaluation(
    { name, file: "f", rules: [rule], ...times },
    {
      ask: async () => [],
      externalLabels: {},
      externalUrl: "",
      now: () => nowMs,
      monotonic: () => nowMs,
      newSeries: () => ({ write: () => {} }),
      isRestored: true,
      sendAlerts: () => {},
      onEvaluated: () => {},
      onFailure: () => {},
    },
  );
}

async function compare(body: object) {
  const response = await app.request("/api/v1/monitoring/rules/backtest/compare", {
    method: "POST",
    body: JSON.stringify({ start: "1970-01-01T00:00:00Z", ...body }),
  });
  return { status: response.status, answer: (await response.json()) as unknown };
}

test("a set of rules is compared with the groups in force of the same names, by a given routing", async () => {
  inForce.splice(0, 2, groupInForce("g", "queue > 5", 0), groupInForce("other", "queue > 0", 0));
  const rules = `
groups:
  - name: g
    rules:
      - { alert: Full, expr: queue > 5, for: 5m }
      - { alert: Broken, expr: 'queue * on () (queue or vector(1))' }
      - { record: "queue:max", expr: max(queue) }
`;
  const given = `
route: { receiver: web, group_by: [alertname], group_wait: 10s }
receivers: [{ name: web, webhook_configs: [{ url: "http://sink/web", send_resolved: false }] }]
`;
  const { answer } = await compare({ rules, routing: given });
  const { proposed, today, evaluations } = RuleSetAnswer.parse(answer);
  expect(proposed.rules.map(({ name, fired, pending }) => [name, fired, pending])).toEqual([
    ["Full", 1, 1],
    ["Broken", 0, 0],
  ]);
  expect(today.rules.map(({ group, name, fired }) => [group, name, fired])).toEqual([
    ["g", "Full", 2],
  ]);
  expect(evaluations).toBe(126 + 121);
  expect(proposed.episodes).toMatchObject([{ group: "g", receivers: ["web"] }]);
  expect(today.episodes.map(({ receivers }) => receivers)).toEqual([["ops"], ["ops"]]);
  const sent = ({ notifications }: typeof today) =>
    notifications.list.map(
      ({ at, receiver, status }) => `${at.slice(11, 19)} ${receiver} ${status}`,
    );
  expect(sent(proposed)).toEqual(["00:35:10 web firing"]);
  expect(sent(today)).toEqual([
    "00:30:30 ops firing",
    "00:40:30 ops resolved",
    "01:00:30 ops firing",
    "01:05:30 ops resolved",
  ]);
});

test("a routing alone is compared over all groups in force", async () => {
  inForce.splice(0, 2, groupInForce("g", "queue > 5", 0), groupInForce("other", "queue > 100", 0));
  const given = "{ route: { receiver: none }, receivers: [{ name: none }] }";
  const { proposed, today } = RuleSetAnswer.parse((await compare({ routing: given })).answer);
  expect([proposed.fired, proposed.notifications.count]).toEqual([2, 0]);
  expect([today.fired, today.notifications.count]).toEqual([2, 4]);
  expect(today.rules).toHaveLength(2);
});

test("all mistakes of rules and routing are reported, and neither is a mistake, too", async () => {
  const rules = "groups: [{ name: g, rules: [{ alert: A, expr: 'sum(' }, { alert: B }] }]";
  const { status, answer } = await compare({ rules, routing: "route: { receiver: a }" });
  expect(status).toBe(400);
  const { error } = Refused.parse(answer);
  expect(error.split("\n").length).toBeGreaterThanOrEqual(3);
  expect(error).toMatch(/^rules:1: /);
  expect(error).toMatch(/^routing:1:/m);
  expect(Refused.parse((await compare({})).answer).error).toContain("expected `rules`, `routing`");
  const groups = Array.from({ length: 30 }, (_, i) => `{ alert: A${i}, expr: up == 0 }`).join();
  const many = `groups: [{ name: m, interval: 1s, rules: [${groups}] }]`;
  const refused = await compare({ rules: many, start: "1969-12-31T00:00:00Z" });
  expect(Refused.parse(refused.answer).error).toContain("expected at most 2000000");
});

test("groups that can be changed come as they were written", async () => {
  const yaml = "name: one # mine\nrules:\n  - alert: Down\n    expr: up == 0\n";
  await storedRules.put("team", yaml, "promql");
  const response = await app.request("/api/v1/monitoring/rules");
  expect(await response.json()).toEqual({
    groups: [{ namespace: "team", name: "one", language: "promql", yaml }],
  });
});
