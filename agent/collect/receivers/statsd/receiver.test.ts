import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { StatsdConfig } from "./config.ts";
import { statsd } from "./receiver.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-statsd-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const anyPort = "127.0.0.1:0";

async function opened(options: object) {
  const held = new Held();
  const config = StatsdConfig.parse({ udp_listen: false, ...options });
  const { ports, receiver } = await started((context) => statsd.open(config, context), held);
  /** What arrived is written when the receiver stops. */
  const stop = async () => {
    held.nowMs += 1;
    await receiver.stop?.();
  };
  return { held, port: ports[0] ?? 0, stop };
}

/** Bytes that another process sent come when the loop has looked at its sockets. */
const looks = async () => {
  for (let i = 0; i < 20; i++) await Bun.sleep(1);
};

test("over UDP, with packets of several lines, and what is too long is counted", async () => {
  const { held, port, stop } = await opened({ udp_listen: anyPort, packet_size_max: 100 });
  const socket = await Bun.udpSocket({});
  socket.send("a:1|c\na:2|c\n", port, "127.0.0.1");
  socket.send(`b:1|c|#${"x".repeat(100)}`, port, "127.0.0.1");
  socket.send("a:4|c", port, "127.0.0.1");
  await looks();
  socket.close();
  await stop();
  expect(held.of({ __name__: "a" }).at(-1)).toEqual({ timestampMs: held.nowMs, value: 7 });
  expect(held.drops).toEqual({ line_too_long: 1 });
});

test("over TCP line by line, split anywhere, the last without an end", async () => {
  const { held, port, stop } = await opened({ tcp_listen: anyPort, packet_size_max: 100 });
  const connection = connect(port, "127.0.0.1");
  for (const piece of [
    "a:1|",
    "c\na:2|c\r\n",
    "x".repeat(150),
    `${"x".repeat(50)}:1|c\na`,
    ":4|c",
  ]) {
    connection.write(piece);
    await looks();
  }
  connection.end();
  await eventually(() => connection.closed);
  await stop();
  expect(held.of({ __name__: "a" }).at(-1)?.value).toBe(7);
  expect(held.drops).toEqual({ line_too_long: 1 });
});

test("connections over their limit are refused and counted", async () => {
  const { held, port, stop } = await opened({ tcp_listen: anyPort, connections_max: 1 });
  const first = connect(port, "127.0.0.1");
  await eventually(() => !first.connecting);
  await looks();
  const second = connect(port, "127.0.0.1");
  await eventually(() => second.closed);
  first.destroy();
  await stop();
  expect(held.refusedConnections).toEqual({ too_many: 1 });
});

function packet(text: string): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(text.length);
  return Buffer.concat([head, Buffer.from(text)]);
}

test("from a Unix socket of packets with their lengths; a length that can't be closes it", async () => {
  const path = join(folder, "stream.sock");
  const { held, stop } = await opened({ unix_stream_listen: path, packet_size_max: 100 });
  const connection = connect(path);
  const all = Buffer.concat([packet("a:1|c\na:2|c"), packet("a:4|c\n"), packet("")]);
  connection.write(all.subarray(0, 7));
  await looks();
  connection.write(all.subarray(7));
  connection.write(Buffer.of(0xff, 0xff, 0, 0, 0x61));
  await eventually(() => connection.closed);
  await stop();
  expect(held.of({ __name__: "a" }).at(-1)?.value).toBe(7);
  expect(held.refusedConnections).toEqual({ malformed: 1 });
});

const python = Bun.which("python3");

// Neither Bun nor Node has Unix sockets of datagrams.
test.skipIf(python === null)(
  "from a Unix socket of datagrams, after an empty one too",
  async () => {
    const path = join(folder, "datagrams.sock");
    const { stop: stopFirst } = await opened({ unix_listen: path });
    await stopFirst();
    const { held, stop } = await opened({ unix_listen: path });
    const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
for m in [b"a:1|c", b"a:2|c\\nb:1|c", b"", b"a:4|c", b""] * 20: s.send(m)
`;
    const sender = Bun.spawn([python ?? "", "-c", script, path]);
    expect(await sender.exited).toBe(0);
    await looks();
    await stop();
    expect(held.of({ __name__: "a" }).at(-1)?.value).toBe(140);
    expect(held.of({ __name__: "b" }).at(-1)?.value).toBe(20);
  },
);

test("a port that is taken, and rules that can't be read, are told at the start", async () => {
  const taken = await Bun.udpSocket({ hostname: "127.0.0.1" });
  expect(opened({ udp_listen: `127.0.0.1:${taken.port}` })).rejects.toThrow("cannot listen");
  expect(opened({ mapping_config: join(folder, "none.yml") })).rejects.toThrow("cannot read");
  taken.close();
});
