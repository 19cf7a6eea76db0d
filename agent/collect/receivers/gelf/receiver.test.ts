import { expect, test } from "bun:test";
import { connect } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { MemoryBudget } from "../transport/memory_budget.ts";
import { Held, eventually, opened, started } from "../receiver.fixture.ts";
import { GelfChunks } from "./chunks.ts";
import { gelf } from "./receiver.ts";

const anyPort = "127.0.0.1:0";
async function start(config: object) {
  const held = new Held();
  const options = gelf.config.parse(config);
  return { held, ...(await started((context) => gelf.open(options, context), held)) };
}
async function sendUdp(port: number, ...datagrams: readonly (string | Uint8Array)[]) {
  const socket = await Bun.udpSocket({});
  for (const datagram of datagrams) socket.send(datagram, port, "127.0.0.1");
  await Bun.sleep(1);
  socket.close();
}
/** The chunks of a message, by the layout of GELF's specification. */
function chunksOf(message: Uint8Array, size: number, id = "00000000000000ff"): Buffer[] {
  const count = Math.ceil(message.length / size);
  return Array.from({ length: count }, (_, i) =>
    Buffer.concat([
      Buffer.from(`1e0f${id}`, "hex"),
      Buffer.of(i, count),
      message.subarray(i * size, (i + 1) * size),
    ]),
  );
}
// The example of the payload's specification.
const example = {
  version: "1.1",
  host: "example.org",
  short_message: "A short message that helps you identify what is going on",
  full_message: "Backtrace here\n\nmore stuff",
  timestamp: 1_385_053_862.3072,
  level: 5,
  _user_id: 9001,
  _some_info: "foo",
  _some_env_var: "bar",
};
const exampleLog = {
  stream: { job: "gelf", host: "example.org", service_name: "gelf" },
  timestampMs: 1_385_053_862_307,
  nanos: 200_000,
  severity: 10,
  line: example.short_message,
  attributes: {
    full_message: example.full_message,
    user_id: "9001",
    some_info: "foo",
    some_env_var: "bar",
  },
};
const text = JSON.stringify(example);

