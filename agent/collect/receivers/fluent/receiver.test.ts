import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { FluentClient } from "@fluent-org/logger";
import { decode, decodeMulti, encode } from "@msgpack/msgpack";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { fluent } from "./receiver.ts";

async function start(config: object = {}) {
  const held = new Held();
  const options = fluent.config.parse({ listen: "127.0.0.1:0", ...config });
  const { ports, receiver } = await started((context) => fluent.open(options, context), held);
  return { held, receiver, port: ports[0] ?? 0 };
}
/** Sends bytes piece by piece; gives what came back once `isDone` of it, or the connection has ended. */
async function talk(
  port: number,
  pieces: readonly Uint8Array[],
  isDone: (answer: Buffer) => boolean,
): Promise<Buffer> {
  const socket = connect(port, "127.0.0.1");
  let answer = Buffer.alloc(0);
  const done = new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (isDone(answer)) resolve();
    });
    socket.on("close", () => resolve());
    socket.on("error", () => resolve());
  });
  for (const piece of pieces) socket.write(piece);
  if (!isDone(answer)) await done;
  socket.destroy();
  return answer;
}
const tagged = (tag: string, chunk: string) =>
  encode([tag, [[seconds, { log: `of ${tag}`, k: { a: "1" } }]], { chunk }]);
const isAcked = (answer: Buffer) => answer.length > 0;
const seconds = 1_750_000_000;
/** EventTime as fixext 8, and 5 ns. */
const eventTime = Buffer.from(`d700${seconds.toString(16)}00000005`, "hex");
const join = (...parts: readonly Uint8Array[]) => Buffer.concat(parts);
const entry = (record: unknown, time: Uint8Array = eventTime) =>
  join(Uint8Array.of(0x92), time, encode(record));

