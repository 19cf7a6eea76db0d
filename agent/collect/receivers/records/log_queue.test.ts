import { expect, test } from "bun:test";
import { connect } from "node:net";
import { LogQueue } from "./log_queue.ts";
import { Held, eventually, started } from "../receiver.fixture.ts";
import { syslog } from "../syslog/receiver.ts";

const labels = { job: "a" };
const record = (body: string) => ({
  unixNanos: 1n,
  severity: 0,
  body: Buffer.from(body),
  attributes: undefined,
});
/** A spool that takes nothing until it is let go. */
function blocked() {
  const held = new Held();
  const gate = Promise.withResolvers<void>();
  const context = held.context();
  const emitLogs: typeof context.emitLogs = async (batch) => {
    await gate.promise;
    await context.emitLogs(batch);
  };
  return { held, gate, context: { ...context, emitLogs } };
}

test("LogQueue is full when 16 MiB wait for the spool, has room again, and keeps the order", async () => {
  const { held, gate, context } = blocked();
  const queue = new LogQueue(context, 100_000);
  let count = 0;
  for (; !queue.isFull; count++) queue.add(labels, record(`${count} ${"x".repeat(50_000)}`));
  expect(count).toBeGreaterThan(300);
  expect(count).toBeLessThan(350);
  let hasRoom = false;
  const room = queue.room().then(() => (hasRoom = true));
  await Bun.sleep(1);
  expect(hasRoom).toBe(false);
  gate.resolve();
  await room;
  await queue.written();
  expect(held.logs.map(({ line }) => Number.parseInt(line, 10))).toEqual(
    Array.from({ length: count }, (_, i) => i),
  );
});
test("LogQueue goes on after a batch that the spool did not take", async () => {
  const held = new Held();
  const context = held.context();
  const queue = new LogQueue(context, 100);
  held.isBroken = true;
  queue.add(labels, record("lost"));
  await queue.written();
  held.isBroken = false;
  queue.add(labels, record("kept"));
  await queue.written();
  expect(held.logs.map(({ line }) => line)).toEqual(["kept"]);
});
test("syslog: while the spool takes nothing, a connection waits, and datagrams are dropped and counted", async () => {
  const { held, gate, context } = blocked();
  const config = syslog.config.parse({ tcp_listen: "127.0.0.1:0", udp_listen: "127.0.0.1:0" });
  const { ports, receiver } = await started((own) => {
    const { log } = own;
    return syslog.open(config, { ...context, log });
  }, held);
  const [udp = 0, tcp = 0] = ports;
  const line = `<11>1 - h a - - - ${"x".repeat(10_000)}\n`;
  const lines = 6_000;
  const socket = connect(tcp, "127.0.0.1");
  let written = 0;
  const write = (): void => {
    while (written < lines) {
      written++;
      if (!socket.write(line)) {
        socket.once("drain", write);
        return;
      }
    }
    socket.end();
  };
  write();
  const sender = await Bun.udpSocket({});
  await eventually(() => {
    sender.send("<11>1 - h b - - - datagram", udp, "127.0.0.1");
    return (held.drops["rate_limit"] ?? 0) > 0;
  });
  sender.close();
  expect(written).toBeLessThan(lines);
  gate.resolve();
  await eventually(() => held.logs.filter(({ stream }) => stream["app"] === "a").length === lines);
  await receiver.stop?.();
}, 30_000);