test("gelf: UDP plain, zlib, gzip and in chunks of any order, some twice", async () => {
  const { held, ports, receiver } = await start({ udp_listen: anyPort });
  const chunks = chunksOf(gzipSync(text), 40).toReversed();
  const packed = [text, deflateSync(text), gzipSync(text), ...chunks.slice(0, 2), ...chunks];
  await sendUdp(ports[0] ?? 0, ...packed);
  await eventually(() => held.logs.length === 4);
  await receiver.stop?.();
  expect(held.logs).toEqual([exampleLog, exampleLog, exampleLog, exampleLog]);
  expect(held.drops).toEqual({});
});
test("gelf: TCP, ended by NUL or the connection; a message that is too long costs no other", async () => {
  const { held, ports, receiver } = await start({ tcp_listen: anyPort, message_size_max: "4KiB" });
  const socket = connect(ports[0] ?? 0, "127.0.0.1");
  const long = JSON.stringify({ ...example, _x: "x".repeat(100_000) });
  for (const piece of [text.slice(0, 50), `${text.slice(50)}\0\0${long}`, `\0nonsense\0${text}`])
    socket.write(piece);
  socket.end();
  await eventually(() => held.logs.length === 2);
  await receiver.stop?.();
  expect(held.logs).toEqual([exampleLog, exampleLog]);
  expect(held.drops).toEqual({ line_too_long: 1, invalid_record: 1 });
});
test("gelf: HTTP answers 202 when it is stored, 400 and 413 for good, 503 to come again", async () => {
  const held = new Held();
  const config = gelf.config.parse({ message_size_max: "100KiB" });
  const { app } = opened((context) => gelf.open(config, context), held);
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    app.request("/gelf", { method: "POST", body, headers });
  expect((await post(text)).status).toBe(202);
  const packed = new Uint8Array(gzipSync(text));
  expect((await post(packed, { "content-encoding": "gzip" })).status).toBe(202);
  expect(held.logs).toEqual([exampleLog, exampleLog]);
  for (const bad of ["", "[]", "{", "1", "[".repeat(20_000)])
    expect((await post(bad)).status).toBe(400);
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(10_000_000)));
  expect((await post(bomb, { "content-encoding": "gzip" })).status).toBe(413);
  expect(held.drops).toEqual({ invalid_record: 6 });
  expect((await app.request("/gelf")).status).toBe(405);
  held.isBroken = true;
  expect((await post(text)).status).toBe(503);
});
test("gelf: what a message lacks or has wrong is made up for", async () => {
  const held = new Held();
  const { app } = opened((context) => gelf.open(gelf.config.parse({}), context), held);
  const long = "message\n  at one\n  at two";
  for (const message of [
    { short_message: "no level", timestamp: "1385053862.5" },
    { host: "h", short_message: "message", full_message: long, level: 3, _app: "web" },
    { not: "GELF" },
    { host: "h", short_message: "future", timestamp: 9e9 },
  ])
    await app.request("/gelf", { method: "POST", body: JSON.stringify(message) });
  expect(held.logs).toMatchObject([
    { severity: 19, timestampMs: 1_385_053_862_500, stream: { job: "gelf" } },
    { severity: 17, line: long, timestampMs: held.nowMs, stream: { host: "h", app: "web" } },
    { line: '{"not":"GELF"}' },
    { timestampMs: held.nowMs, attributes: { sent_unix_nanos: "9000000000000000000" } },
  ]);
  expect(held.notStored).toEqual({ timestamp: 1 });
});
test("gelf: a message of megabytes is read in steps, and its line cut as others are", async () => {
  const held = new Held();
  const { app } = opened((context) => gelf.open(gelf.config.parse({}), context), held);
  // Of two bytes, and written as six.
  const line = "\u00e4".repeat(700_000);
  const escaped = `"${"\\u00e4".repeat(700_000)}"`;
  for (const written of [JSON.stringify(line), escaped])
    await app.request("/gelf", {
      method: "POST",
      body: `{"host":"h","short_message":${written},"level":3,"_app":"web"}`,
    });
  const stored = { line: line.slice(0, 128 * 1_024), severity: 17, stream: { app: "web" } };
  expect(held.logs).toMatchObject([stored, stored]);
});
function half(id: number, bytes = 100): Buffer {
  const [first] = chunksOf(Buffer.alloc(2 * bytes), bytes, id.toString(16).padStart(16, "0"));
  return first ?? Buffer.alloc(0);
}
test("gelf: rules see all fields, and what they drop is counted and answered as stored", async () => {
  const held = new Held();
  const config = gelf.config.parse({
    relabel_configs: [
      { source_labels: ["__gelf_message_level"], regex: "debug", action: "drop" },
      { source_labels: ["__gelf_message_user_id", "__gelf_message_host"], target_label: "app" },
      { regex: "host", action: "labeldrop" },
    ],
  });
  const { routes } = gelf.open(config, held.context());
  const post = (message: object) =>
    routes.request("/gelf", { method: "POST", body: JSON.stringify(message) });
  expect((await post({ ...example, level: 7 })).status).toBe(202);
  expect((await post(example)).status).toBe(202);
  expect(held.drops).toEqual({ relabel: 1 });
  expect(held.logs).toEqual([
    {
      ...exampleLog,
      stream: { job: "gelf", app: "9001;example.org", service_name: "9001;example.org" },
    },
  ]);
});
test("GelfChunks gives up what does not become whole, and holds a bounded memory", () => {
  const lost: Record<string, number> = {};
  let nowMs = 0;
  const memory = new MemoryBudget(1_000_000);
  const chunks = new GelfChunks({
    clock: { monotonic: () => nowMs },
    memory,
    messageBytesMax: 50_000,
    onLost: (reason) => void (lost[reason] = (lost[reason] ?? 0) + 1),
  });
  chunks.add(half(1), "a");
  nowMs = 5_001;
  chunks.expire();
  expect(lost).toEqual({ invalid_record: 1 });
  for (let id = 0; id < 1_030; id++) chunks.add(half(id), "a");
  expect(lost).toEqual({ invalid_record: 1, rate_limit: 6 });
  for (let id = 2_000; id < 2_040; id++) chunks.add(half(id, 40_000), "a");
  expect(lost["rate_limit"]).toBeGreaterThan(30);
  const bad = half(1);
  bad[11] = 200;
  chunks.add(bad, "b");
  bad[11] = 0;
  chunks.add(bad, "b");
  chunks.add(Buffer.of(0x1e, 0x0f), "b");
  expect(lost["invalid_record"]).toBe(4);
  chunks.close();
  memory.take(1_000_000);
});
