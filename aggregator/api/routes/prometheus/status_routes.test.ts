import { create } from "@bufbuild/protobuf";
import { expect, test } from "bun:test";
import { createPromqlEngine, PromqlConfig } from "#aggregator/query/promql/engine.ts";
import { SeriesLimitSchema } from "#proto/gen/v1/control_pb.js";
import { systemClock } from "#shared/runtime/clock.ts";
import { Lifecycle } from "#shared/runtime/lifecycle.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { noRules } from "#aggregator/rules/rules_view.ts";
import { prometheusRoutes } from "./routes.ts";

const metrics = new MemoryMetrics();
const api = { __name__: "requests_total", job: "api", instance: "a:1" };
metrics.add(api, 90_000, 1.5);
metrics.add(api, 100_000, 2e6);
metrics.add({ __name__: "gone", job: "api" }, 100_000, 1);
metrics.add({ __name__: "gone", job: "api" }, 110_000, "stale");
metrics.add({ __name__: "a.b", job: 'q"\n\\' }, 100_000, 1);
metrics.families.push({ name: "requests_total", type: "counter", help: "Requests.", unit: "" });

const target = {
  discoveredLabels: {},
  labels: { job: "api", instance: "a:1" },
  scrapePool: "api",
  scrapeUrl: "",
  globalUrl: "",
  lastError: "",
  lastScrape: "2026-01-01T00:00:00Z",
  lastScrapeDuration: 0,
  health: "up",
  scrapeInterval: "15s",
  scrapeTimeout: "10s",
} as const;
const fullLimit = {
  scope: "target",
  name: "web 10.0.0.1:80",
  limit: 100,
  active: 100,
  refusedSeries: 7,
  refusedSamples: 21,
  lastRefusedMs: 1_000,
  fastest: { metric: "hits", label: "user", distinctValues: 60, growth: 50 },
};
const series = [
  { __name__: "up", job: "a" },
  { __name__: "up", job: "b" },
  { __name__: "down", job: "a" },
];
const lifecycle = new Lifecycle(systemClock);
const selfMetrics = createSelfMetrics();
const app = prometheusRoutes({
  engine: createPromqlEngine(metrics, PromqlConfig.parse({})),
  metrics,
  exemplars: { select: () => Promise.resolve([]) },
  clock: { ...systemClock, now: () => 120_000 },
  tenant: () => "default",
  build: { version: "0.1.0", revision: "", branch: "", buildUser: "", buildDate: "" },
  startedMs: 0,
  storageRetention: "30d",
  pools: () => new Map(),
  targets: () => ({ active: [target], dropped: [{ discoveredLabels: {}, scrapePool: "old" }] }),
  config: () => ({
    nats: { password: "p4ss", password_file: "/f", servers: ["nats://u:p4ss@h:1"] },
    storage: { catalog: "postgres://u:p4ss@h/db", s3: { secret_access_key: "p4ss" } },
    scrape_configs: [{ basic_auth: { username: "u", password: "p4ss" } }],
  }),
  lifecycle,
  selfMetrics,
  flags: { "query.timeout": "2m" },
  delayedNameRemoval: false,
  lookbackMs: 300_000,
  head: () => ({ series, runs: 4, minMs: 1, maxMs: 2 }),
  seriesLimits: () => [{ agent: "a1", limit: create(SeriesLimitSchema, fullLimit) }],
  rules: () => noRules,
  blocks: () => [],
});

async function get(path: string, init?: RequestInit): Promise<string> {
  return (await app.request(`/api/v1${path}`, init)).text();
}
const success = (data: string): string => `{"status":"success","data":${data}}`;

