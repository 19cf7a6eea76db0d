import { expect, test } from "bun:test";
import { noSql } from "#aggregator/query/sql/sql_engine.fixture.ts";
import { Validator } from "@seriousme/openapi-schema-validator";
import Ajv from "ajv/dist/2020.js";
import { z } from "zod";
import type { LogsSource } from "#aggregator/read/source.ts";
import { scanBySelect } from "#aggregator/read/record_slices.ts";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { emptyHistogram } from "#shared/model/histogram.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { emptyConfig } from "#aggregator/notify/config/read_config.ts";
import { RulesConfig } from "#aggregator/rules/config.ts";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { openStoredRules } from "#aggregator/rules/stored/stored_rules.fixture.ts";
import { openapiDocument } from "./openapi.ts";
import { Tails } from "#aggregator/tail/tails.ts";
import { monitoringRoutes } from "../routes.ts";
import { streamLists } from "../../../../query/stream_lists.ts";

const metrics = new MemoryMetrics();
for (let i = 0; i <= 4; i++) metrics.add({ __name__: "up" }, i * 15_000, i / 0 - 1);
const histogram = {
  ...emptyHistogram,
  count: 3,
  sum: 2.5,
  zeroCount: 1,
  positive: { indices: Int32Array.of(0, 2), counts: Float64Array.of(1, 1) },
};
metrics.add({ __name__: "native" }, 30_000, histogram);
const select: LogsSource["select"] = async () => [
  {
    timestampNs: 1n,
    stream: { service_name: "a" },
    body: "b",
    severity: 0,
    attributes: { c: "d" },
  },
];
const app = monitoringRoutes({
  sql: noSql,
  engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
  metrics,
  promql: PromqlConfig.parse({}),
  logs: {
    select,
    scan: (request) => scanBySelect(select, request),
    ...streamLists(async () => {}),
  },
  clock: { ...systemClock, now: () => 60_000 },
  tenant: () => "default",
  version: "1.2.3",
  tails: new Tails(),
  onDropped: () => {},
  rules: () => noRules,
  storedRules: await openStoredRules(),
  rulesConfig: () => RulesConfig.parse({}),
  routing: emptyConfig,
  notifications: async () => [
    {
      id: "a-1",
      createdMs: 1_000,
      receiver: "team",
      integration: "webhook[0]",
      groupKey: "{}:{}",
      reason: "first notification",
      status: "firing",
      alertCount: 1,
      alerts: [{ fingerprint: "00", status: "firing", labels: { alertname: "Down" } }],
      state: "sent",
      attempts: 1,
      failure: "",
      answer: "ok",
      settledMs: undefined,
    },
  ],
});
const document = openapiDocument("1.2.3");

const Described = z.object({ schema: z.record(z.string(), z.unknown()) });
const Content = z.looseObject({ content: z.record(z.string(), Described) });
const Operation = z.looseObject({
  requestBody: Content.optional(),
  responses: z.record(z.string(), Content),
});
const paths = z.record(z.string(), z.record(z.string(), Operation)).parse(document.paths);
const ajv = new Ajv({ strict: true, allErrors: true });

function faultsOf(schema: Record<string, unknown> | undefined, data: unknown): unknown {
  if (schema === undefined) return "no schema";
  const check = ajv.compile(schema);
  return check(data) ? [] : check.errors;
}

function schemaOf(
  method: string,
  path: string,
  status: string,
): Record<string, unknown> | undefined {
  return paths[path]?.[method]?.responses[status]?.content["application/json"]?.schema;
}

