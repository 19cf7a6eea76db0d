import { afterEach, expect, test } from "bun:test";
import type { AgentPort, Receiver } from "#proto/bus/agent_port.ts";
import type { Position } from "#shared/model/position.ts";
import { origin } from "#shared/model/position.ts";
import type { SpoolText, TestSpool } from "#test/support/spool.ts";
import {
  logsOf,
  openTestSpool,
  removeFolder,
  rowOf,
  temporaryFolder,
} from "#test/support/spool.ts";
import { FrameSink, portOf } from "#test/support/uplink.ts";

/** One agent's way to one aggregator. */
export type Carriage = {
  readonly receiver: Receiver;
  /** Both ends, and what lies between. */
  close(): Promise<void>;
};

const lane = { tenant: "main", agent: "web-1", signal: "logs" } as const;
const testMaxMs = 40_000;

async function write({ spool }: TestSpool, lines: readonly string[]): Promise<void> {
  for (const line of lines) await spool.logs.write(logsOf(line));
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `line ${i}`);
}

/** What every uplink must do, whatever carries the frames. */
export function uplinkSuite(
  name: string,
  carry: (port: AgentPort) => Promise<Carriage>,
  skip: boolean,
): void {
  const closers: (() => Promise<void>)[] = [];
  const it = (title: string, run: () => Promise<void>): void =>
    test.skipIf(skip)(title, run, testMaxMs);
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });

  const agentOf = async (options: SpoolText = {}): Promise<TestSpool> => {
    const agent = await openTestSpool(await temporaryFolder(), options);
    closers.unshift(async () => {
      await agent.spool.close();
      await removeFolder(agent.folder);
    });
    return agent;
  };
  const connect = async (agent: TestSpool, sink: FrameSink): Promise<Receiver> => {
    const carriage = await carry(portOf(agent));
    const { receiver } = carriage;
    closers.unshift(() => carriage.close());
    await receiver.start(sink.handlers());
    await sink.until(() => receiver.status().connected, "the receiver to be ready");
    return receiver;
  };
  it(`${name}: frames arrive whole and in order, both signals, small and large`, async () => {
    const [agent, sink] = [await agentOf(), new FrameSink()];
    const large = "L".repeat(800 * 1024);
    await write(agent, numbered(150));
    await connect(agent, sink);
    for (let i = 0; i < 30; i++) await agent.spool.metrics.write(rowOf(i + 1));
    await write(agent, [large, "end"]);
    await sink.until(() => sink.lines().at(-1) === "end", "the last line");
    await sink.until(() => sink.taken("metrics").length === 31, "the last row");
    expect(sink.lines()).toEqual([...numbered(150), large, "end"]);
    expect(sink.taken("metrics").map(({ header }) => header.items)).toEqual(
      Array.from({ length: 31 }, (_, i) => i),
    );
  });

  it(`${name}: a resend brings everything after a position again`, async () => {
    const [agent, sink] = [await agentOf(), new FrameSink()];
    const receiver = await connect(agent, sink);
    await write(agent, numbered(20));
    await sink.until(() => sink.lines().length === 20, "the lines");
    const after: Position = { epoch: sink.last("logs").epoch, sequence: 5 };
    const before = sink.delivered.length;
    const answer = await receiver.requestResend(lane, after);
    expect(answer).toEqual({ next: { epoch: after.epoch, sequence: 6 } });
    await sink.until(() => sink.delivered.length === before + 16, "the frames again");
    const again = sink.delivered.slice(before).map(({ header }) => header.sequence);
    expect(again).toEqual(Array.from({ length: 16 }, (_, i) => i + 6));
    await write(agent, ["more"]);
    await sink.until(() => sink.lines().at(-1) === "more", "what comes after");
  });

  it(`${name}: the answer names why frames are gone for good`, async () => {
    const agent = await agentOf({ segment_size: "4KiB", size_max: "20KiB" });
    await write(
      agent,
      numbered(60).map((line) => line.padEnd(1_000)),
    );
    const sink = new FrameSink();
    const receiver = await connect(agent, sink);
    await sink.until(() => sink.delivered.length > 0, "a first frame");
    const answer = await receiver.requestResend(lane, origin);
    expect(answer?.lostReason).toBe("spool_full");
    const { epoch = 0, sequence = 0 } = sink.delivered[0]?.header ?? {};
    expect(answer?.next).toEqual({ epoch, sequence });
  });

  it(`${name}: an agent that is not there gives no answer`, async () => {
    const receiver = await connect(await agentOf(), new FrameSink());
    const other = { ...lane, agent: "web-2" };
    expect(await receiver.requestResend(other, origin)).toBeUndefined();
    await receiver.requestNewEpoch(other);
  });

  it(`${name}: a new epoch can be asked for`, async () => {
    const [agent, sink] = [await agentOf(), new FrameSink()];
    const receiver = await connect(agent, sink);
    await write(agent, ["a"]);
    await sink.until(() => sink.lines().length === 1, "a line");
    const first = sink.last("logs").epoch;
    await receiver.requestNewEpoch(lane);
    await write(agent, ["b"]);
    await sink.until(() => sink.lines().length === 2, "the next line");
    expect(sink.last("logs").epoch).toBeGreaterThan(first);
  });

  it(`${name}: what is committed leaves the spool`, async () => {
    const [agent, sink] = [await agentOf({ segment_size: "1KiB" }), new FrameSink()];
    const receiver = await connect(agent, sink);
    await write(agent, numbered(100));
    await sink.until(() => sink.lines().length === 100, "the lines");
    const { files } = agent.spool.logs;
    expect(files.count).toBeGreaterThan(5);
    receiver.announceCommitted([{ lane, position: sink.last("logs") }]);
    await sink.until(() => files.count === 1, "the spool to be trimmed");
    expect(agent.spool.committedPosition("logs")).toEqual(sink.last("logs"));
  });

  it(`${name}: no more is delivered than there is room for`, async () => {
    const [agent, sink] = [await agentOf(), new FrameSink()];
    const open = sink.shut();
    await connect(agent, sink);
    await write(agent, numbered(300));
    await sink.until(() => sink.delivered.length > 0, "a first frame");
    await Bun.sleep(200);
    expect(sink.delivered).toHaveLength(1);
    open();
    await sink.until(() => sink.lines().length === 300, "all lines");
    expect(sink.lines()).toEqual(numbered(300));
  });

  it(`${name}: heartbeats tell the state of the lanes`, async () => {
    const [agent, sink] = [await agentOf(), new FrameSink()];
    await connect(agent, sink);
    await write(agent, numbered(3));
    agent.spool.logs.drop("rate_limit", 5);
    const told = (): boolean =>
      sink.heartbeats.some(
        ({ lanes }) => lanes[1]?.itemsTotal === 3 && lanes[1].drops["rate_limit"] === 5,
      );
    await sink.until(told, "a heartbeat with the counts");
    await sink.until(() => sink.lines().length === 3, "the lines");
    const newest = sink.heartbeats.at(-1);
    expect(newest).toMatchObject({ tenant: "main", agent: "web-1", name: "web-1" });
    expect(newest?.lanes[1]).toMatchObject({ state: "ok", last: sink.last("logs") });
  });
}
