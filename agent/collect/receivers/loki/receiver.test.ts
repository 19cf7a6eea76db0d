import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { compressSync } from "snappy";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { Held, opened } from "../receiver.fixture.ts";
import { loki } from "./receiver.ts";

const now = new Held().nowMs;
function start() {
  const held = new Held();
  const { app } = opened((context) => loki.open(loki.config.parse({}), context), held);
  const post = (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    path = "/loki/api/v1/push",
  ) => app.request(path, { method: "POST", headers, body });
  const json = (body: unknown, path?: string) =>
    post(JSON.stringify(body), { "content-type": "application/json" }, path);
  return { held, post, json };
}
const one = (stream: object, ...values: unknown[][]) => ({ streams: [{ stream, values }] });

test("loki: JSON keeps nanoseconds and metadata, and adds service_name", async () => {
  const { held, json } = start();
  const response = await json(
    one({ app: "web", x: "" }, [`${now}000123`, "level=error oops", { id: "7" }]),
  );
  expect([response.status, await response.text()]).toEqual([204, ""]);
  expect(held.logs).toEqual([
    {
      stream: { app: "web", service_name: "web" },
      timestampMs: now,
      nanos: 123,
      severity: 17,
      line: "level=error oops",
      attributes: { id: "7" },
    },
  ]);
});
test("loki: snappy protobuf, and gzip JSON of the legacy path", async () => {
  const { held, post } = start();
  const message = create(PushRequestSchema, {
    streams: [
      {
        labels: '{ job="a\\"b", zone=`z` }',
        entries: [{ timestamp: { seconds: BigInt(now / 1_000), nanos: 5 }, line: "one" }],
      },
    ],
  });
  const packed = new Uint8Array(compressSync(Buffer.from(toBinary(PushRequestSchema, message))));
  expect((await post(packed, { "content-type": "application/x-protobuf" })).status).toBe(204);
  const legacy = {
    streams: [{ labels: '{x="1"}', entries: [{ ts: new Date(now).toISOString(), line: "two" }] }],
  };
  const body = new Uint8Array(gzipSync(JSON.stringify(legacy)));
  const headers = { "content-type": "application/json", "content-encoding": "gzip" };
  expect((await post(body, headers, "/api/prom/push")).status).toBe(204);
  expect(held.logs.map(({ stream, nanos, line }) => [stream, nanos, line])).toEqual([
    [{ job: 'a"b', zone: "z", service_name: 'a"b' }, 5, "one"],
    [{ x: "1", service_name: "unknown_service" }, 0, "two"],
  ]);
});
test("loki: good entries of a push are kept when it is refused for others", async () => {
  const { held, json } = start();
  const response = await json(
    one(
      { app: "web" },
      [`${now}000000`, "good"],
      ["9000000000000000000", "far"],
      [`${now}000000`, "x".repeat(300_000)],
    ),
  );
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining("out of bounds"),
  ]);
  expect(held.logs.map(({ line }) => line)).toEqual(["good"]);
  expect(held.drops).toEqual({ out_of_bounds_timestamp: 1, line_too_long: 1 });
});
test("loki: what is not a push is refused with its status", async () => {
  const { held, post, json } = start();
  expect((await json({ streams: [] })).status).toBe(422);
  expect((await json(one({ app: "web" }, [now, "line"]))).status).toBe(400);
  expect((await json(one({ "a-b": "web" }, [`${now}000000`, "line"]))).status).toBe(400);
  expect((await json(one({ app: "web" }, ["line"]))).status).toBe(400);
  expect((await post("{", { "content-type": "application/json" })).status).toBe(400);
  expect((await post("x", { "content-type": "application/x-protobuf" })).status).toBe(400);
  expect(
    (await post("x", { "content-type": "application/json", "content-encoding": "br" })).status,
  ).toBe(400);
  held.isBroken = true;
  expect((await json(one({ app: "web" }, [`${now}000000`, "line"]))).status).toBe(503);
});

