import { afterEach, expect, test } from "bun:test";
import { connect } from "nats";
import { createNatsReceiver } from "#aggregator/ingest/nats_receiver.ts";
import { StreamsConfig } from "#aggregator/ingest/nats_streams.ts";
import { createNatsUplink } from "#agent/uplink/nats_uplink.ts";
import type {
  CarrierPosition,
  CommittedPosition,
  Receiver,
  Uplink,
} from "#proto/bus/agent_port.ts";
import { NatsConfig } from "#proto/bus/nats_config.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { NatsServer } from "#test/support/nats.ts";
import { natsServerPath, startNats } from "#test/support/nats.ts";
import type { TestSpool } from "#test/support/spool.ts";
import { logsOf, openTestSpool, removeFolder, temporaryFolder } from "#test/support/spool.ts";
import { FrameSink, portOf } from "#test/support/uplink.ts";

const closers: (() => Promise<void>)[] = [];
const it = test.skipIf(natsServerPath === undefined);
const lane = { tenant: "main", agent: "web-1", signal: "logs" } as const;
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const serverOf = async (): Promise<NatsServer> => {
  const server = await startNats();
  closers.push(() => server.stop());
  return server;
};
const agentOf = async (): Promise<TestSpool> => {
  const agent = await openTestSpool(await temporaryFolder());
  closers.unshift(async () => {
    await agent.spool.close();
    await removeFolder(agent.folder);
  });
  return agent;
};
const configOf = ({ url }: NatsServer): NatsConfig =>
  NatsConfig.parse({ servers: [url], reconnect_wait: "50ms", reconnect_wait_max: "200ms" });
const parts = { clock: systemClock, log: silentLogger };

const uplinkOf = async (server: NatsServer, agent: TestSpool): Promise<Uplink> => {
  const metrics = createSelfMetrics();
  const uplink = createNatsUplink(configOf(server), {
    ...parts,
    metrics,
    heartbeatIntervalMs: 100,
  });
  await uplink.start(portOf(agent));
  closers.unshift(() => uplink.close());
  return uplink;
};
const receiverOf = async (
  server: NatsServer,
  sink: FrameSink,
  resume: CarrierPosition = {},
  committed: readonly CommittedPosition[] = [],
): Promise<Receiver> => {
  const streams = StreamsConfig.parse({ max_bytes: "64MiB" });
  const metrics = createSelfMetrics();
  const receiver = createNatsReceiver(configOf(server), streams, { ...parts, metrics });
  await receiver.start(sink.handlers({ resume, committed }));
  closers.unshift(() => receiver.close());
  return receiver;
};

/** Asks for what is missing, as ingest's watch over gaps does. */
const fillGaps = (receiver: Receiver, sink: FrameSink, agent: TestSpool): (() => void) => {
  const timer = setInterval(() => {
    const { epoch, sequence } = sink.last("logs");
    const last = agent.spool.logs.files.synced.position;
    if (epoch !== last.epoch || sequence !== last.sequence)
      void receiver.requestResend(lane, { epoch, sequence });
  }, 500);
  return () => clearInterval(timer);
};

const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `line ${from + i}`);
const write = async ({ spool }: TestSpool, lines: readonly string[]): Promise<void> => {
  for (const line of lines) await spool.logs.write(logsOf(line));
};

it("nats: SIGKILL of the server in mid-flow, again and again, loses no frame", async () => {
  const [server, agent, sink] = [await serverOf(), await agentOf(), new FrameSink()];
  await uplinkOf(server, agent);
  const receiver = await receiverOf(server, sink);
  const stop = fillGaps(receiver, sink, agent);
  for (let round = 0; round < 4; round++) {
    await write(agent, numbered(100, round * 200));
    await server.kill();
    await write(agent, numbered(100, round * 200 + 100));
    await server.start();
  }
  await sink.until(() => sink.lines().length === 800, "all lines");
  stop();
  expect(sink.lines()).toEqual(numbered(800));
}, 60_000);

it("nats: the loss of its data directory loses nothing that the spool holds", async () => {
  const [server, agent, sink] = [await serverOf(), await agentOf(), new FrameSink()];
  const uplink = await uplinkOf(server, agent);
  // Nobody reads yet: the stream is made by a receiver that is gone again.
  const first = await receiverOf(server, new FrameSink());
  await sink.until(() => first.status().connected && uplink.status().connected, "both ends");
  await first.close();
  await write(agent, numbered(200));
  await server.kill();
  await server.removeData();
  await server.start();
  await write(agent, numbered(100, 200));
  const receiver = await receiverOf(server, sink, first.position());
  const stop = fillGaps(receiver, sink, agent);
  await sink.until(() => sink.lines().length === 300, "all lines");
  stop();
  expect(sink.lines()).toEqual(numbered(300));
}, 60_000);