test("/status/tsdb gives the largest of each list", async () => {
  expect(await get("/status/tsdb?limit=1")).toBe(
    success(
      '{"headStats":{"numSeries":3,"numLabelPairs":4,"chunkCount":4,"minTime":1,"maxTime":2},' +
        '"seriesCountByMetricName":[{"name":"up","value":2}],' +
        '"labelValueCountByLabelName":[{"name":"__name__","value":2}],' +
        '"memoryInBytesByLabelName":[{"name":"__name__","value":8}],' +
        '"seriesCountByLabelValuePair":[{"name":"__name__=up","value":2}],' +
        '"cardinalityLimits":[{"scope":"target","name":"web 10.0.0.1:80","agent":"a1","limit":100,' +
        '"active":100,"refusedSeries":7,"refusedSamples":21,"lastRefused":"1970-01-01T00:00:01.000Z",' +
        '"fastestGrowing":{"metric":"hits","label":"user","distinctValues":60,"growth":50}}]}',
    ),
  );
  for (const limit of ["0", "10001", "x"])
    expect(await get(`/status/tsdb?limit=${limit}`)).toContain('"errorType":"bad_data"');
});
test("/status/config shows everything but secrets", async () => {
  const text = await get("/status/config");
  expect(text).not.toContain("p4ss");
  expect(text.match(/<secret>/g)?.length).toBe(5);
  expect(text).toContain("password_file: /f");
});
test("empty lists and constants have the shapes that clients read", async () => {
  expect(await get("/rules?type=alert")).toBe(success('{"groups":[]}'));
  expect(await get("/alerts")).toBe(success('{"alerts":[]}'));
  expect(await get("/alertmanagers")).toBe(
    success('{"activeAlertmanagers":[],"droppedAlertmanagers":[]}'),
  );
  expect(await get("/status/walreplay")).toBe(success('{"min":0,"max":0,"current":0}'));
  expect(await get("/status/flags")).toBe(success('{"query.timeout":"2m"}'));
  expect(await get("/scrape_pools")).toBe(success('{"scrapePools":["api","old"]}'));
  expect(await get("/rules?type=x")).toContain('invalid parameter \\"type\\": not supported value');
});
test("/targets/metadata names the metric only where none was asked for", async () => {
  const labels = '"target":{"job":"api","instance":"a:1"}';
  const rest = '"type":"counter","help":"Requests.","unit":""}';
  const all = await get("/targets/metadata?match_target=%7Bjob%3D%22api%22%7D");
  expect(all).toBe(success(`[{${labels},"metric":"requests_total",${rest}]`));
  expect(await get("/targets/metadata?metric=requests_total")).toBe(
    success(`[{${labels},${rest}]`),
  );
  expect(await get("/targets/metadata?match_target=%7Bjob%3D%22x%22%7D")).toBe(success("[]"));
});
test("/query_exemplars is an empty list, and 204 without a selector", async () => {
  expect(await get("/query_exemplars?query=rate(a%5B5m%5D)&start=0&end=1")).toBe(success("[]"));
  expect((await app.request("/api/v1/query_exemplars?query=1%2B1")).status).toBe(204);
  expect((await app.request("/api/v1/query_exemplars?query=sum(")).status).toBe(400);
});
test("/parse_query gives the tree", async () => {
  const query = encodeURIComponent('sum by (job) (rate(a{b=~"c"}[5m] offset 1m)) * 2');
  const { data } = JSON.parse(await get(`/parse_query?query=${query}`));
  expect(data).toMatchObject({
    type: "binaryExpr",
    op: "*",
    matching: null,
    rhs: { type: "numberLiteral", val: "2" },
    lhs: {
      type: "aggregation",
      grouping: ["job"],
      param: null,
      expr: {
        func: { name: "rate", argTypes: ["matrix"], variadic: 0, returnType: "vector" },
        args: [{ type: "matrixSelector", name: "a", range: 300_000, offset: 60_000 }],
      },
    },
  });
});
test("/parse_query gives computed durations with their parentheses", async () => {
  const query = encodeURIComponent("a[(5m)] offset -(2 * step())");
  const { data } = JSON.parse(await get(`/parse_query?query=${query}`));
  const node = { type: "durationExpr", lhs: null, wrapped: false };
  const number = { type: "numberLiteral" };
  expect(data).toMatchObject({
    range: 0,
    rangeExpr: {
      ...node,
      op: "+",
      rhs: { ...number, val: "300", duration: true },
      wrapped: true,
    },
    offset: 0,
    offsetExpr: {
      ...node,
      op: "-",
      rhs: {
        ...node,
        op: "*",
        lhs: { ...number, val: "2", duration: false },
        rhs: { ...node, op: "step", rhs: null },
        wrapped: true,
      },
    },
  });
});
test("/parse_query tells of anchored and smoothed selectors", async () => {
  const query = encodeURIComponent("rate(a[5m] anchored) + a smoothed + a");
  const { data } = JSON.parse(await get(`/parse_query?query=${query}`));
  expect(data).toMatchObject({
    lhs: {
      lhs: { args: [{ type: "matrixSelector", anchored: true, smoothed: false }] },
      rhs: { type: "vectorSelector", anchored: false, smoothed: true },
    },
    rhs: { type: "vectorSelector", anchored: false, smoothed: false },
  });
});
test("/federate gives the newest samples, sorted, without stale ones", async () => {
  const path = "/federate?match[]={job!=%22%22}";
  const old = await app.request(path);
  expect(old.headers.get("content-type")).toStartWith("text/plain; version=0.0.4");
  expect(await old.text()).toBe(
    `# TYPE a_b untyped\na_b{job="q\\"\\n\\\\",instance=""} 1 100000\n` +
      `# TYPE requests_total untyped\nrequests_total{instance="a:1",job="api"} 2e+06 100000\n`,
  );
  const accept = "text/plain;version=1.0.0;escaping=allow-utf-8";
  const utf8 = await (await app.request(path, { headers: { accept } })).text();
  expect(utf8).toContain('# TYPE "a.b" untyped\n{"a.b",job=');
  expect((await app.request("/federate?match[]=%7B%7D")).status).toBe(400);
});
test("other methods get 405 with those that there are, other paths 404, OPTIONS 204", async () => {
  const wrong = await app.request("/api/v1/label/a/values", { method: "POST" });
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, OPTIONS"]);
  expect((await app.request("/api/v1/read")).status).toBe(405);
  expect((await app.request("/api/v1/none")).status).toBe(404);
  expect((await app.request("/api/v1/query", { method: "OPTIONS" })).status).toBe(204);
  expect((await app.request("/version", { method: "HEAD" })).status).toBe(200);
});

