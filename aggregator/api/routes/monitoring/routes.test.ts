import { expect, test } from "bun:test";
import { noSql } from "#aggregator/query/sql/sql_engine.fixture.ts";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { scanBySelect } from "#aggregator/read/record_slices.ts";
import type { LogRecord, LogSelectRequest, LogsSource } from "#aggregator/read/source.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { MetricsAnswer } from "./schemas.ts";
import { Tails } from "#aggregator/tail/tails.ts";
import { emptyConfig } from "#aggregator/notify/config/read_config.ts";
import { RulesConfig } from "#aggregator/rules/config.ts";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { openStoredRules } from "#aggregator/rules/stored/stored_rules.fixture.ts";
import { monitoringRoutes } from "./routes.ts";
import { streamLists } from "../../../query/stream_lists.ts";

const metrics = new MemoryMetrics();
for (let i = 0; i <= 8; i++) metrics.add({ __name__: "up", job: "api" }, i * 15_000, i % 2);
metrics.add({ __name__: "odd" }, 60_000, Infinity);

const asked: LogSelectRequest[] = [];
const stream = { service_name: "shop", host: "a" };
const records: LogRecord[] = [
  { timestampNs: 61_000_000_005n, stream, body: "payment failed", severity: 17 },
  { timestampNs: 60_000_000_000n, stream, body: "payment taken", severity: 9 },
];
/** Keeps what it is asked; the filters themselves are proved where they are made. */
const select: LogsSource["select"] = async (request) => {
  asked.push(request);
  return records.slice(0, request.limit);
};
const logs: LogsSource = {
  select,
  scan: (request) => scanBySelect(select, request),
  ...streamLists(async () => {}),
};

const app = monitoringRoutes({
  sql: noSql,
  engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
  metrics,
  promql: PromqlConfig.parse({}),
  logs,
  clock: { ...systemClock, now: () => 120_000 },
  tenant: () => "default",
  version: "1.2.3",
  tails: new Tails(),
  onDropped: () => {},
  notifications: async () => [],
  rules: () => noRules,
  storedRules: await openStoredRules(),
  rulesConfig: () => RulesConfig.parse({}),
  routing: emptyConfig,
});

async function get(path: string): Promise<{ status: number; json: unknown }> {
  const response = await app.request(path);
  return { status: response.status, json: await response.json() };
}

test("/metrics gives points as numbers, in seconds", async () => {
  const { status, json } = await get(
    "/api/v1/monitoring/metrics?query=up&start=30&end=1970-01-01T00:01:00Z&step=15s",
  );
  expect(status).toBe(200);
  expect(json).toEqual({
    start: 30,
    end: 60,
    step: 15,
    series: [
      {
        labels: { __name__: "up", job: "api" },
        points: [
          [30, 0],
          [45, 1],
          [60, 0],
        ],
      },
    ],
    warnings: [],
    isPartial: false,
  });
});
test("/metrics says what JSON has no number for, and takes an hour by default", async () => {
  const { json } = await get("/api/v1/monitoring/metrics?query=odd");
  const answer = MetricsAnswer.parse(json);
  expect([answer.end, answer.end - answer.start, answer.step]).toEqual([120, 3_600, 15]);
  expect(answer.series[0]?.points[0]).toEqual([60, "+Inf"]);
});
test("/metrics refuses what it does not know, and what it cannot parse", async () => {
  for (const [query, word] of [
    ["query=up&begin=1", "begin"],
    ["start=1", "query"],
    ["query=up&start=noon", "expected Unix seconds"],
    ["query=up&step=0", "expected seconds above 0"],
    ["query=up&start=2&end=1", "start must not be after end"],
    ["query=up&start=0&end=100000&step=1", "over 11000 points"],
    ["query=sum(", "parse error"],
  ] as const) {
    const { status, json } = await get(`/api/v1/monitoring/metrics?${query}`);
    expect([status, JSON.stringify(json)]).toEqual([400, expect.stringContaining(word)]);
  }
});
test("/logs gives records with their level, filtered by text, service and level", async () => {
  const { status, json } = await get(
    "/api/v1/monitoring/logs?query=payment&service=shop&level=error&from=0&limit=5",
  );
  expect(status).toBe(200);
  expect(json).toEqual({
    records: [
      {
        time: "1970-01-01T00:01:01.000000005Z",
        level: "error",
        service: "shop",
        body: "payment failed",
        labels: stream,
        attributes: {},
      },
    ],
    truncated: false,
    warnings: [],
    isPartial: false,
  });
  expect(asked.at(-1)).toMatchObject({
    matchers: [{ name: "service_name", op: "=", value: "shop" }],
    lineFilters: [{ op: "|=", values: ["payment"] }],
    startNs: 0n,
    endNs: 120_000_000_000n,
  });
});
test("/logs takes LogQL, and says when there may be more", async () => {
  const query = encodeURIComponent('{host="a"} |= "x"');
  const { json } = await get(`/api/v1/monitoring/logs?query=${query}&limit=1`);
  expect(json).toMatchObject({ truncated: true, records: [{}] });
  expect(asked.at(-1)).toMatchObject({
    matchers: [{ name: "host", op: "=", value: "a" }],
    limit: 2,
  });
  for (const bad of ["limit=5001", "limit=0", "level=loud", "from=2&to=1", "query=%7B"])
    expect((await get(`/api/v1/monitoring/logs?${bad}`)).status).toBe(400);
});
test("the document describes every parameter and the page names it", async () => {
  const { json } = await get("/api/docs/openapi.json");
  expect(json).toMatchObject({ openapi: "3.1.0", info: { title: "Lapwing", version: "1.2.3" } });
  expect(JSON.stringify(json)).not.toContain("$schema");
  expect(json).toMatchObject({
    paths: {
      "/api/v1/monitoring/metrics": {
        get: {
          parameters: [
            { name: "query", in: "query", required: true },
            { name: "start", required: false },
            { name: "end", required: false },
            { name: "step", required: false },
          ],
        },
      },
      "/api/v1/monitoring/logs": {
        get: {
          responses: { "200": { content: { "application/json": { schema: { type: "object" } } } } },
        },
      },
    },
  });
  const page = await app.request("/api/docs");
  expect(page.headers.get("content-type")).toContain("text/html");
  const html = await page.text();
  for (const word of ["GET /api/v1/monitoring/logs", "<code>service</code>"])
    expect(html).toContain(word);
  expect(html).not.toMatch(/src=|https?:/);
});