it("nats: a stream that is deleted under everybody's feet is made anew, and read from its start", async () => {
  const [server, agent, sink] = [await serverOf(), await agentOf(), new FrameSink()];
  await uplinkOf(server, agent);
  const receiver = await receiverOf(server, sink);
  await write(agent, numbered(50));
  await sink.until(() => sink.lines().length === 50, "the first lines");
  const before = receiver.position()?.["LAPWING_LOGS"];
  const nats = await connect({ servers: server.url });
  const manager = await nats.jetstreamManager();
  await manager.streams.delete("LAPWING_LOGS");
  await nats.close();
  await write(agent, numbered(50, 50));
  const stop = fillGaps(receiver, sink, agent);
  await sink.until(() => sink.lines().length === 100, "the lines after");
  stop();
  expect(sink.lines()).toEqual(numbered(100));
  expect(receiver.position()?.["LAPWING_LOGS"]?.incarnation).not.toBe(before?.incarnation);
}, 60_000);

it("nats: an aggregator goes on where its position says, and position() is only what was taken", async () => {
  const [server, agent] = [await serverOf(), await agentOf()];
  const [before, after] = [new FrameSink(), new FrameSink()];
  await uplinkOf(server, agent);
  const first = await receiverOf(server, before);
  await write(agent, numbered(30));
  await before.until(() => before.lines().length === 30, "the first lines");
  const place = (): number => first.position()?.["LAPWING_LOGS"]?.sequence ?? 0;
  // The frames, the one that opens the epoch, and what was sent again because its acknowledgement was late.
  const nats = await connect({ servers: server.url });
  const manager = await nats.jetstreamManager();
  const { state } = await manager.streams.info("LAPWING_LOGS");
  await nats.close();
  expect(state.last_seq).toBeGreaterThanOrEqual(31);
  await before.until(() => place() >= state.last_seq, "the position");
  const taken = place();
  before.shut();
  await write(agent, ["held back"]);
  await before.until(() => before.lines().length === 31, "one more");
  expect(place()).toBe(taken);
  const resume = first.position() ?? {};
  const second = await receiverOf(server, after, resume);
  expect(second.position()).toEqual(resume);
  await write(agent, ["last"]);
  await after.until(() => after.delivered.length === 2, "what comes after");
  expect(after.delivered.map(({ header }) => header.itemsTotal)).toEqual([31, 32]);
}, 60_000);

it("nats: an agent learns what is committed from the answer to its heartbeat", async () => {
  const [server, agent, sink] = [await serverOf(), await agentOf(), new FrameSink()];
  await write(agent, numbered(10));
  await agent.spool.logs.sync();
  const { epoch } = agent.spool.logs.files.synced.position;
  const committed = [{ lane, position: { epoch, sequence: 8 } }];
  await receiverOf(server, sink, {}, committed);
  await uplinkOf(server, agent);
  const known = (): number => agent.spool.committedPosition("logs").sequence;
  await sink.until(() => known() === 8, "the committed position");
}, 60_000);

it("nats: frames and heartbeats that speak for another agent are refused", async () => {
  const [server, agent, sink] = [await serverOf(), await agentOf(), new FrameSink()];
  const receiver = await receiverOf(server, sink);
  await sink.until(() => receiver.status().connected, "the stream");
  await write(agent, ["forged"]);
  await agent.spool.logs.sync();
  const [frame] = await agent.spool.logs.read({ epoch: 0, sequence: 0 }, 1);
  const nats = await connect({ servers: server.url });
  const stream = nats.jetstream();
  await stream.publish("lapwing.main.logs.web-2", frame ?? new Uint8Array());
  await stream.publish("lapwing.other.logs.web-1", frame ?? new Uint8Array());
  await stream.publish("lapwing.main.logs.web-1", frame ?? new Uint8Array());
  await sink.until(() => sink.delivered.length > 0, "the honest one");
  await sink.until(
    () => receiver.position()?.["LAPWING_LOGS"]?.sequence === 3,
    "all three to be looked at",
  );
  expect(sink.delivered).toHaveLength(1);
  await nats.close();
}, 60_000);
