import { expect, test } from "bun:test";
import { z } from "zod";
import { memoryLogs } from "../../../query/memory_logs.fixture.ts";
import type { LogRecord } from "../../../read/source.ts";
import { Tails } from "../../../tail/tails.ts";
import { noRules } from "../../../rules/rules_view.ts";
import { lokiRoutes } from "./loki.ts";

// The answers that Grafana, Logs Drilldown and logcli read, letter by letter.

const second = 1_000_000_000n;
const [web, db] = [
  { app: "web", env: "prod", service_name: "web" },
  { app: "db", env: "prod", service_name: "db" },
];
const record = (
  at: number,
  stream: Record<string, string>,
  body: string,
  severity = 9,
  attributes?: Record<string, string>,
): LogRecord => ({
  timestampNs: BigInt(at) * second + 5n,
  stream,
  body,
  severity,
  ...(attributes === undefined ? {} : { attributes }),
});
const records = [
  record(10_000, web, '{"status":500,"user":{"id":"a7"},"took":"12ms"}', 17, { trace: "t1" }),
  record(10_010, web, '{"status":200,"user":{"id":"b8"},"took":"3ms"}', 9, { trace: "t2" }),
  record(10_020, db, "level=info duration=1.5s size=10KB app=x", 9),
  record(10_030, db, "connection 17 closed by 10.0.0.1", 13),
  record(10_031, db, "connection 18 closed by 10.0.0.2", 13),
];
const app = lokiRoutes({
  rules: () => noRules,
  logs: memoryLogs(records),
  tenant: "default",
  now: () => 10_060_000,
  tails: new Tails(),
  onDropped: () => {},
  build: { version: "1.2.3", revision: "abc", branch: "main", buildUser: "me", buildDate: "today" },
  config: () => "listen: nowhere\n",
});
type Parameters = Readonly<Record<string, string>>;
const ask = async (path: string, parameters: Parameters = {}, init: RequestInit = {}) => {
  const answer = await app.request(`${path}?${new URLSearchParams(parameters)}`, init);
  const text = await answer.text();
  return { status: answer.status, text, type: answer.headers.get("content-type") };
};
const get = async (path: string, parameters: Parameters = {}) => {
  const { text } = await ask(`/loki/api/v1${path}`, {
    start: "10000",
    end: "10060",
    ...parameters,
  });
  return JSON.parse(text);
};
const dataOf = async (path: string, parameters: Parameters = {}) => {
  const { status, data } = await get(path, parameters);
  expect(status).toBe("success");
  return data;
};

