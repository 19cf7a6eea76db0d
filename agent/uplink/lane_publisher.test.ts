import { afterEach, expect, test } from "bun:test";
import { decodeFrame } from "#proto/codec/envelope.ts";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import type { Clock } from "#shared/runtime/clock.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { TestSpool } from "#test/support/spool.ts";
import {
  logsOf,
  openTestSpool,
  removeFolder,
  syncAll,
  temporaryFolder,
  textOf,
} from "#test/support/spool.ts";
import { portOf } from "#test/support/uplink.ts";
import { BacklogPace } from "./backlog_pace.ts";
import { LanePublisher } from "./lane_publisher.ts";
import { createUplinkMeters } from "./meters.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An agent whose frames are as old as they are said to be, and what its carrier got. */
class World {
  ageMs = 0;
  readonly sent: string[] = [];
  /** Takes as many frames as this. */
  takes = Infinity;
  readonly publisher: LanePublisher;
  readonly #connection = new AbortController();

  readonly agent: TestSpool;

  static async open(rate: number): Promise<World> {
    const folder = await temporaryFolder();
    let world: World | undefined;
    const clock: Clock = { ...systemClock, now: () => Date.now() - (world?.ageMs ?? 0) };
    const agent = await openTestSpool(folder, {}, clock);
    world = new World(agent, rate);
    closers.push(async () => {
      world?.cutOff();
      await agent.spool.close();
      await removeFolder(folder);
    });
    return world;
  }

  private constructor(agent: TestSpool, rate: number) {
    this.agent = agent;
    const port = portOf(agent);
    const meters = createUplinkMeters(createSelfMetrics(), () => true);
    const pace = new BacklogPace(systemClock, rate);
    const shared = { clock: systemClock, log: silentLogger, meters, pace };
    this.publisher = new LanePublisher({ ...shared, port, signal: "logs", backlogAfterMs: 60_000 });
    port.onFrames(() => this.publisher.wake());
  }

  async write(...lines: string[]): Promise<void> {
    for (const line of lines) await this.agent.spool.logs.write(logsOf(line));
    await syncAll(this.agent.spool);
  }

  connect(): void {
    void this.publisher.run(async (bytes) => {
      const frame = decodeFrame(bytes);
      if (this.takes <= 0) throw new Error("not taken");
      this.takes -= 1;
      this.sent.push(frame.header.kind === FrameKind.OPEN ? "OPEN" : textOf(frame));
    }, this.#connection.signal);
  }

  cutOff(): void {
    this.#connection.abort();
    this.publisher.wake();
  }

  async until(isDone: () => boolean): Promise<void> {
    for (const endMs = performance.now() + 20_000; !isDone();) {
      if (performance.now() > endMs) throw new Error(`in vain: ${this.sent.join(", ")}`);
      await Bun.sleep(5);
    }
  }
}

test("LanePublisher sends an outage's frames in order where they are young", async () => {
  const world = await World.open(1e9);
  await world.write("one", "two");
  await world.publisher.lookBack();
  await world.write("three");
  world.connect();
  await world.until(() => world.sent.includes("three"));
  expect(world.sent).toEqual(["OPEN", "one", "two", "three"]);
});
test("hasUnsent() is about what is new and not acknowledged, not about a backlog", async () => {
  const world = await World.open(1e9);
  world.ageMs = 3_600_000;
  await world.write("old");
  expect(await world.publisher.hasUnsent()).toBe(true);
  world.ageMs = 0;
  await world.publisher.lookBack();
  await world.write("new");
  world.takes = 0;
  world.connect();
  expect(await world.publisher.hasUnsent()).toBe(true);
  world.takes = 2;
  await world.until(() => world.sent.includes("new"));
  for (const endMs = performance.now() + 5_000; await world.publisher.hasUnsent();)
    expect(performance.now()).toBeLessThan(endMs);
});
test("LanePublisher sends what is new before an outage's frames, and those oldest first", async () => {
  const world = await World.open(1e9);
  world.ageMs = 3_600_000;
  await world.write("one", "two");
  world.ageMs = 0;
  await world.publisher.lookBack();
  await world.write("new", "newer");
  world.connect();
  await world.until(() => world.sent.includes("two"));
  expect(world.sent).toEqual(["OPEN", "new", "newer", "OPEN", "one", "two"]);
  // It is over once nothing more was found to send.
  await world.until(() => world.publisher.backlogSent === undefined);
});
test("LanePublisher keeps an outage's frames to a rate, and what comes meanwhile goes between them", async () => {
  const world = await World.open(20_000);
  world.ageMs = 3_600_000;
  const old = Array.from({ length: 20 }, (_, i) => `${i}`.padEnd(2_000, "x"));
  await world.write(...old);
  world.ageMs = 0;
  await world.publisher.lookBack();
  const startedMs = performance.now();
  world.connect();
  await world.until(() => world.sent.length > 4);
  await world.write("new");
  await world.until(() => world.sent.includes("new"));
  expect(world.publisher.backlogSent).toBeDefined();
  await world.until(() => world.sent.length === 23);
  // 40 kB at 20 kB/s, less what may go at once.
  expect(performance.now() - startedMs).toBeGreaterThan(1_000);
  expect(world.sent.filter((text) => text.length === 2_000)).toEqual(old);
  expect(world.sent.indexOf("new")).toBeLessThan(22);
});
test("LanePublisher sends again what the carrier did not take, in either part, and what it is asked for", async () => {
  const world = await World.open(1e9);
  world.ageMs = 3_600_000;
  await world.write("one", "two", "three");
  const { epoch } = world.agent.spool.logs.files.synced.position;
  world.ageMs = 0;
  await world.publisher.lookBack();
  await world.write("new");
  world.takes = 4;
  world.connect();
  await world.until(() => world.takes === 0);
  expect(world.sent).toEqual(["OPEN", "new", "OPEN", "one"]);
  world.takes = Infinity;
  await world.until(() => world.sent.includes("three"));
  expect(world.sent.slice(4)).toEqual(["two", "three"]);
  world.publisher.rewind({ epoch, sequence: 2 }, { epoch, sequence: 3 });
  await world.until(() => world.sent.filter((text) => text === "three").length === 2);
  // Nothing of the first epoch lies behind its end: what comes after it is the marked one.
  const before = world.sent.length;
  const live = { epoch: world.agent.spool.logs.files.liveEpoch, sequence: 1 };
  world.publisher.rewind({ epoch, sequence: 4 }, live);
  await world.until(() => world.sent.length === before + 2);
  expect(world.sent.slice(before)).toEqual(["OPEN", "new"]);
  expect(world.sent.slice(6, before).filter((text) => text !== "OPEN" && text !== "new")).toEqual([
    "two",
    "three",
  ]);
});