test("the document is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(document));
  expect([valid, errors ?? []]).toEqual([true, []]);
  expect(validator.version).toBe("3.1");
  // A document that is none is told apart.
  expect((await new Validator().validate({ openapi: "3.1.0", paths: 1 })).valid).toBe(false);
});
test("answers and refusals are as the document says", async () => {
  for (const [path, query, status] of [
    ["/api/v1/monitoring/metrics", "query=up&start=0&step=15", 200],
    ["/api/v1/monitoring/metrics", "query=native&start=0&step=15", 200],
    ["/api/v1/monitoring/metrics", "query=vector(time())", 200],
    ["/api/v1/monitoring/metrics", "query=sum(", 400],
    ["/api/v1/monitoring/logs", "query=x&from=0", 200],
    ["/api/v1/monitoring/logs", "limit=-1", 400],
    ["/api/v1/monitoring/logs/facets", "from=0", 200],
    ["/api/v1/monitoring/logs/facets", "lines=0", 400],
    ["/api/v1/monitoring/logs/context", `stream={service_name="a"}&time=0000000000000001`, 200],
    ["/api/v1/monitoring/logs/context", "", 400],
    ["/api/v1/monitoring/logs/difference", "from=0", 200],
    ["/api/v1/monitoring/logs/difference", "against={", 400],
    ["/api/v1/monitoring/logs/stream", "level=x", 400],
    ["/api/v1/monitoring/notifications", "limit=1", 200],
    ["/api/v1/monitoring/notifications", "before=x", 400],
  ] as const) {
    const response = await app.request(`${path}?${query}`);
    expect([query, response.status]).toEqual([query, status]);
    const json: unknown = await response.json();
    expect([query, faultsOf(schemaOf("get", path, String(status)), json)]).toEqual([query, []]);
    expect(faultsOf(schemaOf("get", path, "200"), { wrong: json })).not.toEqual([]);
  }
});
test("an alert is made, read, changed and removed as the document says", async () => {
  const path = "/api/v1/monitoring/alerts";
  const send = async (method: string, at: string, body?: object) => {
    const response = await app.request(at, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const json: unknown = await response.json();
    const described = at === path ? path : `${path}/{id}`;
    const { status } = response;
    const known = status < 400 ? schemaOf(method.toLowerCase(), described, String(status)) : {};
    expect([method, status, faultsOf(known, json)]).toEqual([method, status, []]);
    return { status, json };
  };
  const body = { name: "Disk full", expression: "up == 0", for: "5m", severity: "critical" };
  expect(await send("POST", path, { ...body, for: "soon", more: 1 })).toMatchObject({
    status: 400,
    json: { error: expect.stringContaining("expected a duration such as 5m") },
  });
  expect((await send("POST", path, { ...body, expression: "sum(" })).status).toBe(400);
  expect((await send("POST", path, body)).status).toBe(201);
  expect((await send("POST", path, body)).status).toBe(409);
  expect(await send("GET", path)).toMatchObject({
    json: { alerts: [{ ...body, id: "Disk full", state: "unknown", alerts: 0, error: "" }] },
  });
  const own = `${path}/Disk%20full`;
  expect((await send("PUT", own, { ...body, severity: "info" })).json).toMatchObject({
    severity: "info",
  });
  expect((await send("DELETE", own)).status).toBe(200);
  expect((await send("GET", own)).status).toBe(404);
});

test("/metrics gives native histograms with their buckets", async () => {
  const response = await app.request("/api/v1/monitoring/metrics?query=native&start=30&end=30");
  expect(await response.json()).toMatchObject({
    series: [
      {
        labels: { __name__: "native" },
        points: [],
        histograms: [
          [
            30,
            {
              count: 3,
              sum: 2.5,
              buckets: [
                [expect.any(Number), 0, 1],
                [0.5, 1, 1],
                [2, 4, 1],
              ],
            },
          ],
        ],
      },
    ],
  });
});
test("what may be posted is described entry by entry", () => {
  const body =
    paths["/api/v1/monitoring/metrics"]?.["post"]?.requestBody?.content["application/json"]?.schema;
  expect(faultsOf(body, { metrics: [{ name: "a", value: 1 }] })).toEqual([]);
  expect(
    faultsOf(body, {
      metrics: [{ name: "a", value: "NaN", time: "2026-01-01T00:00:00Z", labels: { b: "c" } }],
    }),
  ).toEqual([]);
  for (const bad of [{ value: 1 }, { name: "a", value: "1" }, { name: "a", value: 1, more: 1 }])
    expect(faultsOf(body, { metrics: [bad] })).not.toEqual([]);
});