test("streams: parsed labels split them, and stand apart where that is wanted", async () => {
  const parameters = { query: '{app="web"} | json | status=500', limit: "1" };
  expect((await dataOf("/query_range", parameters)).result).toEqual([
    {
      stream: {
        ...web,
        detected_level: "error",
        trace: "t1",
        status: "500",
        user_id: "a7",
        took: "12ms",
      },
      values: [["10000000000005", records[0]?.body]],
    },
  ]);
  const headers = { "X-Loki-Response-Encoding-Flags": "categorize-labels" };
  const path = "/loki/api/v1/query_range";
  const { text } = await ask(path, { start: "10000", end: "10060", ...parameters }, { headers });
  const { data } = JSON.parse(text);
  expect(Object.keys(data)).toEqual(["resultType", "encodingFlags", "result", "stats"]);
  expect(data.result).toEqual([
    {
      stream: web,
      values: [
        [
          "10000000000005",
          records[0]?.body,
          {
            structuredMetadata: { detected_level: "error", trace: "t1" },
            parsed: { status: "500", user_id: "a7", took: "12ms" },
          },
        ],
      ],
    },
  ]);
});
test("statistics tell what was read and given", async () => {
  const { stats } = await dataOf("/query_range", { query: '{env="prod"}', limit: "2" });
  expect(stats.summary).toMatchObject({ totalLinesProcessed: 2, totalEntriesReturned: 2 });
  const bytes = records.slice(-2).reduce((sum, { body }) => sum + body.length, 0);
  expect(stats.summary.totalBytesProcessed).toBe(bytes);
  expect(Object.keys(stats)).toEqual(["summary", "querier", "ingester", "cache", "index"]);
});
const Result = z.array(z.object({ values: z.array(z.tuple([z.string(), z.string()])) }));
const secondsOf = async (parameters: Parameters) => {
  const { result } = await dataOf("/query_range", { query: '{app=~".+"}', ...parameters });
  return Result.parse(result)
    .flatMap(({ values }) => values.map(([time]) => Number(BigInt(time) / second)))
    .toSorted((a, b) => a - b);
};
test("an interval thins entries out", async () => {
  expect(await secondsOf({ interval: "15s", direction: "forward" })).toEqual([10_000, 10_020]);
  expect(await secondsOf({ interval: "20s" })).toEqual([10_000 + 10, 10_031]);
});
test("matrix, vector and scalar are Prometheus's", async () => {
  const count = "sum by (app) (count_over_time({env=`prod`}[1m]))";
  const times = { start: "10020", end: "10080", step: "60000ms" };
  expect(await dataOf("/query_range", { query: count, ...times })).toMatchObject({
    resultType: "matrix",
    result: [
      { metric: { app: "db" }, values: [[10_080, "3"]] },
      { metric: { app: "web" }, values: [[10_020, "2"]] },
    ],
  });
  expect(await dataOf("/query", { query: count, time: "10060" })).toMatchObject({
    resultType: "vector",
    result: [
      { metric: { app: "db" }, value: [10_060, "3"] },
      { metric: { app: "web" }, value: [10_060, "2"] },
    ],
  });
  expect(await dataOf("/query", { query: "1+1", time: "4000000000" })).toMatchObject({
    resultType: "scalar",
    result: [4_000_000_000, "2"],
  });
});
test("labels, values, series and detected labels", async () => {
  expect(await dataOf("/labels")).toEqual(["app", "env", "service_name"]);
  expect(await dataOf("/label")).toEqual(["app", "env", "service_name"]);
  expect(await dataOf("/label/app/values", { query: '{app="db"}' })).toEqual(["db"]);
  expect(await dataOf("/series", { match: '{app="db"}' })).toEqual([db]);
  expect(await dataOf("/series", { "match[]": "{}" })).toEqual([db, web]);
  expect(await get("/detected_labels", { query: '{env="prod"}' })).toEqual({
    detectedLabels: [
      { label: "app", cardinality: 2 },
      { label: "env", cardinality: 1 },
      { label: "service_name", cardinality: 2 },
    ],
  });
});
test("index/stats is bare", async () => {
  const bytes = records.slice(0, 2).reduce((sum, { body }) => sum + body.length, 0);
  expect(await get("/index/stats", { query: '{app="web"}' })).toEqual({
    streams: 1,
    chunks: 1,
    bytes,
    entries: 2,
  });
});
const bytesOf = (from: number, to?: number) =>
  String(records.slice(from, to).reduce((sum, { body }) => sum + body.length, 0));