test("/status/self_metrics gives families whose whole name matches", async () => {
  selfMetrics.gauge("lapwing_one", "One.").set(1);
  selfMetrics.gauge("lapwing_one_more", "More.").set(2);
  expect(await get("/status/self_metrics?metric_name_pattern=lapwing_o.e")).toBe(
    success(
      '[{"name":"lapwing_one","help":"One.","type":"GAUGE","metric":[{"gauge":{"value":1}}]}]',
    ),
  );
  expect(await get("/status/self_metrics")).toContain("lapwing_one_more");
  expect(await get("/status/self_metrics?metric_name_pattern=(")).toContain(
    '"errorType":"bad_data","error":"invalid metric_name_pattern: ',
  );
});
test("/notifications/live tells what is the matter and when it is over", async () => {
  lifecycle.notifications.raise("trouble");
  const text = '{"text":"trouble","date":';
  expect(await get("/notifications")).toContain(text);
  const response = await app.request("/api/v1/notifications/live");
  expect(response.headers.get("content-type")).toStartWith("text/event-stream");
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = "";
  const until = async (wanted: string) => {
    while (!heard.includes(wanted)) heard += (await reader?.read())?.value ?? "";
  };
  await until(`data: ${text}`);
  lifecycle.notifications.clear("trouble");
  await until('"active":false}');
  await reader?.cancel();
  expect(await get("/notifications")).toBe(success("[]"));
});
