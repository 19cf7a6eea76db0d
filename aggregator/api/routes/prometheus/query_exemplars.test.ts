import { expect, test } from "bun:test";
import { Hono } from "hono";
import { createHead } from "#aggregator/head/head.ts";
import { createSources } from "#aggregator/query/sources.ts";
import type { ExemplarSamples } from "#shared/model/metrics.ts";
import { expressionRoutes } from "./expression_routes.ts";
import { foundSeries } from "../../../blocks/series/found_series.fixture.ts";

const nowMs = 1_600_096_960_000;
const lane = { tenant: "default", agent: "a", signal: "metrics" } as const;
const series = [
  { __name__: "http_request_duration_seconds_bucket", job: "api", le: "0.5" },
  { __name__: "http_requests_total", job: "api" },
];
const exemplars: ExemplarSamples = {
  columns: Uint32Array.of(0, 0, 1, 1),
  timestampsMs: Float64Array.of(1_600_096_955_479, 1_600_096_945_479, 1_600_096_946_000, 1),
  values: Float64Array.of(0.25, 6, 1e21, 1),
  labels: [
    { trace_id: "olTOJ", span_id: "b" },
    { trace_id: "EpTxMJ40fUus7aGY" },
    { trace_id: 'q"\u00e9' },
    { trace_id: "x".repeat(200) },
  ],
};

const head = createHead();
const schema = { series };
const decoded = { rows: [], sparse: [], families: [], exemplars: [{ schema, samples: exemplars }] };
const drops = head.appendMetrics(lane, decoded, nowMs);
const noBlocks = {
  blocks: [],
  withFiles: () => Promise.reject(new Error("no files")),
  files: () => Promise.resolve({ paths: [], release: () => {} }),
  metrics: {
    select: () => Promise.resolve([]),
    exemplars: () => Promise.resolve([]),
    series: () => Promise.resolve(foundSeries()),
  },
  logs: {
    select: () => Promise.resolve([]),
    parts: () => [],
    eachStream: () => Promise.resolve(),
  },
};
const sources = createSources(
  head,
  () => noBlocks,
  () => [],
);
const parts = { exemplars: sources.exemplars, tenant: () => "default" };
const app = new Hono().route("/api/v1", expressionRoutes(parts));

async function get(parameters: Record<string, string>) {
  const response = await app.request(`/api/v1/query_exemplars?${new URLSearchParams(parameters)}`);
  return { status: response.status, text: await response.text() };
}

const bucket =
  '{"seriesLabels":{"__name__":"http_request_duration_seconds_bucket","job":"api","le":"0.5"},' +
  '"exemplars":[{"labels":{"trace_id":"EpTxMJ40fUus7aGY"},"value":"6","timestamp":1600096945.479},' +
  '{"labels":{"span_id":"b","trace_id":"olTOJ"},"value":"0.25","timestamp":1600096955.479}]}';
const total =
  '{"seriesLabels":{"__name__":"http_requests_total","job":"api"},' +
  '"exemplars":[{"labels":{"trace_id":"q\\"\u00e9"},"value":"1e+21","timestamp":1600096946}]}';
const success = (data: string) => ({ status: 200, text: `{"status":"success","data":[${data}]}` });

test("an exemplar whose labels are too long is counted, and its neighbours stand", () => {
  expect(drops).toEqual({ exemplar_label_limit: 1 });
});

test("/query_exemplars answers for every selector of the expression, as Prometheus writes it", async () => {
  const query =
    'histogram_quantile(0.9, rate(http_request_duration_seconds_bucket{job=~"a.*"}[5m])) / http_requests_total';
  expect(await get({ query })).toEqual(success(`${bucket},${total}`));
  expect(await get({ query: "rate(http_requests_total[1m] offset 1d)" })).toEqual(success(total));
  expect(await get({ query: "nothing" })).toEqual(success(""));
});

test("/query_exemplars goes by the time of the exemplar, both ends included", async () => {
  const query = '{job="api"}';
  expect(await get({ query, start: "1600096945.480", end: "1600096946" })).toEqual(success(total));
  expect(await get({ query, start: "1600096947", end: "1600096955" })).toEqual(success(""));
});

test("/query_exemplars takes a form", async () => {
  const response = await app.request("/api/v1/query_exemplars", {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ query: "http_requests_total", start: "1600096945" }).toString(),
  });
  expect(await response.text()).toBe(success(total).text);
});

test("/query_exemplars refuses what Prometheus refuses", async () => {
  expect((await get({ query: "1 + 1" })).status).toBe(204);
  expect(await get({ query: "a", start: "2", end: "1" })).toEqual({
    status: 400,
    text: '{"status":"error","errorType":"bad_data","error":"end timestamp must not be before start timestamp"}',
  });
  const { status, text } = await get({ query: "sum(" });
  expect(status).toBe(400);
  expect(text).toContain('"error":"1:5: parse error: unclosed left parenthesis"');
  expect((await get({ query: "a", start: "x" })).text).toContain(
    "invalid parameter \\\"start\\\": invalid time value for 'start'",
  );
});