test("index/volume is a vector, the largest first, at the end of the range", async () => {
  const volume = (parameters: Parameters) => dataOf("/index/volume", parameters);
  expect(await volume({ query: '{app=~".+"}' })).toMatchObject({
    resultType: "vector",
    result: [
      { metric: { app: "db" }, value: [10_060, bytesOf(2)] },
      { metric: { app: "web" }, value: [10_060, bytesOf(0, 2)] },
    ],
  });
  expect((await volume({ query: "{}", targetLabels: "env" })).result).toEqual([
    { metric: { env: "prod" }, value: [10_060, bytesOf(0)] },
  ]);
  expect((await volume({ query: "{}", aggregateBy: "labels", limit: "1" })).result).toEqual([
    { metric: { app: "" }, value: [10_060, bytesOf(0)] },
  ]);
  for (const limit of ["0", "5000"])
    expect((await volume({ query: '{app=~".+"}', limit })).result).toHaveLength(2);
  const ranged = await dataOf("/index/volume_range", { query: '{app="db"}', step: "30" });
  expect(ranged).toMatchObject({
    resultType: "matrix",
    result: [
      {
        metric: { app: "db" },
        values: [
          [10_029.999, bytesOf(2, 3)],
          [10_060, bytesOf(3)],
        ],
      },
    ],
  });
  expect((await ask("/loki/api/v1/index/volume", { query: "{}", aggregateBy: "x" })).status).toBe(
    400,
  );
});
test("patterns count lines over time by level", async () => {
  expect(await dataOf("/patterns", { query: '{app="db"}', step: "30s" })).toEqual(
    [
      { pattern: "connection <_> closed by <_>", level: "warn", samples: [[10_020, 2]] },
      {
        pattern: "level=info duration=<_> size=<_> app=x",
        level: "info",
        samples: [[10_020, 1]],
      },
    ].map((series) => ({
      ...series,
      pattern: expect.stringContaining(series.pattern.split(" <")[0] ?? ""),
    })),
  );
});
test("detected_fields tell type, parsers and path", async () => {
  const { fields, limit } = await get("/detected_fields", { query: '{env="prod"}' });
  expect(limit).toBe(1_000);
  const none = { parsers: null };
  expect(fields).toEqual([
    { label: "app_extracted", type: "string", cardinality: 1, parsers: ["logfmt"] },
    { label: "detected_level", type: "string", cardinality: 3, ...none },
    { label: "duration", type: "duration", cardinality: 1, parsers: ["logfmt"] },
    { label: "level", type: "string", cardinality: 1, parsers: ["logfmt"] },
    { label: "size", type: "bytes", cardinality: 1, parsers: ["logfmt"] },
    { label: "status", type: "int", cardinality: 2, parsers: ["json"], jsonPath: ["status"] },
    { label: "took", type: "duration", cardinality: 2, parsers: ["json"], jsonPath: ["took"] },
    { label: "trace", type: "string", cardinality: 2, ...none },
    {
      label: "user_id",
      type: "string",
      cardinality: 2,
      parsers: ["json"],
      jsonPath: ["user", "id"],
    },
  ]);
  const few = { query: '{env="prod"}', field_limit: "2", line_limit: "1" };
  expect(await get("/detected_fields", few)).toMatchObject({ limit: 2, fields: [{}] });
});
test("values of a detected field", async () => {
  const path = "/detected_field/status/values";
  expect(await get(path, { query: '{app="web"}' })).toEqual({
    values: ["200", "500"],
    limit: 1_000,
  });
  expect(await get(path, { query: '{app="web"}', limit: "1" })).toEqual({
    values: ["200"],
    limit: 1,
  });
  expect(await get("/detected_field/nope/values", { query: '{app="web"}' })).toMatchObject({
    values: [],
  });
});
test("format_query answers in its own words", async () => {
  expect(await get("/format_query", { query: '{app="web"}|="x"' })).toEqual({
    status: "success",
    data: '{app="web"} |= "x"',
  });
  const bad = await ask("/loki/api/v1/format_query", { query: "{" });
  expect(bad.status).toBe(400);
  expect(JSON.parse(bad.text)).toEqual({
    status: "invalid-query",
    error: expect.stringContaining("parse error"),
  });
});
test("build, readiness, configuration, limits and rules", async () => {
  expect(await get("/status/buildinfo")).toEqual({
    version: "3.6.0",
    revision: "abc",
    branch: "main",
    buildUser: "me",
    buildDate: "today",
    goVersion: "",
    lapwingVersion: "1.2.3",
  });
  const type = "text/plain; charset=utf-8";
  expect(await ask("/ready")).toMatchObject({ status: 200, text: "ready\n", type });
  expect(await ask("/config")).toMatchObject({ status: 200, text: "listen: nowhere\n" });
  expect(await get("/drilldown-limits")).toMatchObject({
    limits: { volume_enabled: true },
    pattern_ingester_enabled: true,
  });
  for (const path of ["/loki/api/v1/rules", "/loki/api/v1/rules/team", "/api/prom/rules"])
    expect(await ask(path)).toMatchObject({ status: 404, text: "no rule groups found" });
  expect(JSON.parse((await ask("/prometheus/api/v1/rules")).text)).toEqual({
    status: "success",
    data: { groups: [] },
    errorType: "",
    error: "",
  });
  expect((await ask("/loki/api/v2alpha/tail")).status).toBe(404);
});
test("a posted form and a tenant's header change nothing", async () => {
  const init = {
    method: "POST",
    headers: { "X-Scope-OrgID": "a|b" },
    body: new URLSearchParams({ query: '{app="db"}', start: "10000", end: "10060" }),
  };
  const { text } = await ask("/loki/api/v1/index/stats", {}, init);
  expect(JSON.parse(text)).toMatchObject({ entries: 3 });
});
test.each([
  ["/loki/api/v1/query", { query: '{app="web"}' }, "not supported as an instant query type"],
  ["/loki/api/v1/query_range", { query: '{app="web"} | json | logfmt |' }, "parse error"],
  ["/loki/api/v1/query_range", { query: '{app="web"} |~ "("' }, "missing"],
  ["/loki/api/v1/detected_fields", { query: "rate({app=`web`}[1m])" }, "only log selector"],
  ["/loki/api/v1/patterns", { query: '{app="web"} |= "x"' }, "only label matchers"],
  [
    "/loki/api/v1/labels",
    { start: "20", end: "10" },
    "end timestamp must not be before or equal to start time",
  ],
  [
    "/loki/api/v1/query_range",
    { query: "{app=`web`}", interval: "-1s" },
    'cannot parse "-1s" to a valid duration',
  ],
  ["/loki/api/v1/detected_fields", { query: "{app=`web`}", line_limit: "0" }, "line_limit"],
])("%s refuses in plain text (%o)", async (path, parameters, reason) => {
  const { status, text, type } = await ask(path, parameters);
  expect([status, type]).toEqual([400, "text/plain; charset=utf-8"]);
  expect(text).toContain(reason);
});