test("loki: a stream whose labels are no good does not cost the others", async () => {
  const { held, json } = start();
  const values = [[`${now}000000`, "line"]];
  const response = await json({
    streams: [
      { stream: { "a-b": "bad" }, values: [...values, [`${now}000001`, "another"]] },
      { stream: { app: "good" }, values },
    ],
  });
  expect([response.status, await response.text()]).toEqual([
    400,
    expect.stringContaining('label name "a-b" is not allowed'),
  ]);
  expect(held.logs.map(({ stream }) => stream.app)).toEqual(["good"]);
  expect(held.drops).toEqual({ label_limit: 2 });
});
test("loki: what was pushed before is dropped without a word, but not what could not be stored", async () => {
  const { held, json } = start();
  const push = one(
    { app: "web" },
    [`${now}000000`, "a"],
    [`${now}000000`, "b"],
    [`${now}000000`, "a"],
  );
  held.isBroken = true;
  expect((await json(push)).status).toBe(503);
  held.isBroken = false;
  expect((await json(push)).status).toBe(204);
  expect((await json(push)).status).toBe(204);
  expect((await json(one({ app: "other" }, [`${now}000000`, "a"]))).status).toBe(204);
  expect(held.logs.map(({ line }) => line)).toEqual(["a", "b", "a"]);
  expect(held.drops).toEqual({});
});
test("loki: entries that differ in nothing but metadata are all kept, by JSON and protobuf", async () => {
  const values: [string, string, Record<string, string>?][] = [
    [`${now}000000`, "same", { trace_id: "1" }],
    [`${now}000000`, "same", { trace_id: "2", span_id: "a" }],
    [`${now}000000`, "same", { span_id: "a", trace_id: "2" }],
    [`${now}000000`, "same"],
    [`${now}000000`, "same", {}],
    [`${now}000000`, "same", { span_id: "" }],
    [`${now}000000`, "same", { trace_id: "1" }],
  ];
  const message = create(PushRequestSchema, {
    streams: [
      {
        labels: '{app="web"}',
        entries: values.map(([, line, metadata = {}]) => ({
          timestamp: { seconds: BigInt(now / 1_000), nanos: 0 },
          line,
          structuredMetadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
        })),
      },
    ],
  });
  const packed = new Uint8Array(compressSync(Buffer.from(toBinary(PushRequestSchema, message))));
  for (const form of ["json", "protobuf"] as const) {
    const { held, json, post } = start();
    const answer =
      form === "json"
        ? await json(one({ app: "web" }, ...values))
        : await post(packed, { "content-type": "application/x-protobuf" });
    expect(answer.status).toBe(204);
    expect(held.logs.map(({ attributes }) => attributes)).toEqual([
      { trace_id: "1" },
      { trace_id: "2", span_id: "a" },
      {},
      { span_id: "" },
    ]);
    expect(held.notStored).toEqual({ duplicate_entry: 3 });
  }
});
test("loki: a refusal of JSON says where, what is there, and what was expected", async () => {
  const { held, post } = start();
  const stream = { app: "web" };
  const nanos = `${now}000000`;
  const refusals: [body: unknown, message: string][] = [
    [[], "push at the body: got a list of 0"],
    [{}, "push at streams: got nothing, expected a list of streams"],
    [{ streams: [1] }, 'push at streams[0]: got 1, expected an object with "stream" and "values"'],
    [{ streams: [{ stream, values: {} }] }, "push at streams[0].values: got an object"],
    [one({ app: 5 }), "push at streams[0].stream.app: got 5, expected a string"],
    [
      one(stream, [nanos, "a"], [now, "b"]),
      `push at streams[0].values[1][0]: got ${now}, expected`,
    ],
    [
      one(stream, ["1.5", "b"]),
      'push at streams[0].values[0][0]: got "1.5", expected Unix nanosec',
    ],
    [one(stream, [nanos, 7]), "push at streams[0].values[0][1]: got 7, expected the line"],
    [
      one(stream, [nanos, "a", "b"]),
      'push at streams[0].values[0][2]: got "b", expected an object',
    ],
    [one(stream, [nanos]), "push at streams[0].values[0]: got a list of 1, expected [time, line]"],
    [{ streams: [{ labels: 1 }] }, "push at streams[0].labels: got 1, expected a string"],
    [
      { streams: [{ labels: '{a="b"}', entries: [{ ts: "now", line: "" }] }] },
      'push at streams[0].entries[0].ts: got "now", expected a time in RFC 3339',
    ],
    [one({}, [nanos, "a"]), "error at least one label pair is required per stream"],
    [one({ app: "" }, [nanos, "a"]), "error at least one label pair is required per stream"],
  ];
  for (const [body, message] of refusals) {
    const answer = await post(JSON.stringify(body), { "content-type": "application/json" });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(message)]);
  }
  expect(held.logs).toEqual([]);
});
test("loki: metadata has names that queries can name, and texts of any value", async () => {
  const { held, json } = start();
  const given = {
    "http.method": "GET",
    "a  b": "1",
    "9x": "2",
    _own: "3",
    n: 5,
    ok: true,
    list: [1],
  };
  expect((await json(one({ app: "web" }, [`${now}000000`, "a", given]))).status).toBe(204);
  expect(held.logs[0]?.attributes).toEqual({
    http_method: "GET",
    a_b: "1",
    key_9x: "2",
    _own: "3",
    n: "5",
    ok: "true",
    list: "[1]",
  });
});
test("loki: metadata that is nested without end is refused", async () => {
  const { held, post } = start();
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  const body = `{"streams":[{"stream":{"app":"web"},"values":[["${now}000000","b",{"x":${deep}}]]}]}`;
  expect((await post(body, { "content-type": "application/json" })).status).toBe(400);
  expect(held.logs).toEqual([]);
});
test("loki: a line that is no text does not cost the others", async () => {
  const { held, post } = start();
  const body = Buffer.concat([
    Buffer.from(`{"streams":[{"stream":{"app":"web"},"values":[["${now}000000","bad `),
    Buffer.from([0xff, 0xc3]),
    Buffer.from(` end"],["${now}000001","good"]]}]}`),
  ]);
  const headers = { "content-type": "application/json" };
  expect((await post(new Uint8Array(body), headers)).status).toBe(204);
  expect(held.logs.map(({ line }) => line)).toEqual(["bad \ufffd\ufffd end", "good"]);
});
test("loki: a refusal says how much is refused, and of what stream", async () => {
  const { json } = start();
  const response = await json(
    one({ app: "web" }, [`${now}000000`, "good"], ["9000000000000000000", "far"]),
  );
  expect(await response.text()).toContain("1 of 2 entries are refused");
});
test("loki: a level is taken from metadata, then labels, then the line", async () => {
  const { held, json } = start();
  await json(one({ app: "web" }, [`${now}000000`, "level=info a", { level: "WARN" }]));
  await json(one({ app: "web", severity: "error" }, [`${now}000000`, "level=info b", { id: "1" }]));
  await json(one({ app: "web", level: "whatever" }, [`${now}000000`, "level=debug c"]));
  await json(one({ app: "web", level: "50" }, [`${now}000000`, "d"]));
  expect(held.logs.map(({ severity }) => severity)).toEqual([13, 17, 5, 17]);
});

