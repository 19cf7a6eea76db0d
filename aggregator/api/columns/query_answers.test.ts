import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { expect, test } from "bun:test";
import { readParts } from "#proto/columns/answer_reader.ts";
import { QueryPromqlRequestSchema, QueryService } from "#proto/gen/v1/query_pb.js";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { Hono } from "hono";
import { defaultLogqlLimits } from "../../query/logql/limits.ts";
import { sourceOf } from "../../query/logql/records.fixture.ts";
import { createPromqlEngine, PromqlConfig } from "../../query/promql/engine.ts";
import { measureRefusals } from "../../query/refusals.ts";
import { QueryMemory } from "../../read/memory/query_memory.ts";
import { connectRoutes } from "../connect_routes.ts";
import { logqlParts, promqlParts, type QueryParts } from "./query_answers.ts";

const metrics = new MemoryMetrics();
for (let i = 0; i <= 60; i++) metrics.add({ __name__: "a", n: "1" }, i * 1_000, i);
for (let i = 0; i < 3_000; i++) metrics.add({ __name__: "many", n: `${i}` }, 60_000, i);

const parts: QueryParts = {
  engine: createPromqlEngine(metrics, PromqlConfig.parse({ samples_max: 40_000_000 })),
  logs: sourceOf([
    { at: 1, line: "one" },
    { at: 2, line: "two", stream: { app: "b" } },
  ]),
  limits: defaultLogqlLimits,
  tenant: "default",
  blocksFolder: "/blocks",
};

const memory = new QueryMemory({ bytesMax: 1e9 });
const app = new Hono();
app.use("*", (c, next) => memory.run(c.req.raw.signal, next));
app.route(
  "/",
  connectRoutes((router) =>
    router.service(QueryService, {
      queryPromql: (request, { signal }) => promqlParts(parts, request, signal),
      queryLogql: (request, { signal }) => logqlParts(parts, request, signal),
    }),
  ),
);

const client = createClient(
  QueryService,
  createConnectTransport({
    baseUrl: "http://lapwing",
    useBinaryFormat: true,
    fetch: Object.assign(
      async (...given: ConstructorParameters<typeof Request>) => app.request(new Request(...given)),
      { preconnect: () => {} },
    ),
  }),
);

async function refusal(asking: AsyncIterable<unknown>): Promise<ConnectError> {
  try {
    for await (const _ of asking);
  } catch (thrown) {
    return ConnectError.from(thrown);
  }
  throw new Error("answered");
}

test("PromQL answers columns over the grid that was asked for, with figures where they are wanted", async () => {
  const range = { query: "a", start: 10, end: 12, step: 1 };
  const answer = await readParts(client.queryPromql({ ...range, figures: true }));
  expect(answer).toMatchObject({ type: "matrix", grid: { startMs: 10_000, count: 3 } });
  if (!("series" in answer)) throw new Error(answer.type);
  expect(answer.series.map(({ labels, values }) => [labels["n"], [...values]])).toEqual([
    ["1", [10, 11, 12]],
  ]);
  expect(answer.end.metricFigures?.samplesRead).toBeGreaterThan(0);
  expect(answer.end.metricFigures?.read?.selectors.length).toBe(1);
  const instant = await readParts(client.queryPromql({ query: "a * 2", end: 12 }));
  expect(instant.end.metricFigures).toBeUndefined();
  expect(instant).toMatchObject({ type: "vector", series: [{ values: Float64Array.of(24) }] });
});

test("LogQL answers lines to the nanosecond, and numbers made of them", async () => {
  const range = { query: '{app=~".+"}', startNs: 1_000_000_000n, endNs: 2_000_000_001n };
  const lines = await readParts(client.queryLogql(range));
  if (lines.type !== "streams") throw new Error(lines.type);
  expect(lines.lines.map(({ text }) => text)).toEqual(["two", "one"]);
  expect(lines.end.logFigures?.lines).toBe(2);
  const count = { query: 'sum(count_over_time({app=~".+"}[10s]))', start: 0, end: 4, step: 2 };
  const counts = await readParts(client.queryLogql(count));
  expect(counts).toMatchObject({ type: "matrix", grid: { stepMs: 2_000, count: 3 } });
  const now = await readParts(client.queryLogql({ ...count, instant: true }));
  expect(now).toMatchObject({ type: "vector", series: [{ values: Float64Array.of(2) }] });
});

test("refusals have the words and the codes that clients decide by, and are counted", async () => {
  const self = createSelfMetrics();
  measureRefusals(self);
  const wrong = await refusal(client.queryPromql({ query: "sum(", end: 1 }));
  expect([wrong.code, wrong.rawMessage]).toEqual([
    Code.InvalidArgument,
    'invalid parameter "query": 1:5: parse error: unclosed left parenthesis',
  ]);
  const step = await refusal(client.queryPromql({ query: "a", end: 1, step: -1 }));
  expect(step.rawMessage).toContain("zero or negative query resolution step widths");
  const late = await refusal(
    client.queryPromql({ query: "a", start: Number.NaN, end: 1, step: 1 }),
  );
  expect(late.rawMessage).toBe("start is NaN: expected Unix seconds");
  const limit = await refusal(client.queryLogql({ query: '{a="b"}', end: 1, limit: 1e6 }));
  expect(limit.rawMessage).toContain("max entries limit per query exceeded");
  const points = { query: "a", start: 0, end: 1e6, step: 1 };
  expect((await refusal(client.queryPromql(points))).code).toBe(Code.InvalidArgument);
  expect(await self.text()).toMatch(/lapwing_query_refused_total\{reason="points"\} [1-9]/);
});

test("a small answer is one body, packed where its client takes that", async () => {
  const message = toBinary(
    QueryPromqlRequestSchema,
    create(QueryPromqlRequestSchema, { query: "many", end: 60 }),
  );
  const body = Buffer.concat([Buffer.alloc(5), message]);
  body.writeUInt32BE(message.length, 1);
  const headers = { "content-type": "application/connect+proto" };
  const path = "/lapwing.v1.QueryService/QueryPromql";
  const ask = (more: Record<string, string>) =>
    app.request(path, { method: "POST", headers: { ...headers, ...more }, body });
  const plain = Buffer.from(await (await ask({})).arrayBuffer());
  const packed = await ask({ "accept-encoding": "gzip" });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(Bun.gunzipSync(await packed.arrayBuffer())).toEqual(new Uint8Array(plain));
  expect(memory.bytes).toBe(0);
});

test("a large answer is sent in parts, holds memory until its end, and lets go where its client leaves", async () => {
  const many = { query: "many", start: 60, end: 290, step: 1 };
  const answer = await readParts(client.queryPromql(many));
  expect(answer).toMatchObject({ seriesCount: 3_000 });
  expect(memory.bytes).toBe(0);
  const left = new AbortController();
  for await (const _ of client.queryPromql(many, { signal: left.signal })) {
    expect(memory.bytes).toBeGreaterThan(0);
    break;
  }
  left.abort();
  while (memory.bytes > 0) await Bun.sleep(1);
}, 30_000);