test("fluent: Message, Forward, PackedForward and CompressedPackedForward, cut anywhere", async () => {
  const { held, receiver, port } = await start();
  const packed = join(entry({ log: "packed 1\n" }), entry({ log: "packed 2" }, encode(seconds)));
  const gzip = join(gzipSync(entry({ log: "gzip 1" })), gzipSync(entry({ log: "gzip 2" })));
  const messages = [
    join(Uint8Array.of(0x93), encode("app.one"), eventTime, encode({ message: "message" })),
    Uint8Array.of(0xc0),
    join(
      Uint8Array.of(0x92, 0xa1, 0x74, 0x91),
      entry({ log: "forward", level: "warn", k: { a: 1 } }),
    ),
    encode(["t", packed]),
    encode(["t", gzip, { compressed: "gzip", size: 2 }]),
    encode(["t", zstdCompressSync(entry({ log: "zstd" })), { compressed: "zstd" }]),
    join(
      Uint8Array.of(0x93, 0xa1, 0x74, 0x91),
      join(
        Uint8Array.of(0x92),
        join(Uint8Array.of(0x92), eventTime, encode({ m: 1 })),
        encode({ log: "metadata" }),
      ),
      encode({ chunk: "p8n9gmxTQVC8/nh2wlKKeQ==" }),
    ),
  ];
  const all = join(...messages);
  const pieces = Array.from({ length: Math.ceil(all.length / 7) }, (_, i) =>
    all.subarray(7 * i, 7 * i + 7),
  );
  const answer = await talk(port, pieces, isAcked);
  expect(decode(answer)).toEqual({ ack: "p8n9gmxTQVC8/nh2wlKKeQ==" });
  await receiver.stop?.();
  expect(held.logs.map(({ line }) => line).toSorted()).toEqual(
    [
      "message",
      "forward",
      "packed 1",
      "packed 2",
      "gzip 1",
      "gzip 2",
      "zstd",
      "metadata",
    ].toSorted(),
  );
  const byLine = new Map(held.logs.map((log) => [log.line, log]));
  expect(byLine.get("message")).toEqual({
    stream: { job: "fluent", tag: "app.one", service_name: "fluent" },
    timestampMs: seconds * 1_000,
    nanos: 5,
    severity: 0,
    line: "message",
    attributes: {},
  });
  expect(byLine.get("forward")).toMatchObject({
    severity: 13,
    attributes: { level: "warn", k_a: "1" },
  });
  expect(byLine.get("packed 2")).toMatchObject({ timestampMs: seconds * 1_000, nanos: 0 });
  expect(held.drops).toEqual({});
});
test("fluent: a chunk is acknowledged after the spool has it, and not when it has not", async () => {
  const { held, receiver, port } = await start();
  const message = encode(["t", [[seconds, { log: "x" }]], { chunk: "c" }]);
  held.isBroken = true;
  expect(await talk(port, [message], isAcked)).toEqual(Buffer.alloc(0));
  held.isBroken = false;
  expect(decode(await talk(port, [message], isAcked))).toEqual({ ack: "c" });
  expect(held.logs.length).toBe(1);
  await receiver.stop?.();
});
test("fluent: rules see tag and fields; a chunk whose entries they drop is acknowledged, and they are counted", async () => {
  const { held, receiver, port } = await start({
    relabel_configs: [
      { source_labels: ["__fluent_tag", "__fluent_record_k_a"], regex: "drop;.*", action: "drop" },
      { source_labels: ["__fluent_record_k_a"], target_label: "a" },
      { source_labels: ["__fluent_record_log"], target_label: "log" },
      { regex: "tag", action: "labeldrop" },
    ],
  });
  expect(decode(await talk(port, [tagged("drop", "x")], isAcked))).toEqual({ ack: "x" });
  expect(decode(await talk(port, [tagged("keep", "y")], isAcked))).toEqual({ ack: "y" });
  await receiver.stop?.();
  expect(held.drops).toEqual({ relabel: 1 });
  expect(held.logs.map(({ line, stream, attributes }) => ({ line, stream, attributes }))).toEqual([
    {
      line: "of keep",
      stream: { job: "fluent", a: "1", service_name: "fluent" },
      attributes: { k_a: "1" },
    },
  ]);
});
test("fluent: bad entries are counted, their neighbours stored, and the chunk acknowledged", async () => {
  const { held, receiver, port } = await start();
  const poison = Buffer.from("920081a95f5f70726f746f5f5f01", "hex");
  const bytes = join(
    Uint8Array.of(0x92, 0),
    encode({ log: 1 }).subarray(0, 5),
    Uint8Array.of(0xa2, 0xff, 0x61),
  );
  const broken = Buffer.from("c1c1", "hex");
  const good = entry({ log: "good" });
  await talk(
    port,
    [encode(["t", join(entry("no map"), poison, good, bytes, broken), { chunk: "c", size: 5 }])],
    isAcked,
  );
  expect(held.logs.map(({ line }) => line)).toEqual(["good", "\ufffda"]);
  expect(held.drops).toEqual({ invalid_record: 3 });
  const compressed = encode([
    "t",
    Buffer.from("no gzip"),
    { compressed: "gzip", chunk: "d", size: 3 },
  ]);
  expect(decode(await talk(port, [compressed], isAcked))).toEqual({ ack: "d" });
  expect(held.drops).toEqual({ invalid_record: 6 });
  await receiver.stop?.();
});
test("fluent: records without a message, without time, too wide or too deep keep what can be kept", async () => {
  const { held, receiver, port } = await start();
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`k${i}`, i]));
  let deep: unknown = "end";
  for (let i = 0; i < 90; i++) deep = { a: deep };
  const entries = [
    [0, { a: 1, b: [true, null] }],
    [seconds, { ...wide, log: "wide" }],
    [seconds, { deep }],
    [9_000_000_000, { log: "future" }],
  ];
  await talk(port, [encode(["t", entries, { chunk: "c" }])], isAcked);
  await receiver.stop?.();
  expect(held.logs[0]).toMatchObject({ line: '{"a":1,"b":[true,null]}', timestampMs: held.nowMs });
  expect(JSON.parse(held.logs[1]?.line ?? "")).toEqual({ ...wide, log: "wide" });
  expect(held.logs[2]).toMatchObject({ line: "future", timestampMs: held.nowMs });
  expect(held.drops).toEqual({ invalid_record: 1 });
  expect(held.notStored).toEqual({ timestamp: 1 });
});
test("fluent: bombs and messages over the limit hold no memory", async () => {
  const { held, receiver, port } = await start({ message_size_max: "1MiB" });
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  const message = encode(["t", bomb, { compressed: "gzip", chunk: "b", size: 10 }]);
  expect(decode(await talk(port, [message], isAcked))).toEqual({ ack: "b" });
  expect(held.drops).toEqual({ invalid_record: 10 });
  // A text of 4 GB.
  const claim = Uint8Array.of(0x92, 0xdb, 255, 255, 255, 255);
  expect(await talk(port, [claim], isAcked)).toEqual(Buffer.alloc(0));
  expect(await talk(port, [Uint8Array.of(0xc1)], isAcked)).toEqual(Buffer.alloc(0));
  expect(held.refusedConnections).toEqual({ malformed: 2 });
  await receiver.stop?.();
});
test("fluent: @fluent-org/logger sends, is acknowledged, and logs in", async () => {
  const users = [{ username: "u", password: "p" }];
  const { held, receiver, port } = await start({ shared_key: "k", users });
  const client = (
    sharedKey: string,
    password: string,
    eventMode: "PackedForward" | "CompressedPackedForward",
  ) =>
    new FluentClient("app", {
      socket: { host: "127.0.0.1", port, timeout: 3_000 },
      security: { clientHostname: "client", sharedKey, username: "u", password },
      ack: { ackTimeout: 3_000 },
      eventMode,
      disconnect: { waitForPending: false },
    });
  for (const mode of ["PackedForward", "CompressedPackedForward"] as const) {
    const good = client("k", "p", mode);
    await good.emit("web", { message: `by ${mode}`, level: "error" });
    await good.disconnect();
  }
  expect(held.logs.map(({ line, severity, stream }) => [line, severity, stream["tag"]])).toEqual([
    ["by PackedForward", 17, "app.web"],
    ["by CompressedPackedForward", 17, "app.web"],
  ]);
  await receiver.stop?.();
});
function sha(...parts: readonly string[]): string {
  return createHash("sha512").update(parts.join("")).digest("hex");
}
test("fluent: wrong credentials are refused with the reason, and nothing of theirs is taken", async () => {
  const users = [{ username: "u", password: "p" }];
  const { held, receiver, port } = await start({ shared_key: "k", users, server_name: "here" });
  const attempt = (sharedKey: string, user: string, password: string) =>
    new Promise<unknown[]>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      let answer = Buffer.alloc(0);
      socket.on("data", (chunk: Buffer) => {
        const isFirst = answer.length === 0;
        answer = Buffer.concat([answer, chunk]);
        if (!isFirst) return;
        const helo = decode(chunk);
        const { nonce, auth } = Array.isArray(helo) ? helo[1] : {};
        const digest = sha("salt", "me", nonce, sharedKey);
        // A text is no salt to fluent-logger of npm.
        const salt = auth instanceof Uint8Array ? Buffer.from(auth).toString() : "none";
        socket.write(encode(["PING", "me", "salt", digest, user, sha(salt, user, password)]));
        socket.write(encode(["t", [[seconds, { log: "sent behind" }]]]));
        socket.end();
      });
      socket.on("close", () => resolve([...decodeMulti(answer)].slice(1)));
      socket.on("error", () => {});
    });
  expect(await attempt("wrong", "u", "p")).toEqual([
    ["PONG", false, "shared_key mismatch", "here", ""],
  ]);
  const mismatch = [["PONG", false, "username/password mismatch", "here", ""]];
  expect(await attempt("k", "u", "wrong")).toEqual(mismatch);
  expect(await attempt("k", "nobody", "p")).toEqual(mismatch);
  await talk(port, [encode(["t", [[seconds, { log: "no PING" }]]])], () => false);
  expect([held.logs, held.refusedConnections]).toEqual([[], { credentials: 4 }]);
  expect(await attempt("k", "u", "p")).toEqual([
    ["PONG", true, "", "here", expect.stringMatching(/^[0-9a-f]{128}$/)],
  ]);
  await eventually(() => held.logs.length === 1);
  await receiver.stop?.();
});
test("fluent: a web page's request ends the connection, and nothing of its body is taken", async () => {
  const { held, receiver, port } = await start();
  const head = Buffer.from(
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\n",
  );
  const answer = await talk(port, [join(head, tagged("forged", "Y2h1bms="))], () => false);
  expect(answer).toHaveLength(0);
  await receiver.stop?.();
  expect(held.logs).toEqual([]);
  expect(held.refusedConnections).toEqual({ malformed: 1 });
});

test("fluent: heartbeats over UDP are answered on the same port", async () => {
  const { receiver, port } = await start();
  const answered = Promise.withResolvers<number>();
  const socket = await Bun.udpSocket({
    socket: { data: (_, bytes) => answered.resolve(bytes[0] ?? -1) },
  });
  socket.send(Uint8Array.of(0), port, "127.0.0.1");
  expect(await answered.promise).toBe(0);
  socket.close();
  await receiver.stop?.();
});