test("loki: a line that was refused is refused again when it is pushed again", async () => {
  const { held, json } = start();
  const push = one({ app: "web" }, [`${now}000000`, "x".repeat(300_000)], [`${now}000001`, "good"]);
  for (let i = 0; i < 2; i++) {
    const response = await json(push);
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("1 of 2 entries are refused");
  }
  expect(held.logs.map(({ line }) => line)).toEqual(["good"]);
});

test("loki: a push that fails after its first entries leaves what is known of other pushes, and is taken when it comes again", async () => {
  const { held, json, post } = start();
  const protobuf = (bytes: Uint8Array) =>
    post(new Uint8Array(compressSync(Buffer.from(bytes))), {
      "content-type": "application/x-protobuf",
    });
  const messageOf = (line: string) => {
    const entries = [{ timestamp: { seconds: BigInt(now / 1_000), nanos: 0 }, line }];
    const streams = [{ labels: '{app="web"}', entries }];
    return toBinary(PushRequestSchema, create(PushRequestSchema, { streams }));
  };
  const before = one({ app: "web" }, [`${now}000000`, "before"]);
  expect((await json(before)).status).toBe(204);
  const own = [`${now}000000`, "json"];
  expect((await json(one({ app: "web" }, own, [`${now}000001`, 7]))).status).toBe(400);
  const cut = Buffer.concat([messageOf("protobuf"), Buffer.of(10, 200)]);
  expect((await protobuf(cut)).status).toBe(400);
  held.isBroken = true;
  expect((await json(one({ app: "web" }, [`${now}000000`, "unstored"]))).status).toBe(503);
  held.isBroken = false;
  for (let i = 0; i < 2; i++) {
    expect((await json(before)).status).toBe(204);
    expect((await json(one({ app: "web" }, own))).status).toBe(204);
    expect((await protobuf(messageOf("protobuf"))).status).toBe(204);
    expect((await json(one({ app: "web" }, [`${now}000000`, "unstored"]))).status).toBe(204);
  }
  expect(held.logs.map(({ line }) => line)).toEqual(["before", "json", "protobuf", "unstored"]);
});
