import { expect, test } from "bun:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { Held, opened } from "../receiver.fixture.ts";
import { jsonLogs } from "./receiver.ts";

function start(config: object = {}) {
  const held = new Held();
  const { app } = opened((context) => jsonLogs.open(jsonLogs.config.parse(config), context), held);
  const post = async (
    body: string | Uint8Array<ArrayBuffer>,
    headers: Record<string, string> = {},
    query = "",
  ) => {
    const path = `/api/v1/monitoring/logs${query}`;
    const response = await app.request(path, { method: "POST", body, headers });
    return [response.status, await response.json()] as const;
  };
  return { held, post };
}

test("json_logs: lines keep time, level, message, labels and what stands beside", async () => {
  const { held, post } = start();
  const lines = [
    '{"time":"2025-10-01T10:00:00.123456789+02:00","level":"error","msg":"one","service":"web","user":{"id":7}}',
    "",
    '{"ts":1759300000,"message":"two"}\r',
    '{"ts":1759300000123,"a":1}',
  ];
  expect(await post(lines.join("\n"))).toEqual([200, { stored: 3, refused: [] }]);
  expect(held.logs).toEqual([
    {
      stream: { service: "web", service_name: "web" },
      timestampMs: Date.parse("2025-10-01T08:00:00.123Z"),
      nanos: 456_789,
      severity: 17,
      line: "one",
      attributes: { level: "error", user_id: "7" },
    },
    expect.objectContaining({ timestampMs: 1_759_300_000_000, line: "two", attributes: {} }),
    expect.objectContaining({ timestampMs: 1_759_300_000_123, line: '{"ts":1759300000123,"a":1}' }),
  ]);
});
test("json_logs: lists, packed bodies, labels by query or header, keys by query", async () => {
  const { held, post } = start();
  const list = JSON.stringify([{ body: "x", who: { name: "n" }, at: "1759300000.5" }]);
  const query = "?message_keys=body&time_keys=at&label_keys=who.name&labels=env%3Dtest,a%3Db";
  const gzip = new Uint8Array(gzipSync(list));
  expect((await post(gzip, { "content-encoding": "gzip" }, query))[0]).toBe(200);
  const zstd = new Uint8Array(zstdCompressSync('{"message":"y"}'));
  const headers = { "content-encoding": "zstd", "x-lapwing-labels": '{env="prod"}' };
  expect((await post(zstd, headers))[0]).toBe(200);
  expect(held.logs).toMatchObject([
    {
      stream: { env: "test", a: "b", who_name: "n" },
      timestampMs: 1_759_300_000_500,
      line: "x",
    },
    { stream: { env: "prod" }, timestampMs: held.nowMs, line: "y" },
  ]);
});
test("json_logs: bad records are told by place and counted; the others are stored", async () => {
  const { held, post } = start();
  const deep = `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
  const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [i, i])));
  const [status, answer] = await post(
    ['{"msg":"a"}', "nonsense", "[1]", '"text"', deep, wide, '{"msg":"b"}'].join("\n"),
  );
  expect(status).toBe(400);
  expect(answer).toMatchObject({ stored: held.logs.length });
  expect(held.logs.map(({ line }) => line).filter((line) => line.length < 5)).toEqual(["a", "b"]);
  expect(held.logs.length + (held.drops["invalid_record"] ?? 0)).toBe(7);
  expect(held.drops["invalid_record"]).toBeGreaterThanOrEqual(4);
  expect(await post('[{"msg":"c"},1]')).toMatchObject([400, { refused: [{ index: 1 }] }]);
});
test("json_logs: times that can't be, and long lines, are kept and counted", async () => {
  const { held, post } = start({ line_size_max: "1KiB" });
  const line = "x".repeat(2_000);
  const sent = ['{"time":"soon","msg":"a"}', '{"time":"2099-01-01T00:00:00Z","msg":"b"}'];
  await post([...sent, JSON.stringify({ msg: line })].join("\n"));
  expect(held.logs).toMatchObject([
    { timestampMs: held.nowMs, attributes: { time: "soon" } },
    { timestampMs: held.nowMs, attributes: { sent_unix_nanos: "4070908800000000000" } },
    { line: "x".repeat(1_024), attributes: { truncated: "true" } },
  ]);
  expect(held.notStored).toEqual({ timestamp: 1, line_end: 1 });
});
test("json_logs: what is no request has its status", async () => {
  const { held, post } = start({ body_size_max: "10KiB" });
  expect((await post("[{"))[0]).toBe(400);
  expect((await post("{}", {}, "?labels=a-b%3Dc"))[0]).toBe(400);
  expect((await post("{}", {}, "?labels=a"))[0]).toBe(400);
  expect((await post("x".repeat(20_000)))[0]).toBe(413);
  expect((await post("x", { "content-encoding": "lzma" }))[0]).toBe(415);
  held.isBroken = true;
  expect((await post("{}"))[0]).toBe(503);
});
