import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { PostedMetricsAnswer, PostedMetricsRefusal } from "#shared/model/posted_metrics.ts";
import { Held, opened } from "../receiver.fixture.ts";
import { jsonMetrics } from "./receiver.ts";

const now = new Held().nowMs;
function start(config: Parameters<typeof jsonMetrics.config.parse>[0] = {}) {
  const held = new Held();
  const { app } = opened(
    (context) => jsonMetrics.open(jsonMetrics.config.parse(config), context),
    held,
  );
  const send = async (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
  ) => {
    const response = await app.request("/api/v1/monitoring/metrics", {
      method: "POST",
      headers,
      body,
    });
    return { status: response.status, json: await response.json() };
  };
  const post = (...metrics: unknown[]) => send(JSON.stringify({ metrics }));
  return { held, send, post };
}

test("json: samples with labels, times and metadata are stored", async () => {
  const { held, post } = start();
  const { status, json } = await post(
    {
      name: "jobs_total",
      labels: { queue: "a", empty: "" },
      value: 3,
      time: now / 1_000 - 1.5,
      type: "counter",
      help: "Jobs.",
    },
    { name: "a.b", value: "+Inf", time: new Date(now).toISOString() },
    { name: "now", value: "NaN" },
  );
  expect({ status, ...PostedMetricsAnswer.parse(json) }).toEqual({
    status: 200,
    stored: 3,
    refused: [],
  });
  expect(held.of({ __name__: "jobs_total", queue: "a" })).toEqual([
    { timestampMs: now - 1_500, value: 3 },
  ]);
  expect(held.of({ __name__: "a.b" })).toEqual([{ timestampMs: now, value: Infinity }]);
  expect(held.of({ __name__: "now" })).toEqual([{ timestampMs: now, value: Number.NaN }]);
  expect(held.families.get("jobs_total")).toEqual({
    name: "jobs_total",
    type: "counter",
    help: "Jobs.",
    unit: "",
  });
  expect(held.drops).toEqual({});
});
test("json: bad entries are told by place and counted, the others stored", async () => {
  const { held, post } = start({ series_max: 3 });
  const { status, json } = await post(
    { name: "good", value: 1 },
    { name: "", value: 1 },
    { name: "x", value: "many" },
    { name: "x", value: 1, colour: "red" },
    { name: "x", value: 1, labels: { __name__: "y" } },
    { name: "future", value: 1, time: now / 1_000 + 601 },
    { name: "good", value: 2 },
    { name: "good", value: 1 },
    { name: "huge", value: 1, labels: { a: "x".repeat(70_000) } },
    { name: "second", value: 1 },
    { name: "third", value: 1 },
    { name: "fourth", value: 1 },
  );
  const answer = PostedMetricsRefusal.parse(json);
  expect([status, answer.stored, answer.error]).toEqual([400, 4, "8 of 12 samples are invalid"]);
  expect(answer.refused.map(({ index }) => index)).toEqual([1, 2, 3, 4, 5, 6, 8, 11]);
  expect(held.names()).toEqual(["good", "second", "third"]);
  expect(held.of({ __name__: "good" })).toEqual([{ timestampMs: now, value: 1 }]);
  expect(held.drops).toEqual({
    invalid_sample: 4,
    out_of_bounds_timestamp: 1,
    duplicate_timestamp: 1,
    label_limit: 1,
    series_limit: 1,
  });
});
test("json: what is sent again is taken in silence, another value at the time is not", async () => {
  const { held, post } = start();
  const sample = { name: "m", value: 1, time: now / 1_000 };
  expect((await post(sample)).status).toBe(200);
  expect((await post(sample)).status).toBe(200);
  expect((await post({ ...sample, value: 2 })).status).toBe(400);
  expect(held.of({ __name__: "m" })).toEqual([{ timestampMs: now, value: 1 }]);
});
test("json: bodies that are no list of metrics, too large, packed, and a broken spool", async () => {
  const { held, send } = start({ body_size_max: "1KiB" });
  for (const body of ["", "[]", "{", '{"metrics":{}}', '{"metrics":[],"more":1}', "\u0000"])
    expect((await send(body)).status).toBe(400);
  expect((await send(new Uint8Array([0xff, 0xfe]))).status).toBe(400);
  expect((await send(" ".repeat(2_000))).status).toBe(413);
  const packed = new Uint8Array(gzipSync(JSON.stringify({ metrics: [{ name: "m", value: 1 }] })));
  expect((await send(packed, { "content-encoding": "gzip" })).status).toBe(200);
  expect((await send(packed, { "content-encoding": "rot13" })).status).toBe(415);
  held.isBroken = true;
  expect((await send('{"metrics":[{"name":"n","value":1}]}')).status).toBe(503);
});
test("json: any JSON gets an answer of ours", async () => {
  const { send } = start();
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            name: fc.string(),
            value: fc.double(),
            labels: fc.dictionary(fc.string(), fc.string()),
          }),
        ),
      ),
      async (metrics) => {
        const { status, json } = await send(JSON.stringify({ metrics }));
        const schema = status === 200 ? PostedMetricsAnswer : PostedMetricsRefusal;
        expect(schema.safeParse(json).success).toBe(true);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});
