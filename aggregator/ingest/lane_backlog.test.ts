import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Frame } from "#proto/codec/envelope.ts";
import { positionOf } from "#proto/codec/envelope.ts";
import { sumDrops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Head } from "../read/head.ts";
import { createHead } from "../head/head.ts";
import { framesOf } from "../catalog/lane_commit.ts";
import type { LaneCommit } from "../read/store.ts";
import { holdsFrame } from "#shared/model/spans.ts";
import { Lane } from "./lane.ts";
import { id, samplesIn, Sender, startMs } from "./sender.fixture.ts";

function setUp(from?: LaneCommit) {
  const head = createHead();
  const lane = new Lane(id, head, from);
  return { head, lane, offer: (frame: Frame) => lane.offer(frame, undefined) };
}

/** Two epochs that an outage kept back, and the one that was opened after it. */
function outage() {
  const sender = new Sender();
  const before = [sender.open(), sender.sample()];
  const backlog = [sender.sample(), sender.open(), sender.sample(), sender.sample()];
  const live = [sender.open({ ahead: true }), sender.sample(), sender.sample()];
  return { sender, before, backlog, live };
}

test("a lane takes an epoch that is marked ahead at once, then what lies before it, and becomes one", () => {
  const { before, backlog, live } = outage();
  const { head, lane, offer } = setUp();
  expect([...before, ...live].map(offer)).toEqual(Array(5).fill("taken"));
  expect(samplesIn(head)).toEqual([1, 5, 6]);
  expect(lane.backlogItems).toBe(3);
  expect(lane.behindMs(Date.now())).toBe(0);
  expect(lane.backlogMs(startMs + 61_000)).toBe(60_000);
  expect(backlog.map(offer)).toEqual(Array(4).fill("taken"));
  expect(samplesIn(head)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(lane.backlogItems).toBe(0);
  expect(lane.snapshot()).toMatchObject({
    position: { epoch: live[0]?.header.epoch ?? 0, sequence: 3 },
    ahead: [],
    stored: 6,
    itemsTotal: 6,
    dropped: {},
  });
});
test("a lane holds an epoch that is not marked until what lies before it has come", () => {
  const sender = new Sender();
  const before = [sender.open(), sender.sample()];
  sender.sample();
  const { head, offer } = setUp();
  expect([...before, sender.open(), sender.sample()].map(offer)).toEqual([
    ...(["taken", "taken", "held", "held"] as const),
  ]);
  expect(samplesIn(head)).toEqual([1]);
});
test("a lane takes frames of a marked epoch that came before its first one", () => {
  const { before, backlog, live } = outage();
  const { head, lane, offer } = setUp();
  const [open, ...samples] = live;
  for (const frame of [...before, ...samples]) offer(frame);
  expect(lane.heldFrames).toBe(2);
  if (open !== undefined) offer(open);
  expect(samplesIn(head)).toEqual([1, 5, 6]);
  expect(lane.heldFrames).toBe(0);
  for (const frame of backlog) offer(frame);
  expect(lane.snapshot()).toMatchObject({ ahead: [], stored: 6 });
});
test("a lane whose backlog is gone from the spool goes on as what is new, and counts it with the reason", () => {
  const { before, live } = outage();
  const { lane, offer } = setUp();
  for (const frame of [...before, ...live]) offer(frame);
  const [base] = lane.chains;
  lane.agentHas(base, {
    next: { epoch: live[0]?.header.epoch ?? 0, sequence: 1 },
    lostReason: "spool_expired",
  });
  expect(lane.chains).toHaveLength(1);
  expect(lane.dropped).toEqual({ spool_expired: 3 });
  expect(lane.snapshot()).toMatchObject({ stored: 3, itemsTotal: 6, ahead: [] });
});
test("a lane whose agent is gone in mid-backlog loses what had not come", () => {
  const { before, backlog, live } = outage();
  const { lane, offer } = setUp();
  for (const frame of [...before, ...live, ...backlog.slice(0, 3)]) offer(frame);
  lane.giveUp(lane.chains[0], "lost_with_agent");
  expect(lane.dropped).toEqual({ lost_with_agent: 1 });
  expect(lane.snapshot()).toMatchObject({ stored: 5, itemsTotal: 6, ahead: [] });
});
test("a lane beyond its bound of chains holds what is ahead, and takes it in its turn", () => {
  const sender = new Sender();
  const frames: Frame[] = [];
  for (let i = 0; i < 20; i++)
    frames.push(sender.open({ ahead: true }), sender.sample(), sender.sample());
  // The last frame of each epoch is missing, so each is ahead of the one before.
  const early = frames.filter((_, i) => i % 3 !== 2);
  const { head, lane, offer } = setUp();
  for (const frame of early) offer(frame);
  expect(lane.chains).toHaveLength(16);
  expect(lane.heldFrames).toBe(8);
  for (const frame of frames) offer(frame);
  expect(samplesIn(head)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  expect(lane.chains).toHaveLength(1);
});

/** What can happen to an agent's frames, an aggregator and what lies between. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("deliver" as const),
      at: fc.nat(),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("commit" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("ask" as const), at: fc.nat() }) },
);
/** Epochs: how many samples each has, whether it is marked ahead, and whether the spool has let it go. */
const epochs = fc.array(
  fc.record({ samples: fc.nat(4), ahead: fc.boolean(), isGone: fc.integer({ min: 0, max: 9 }) }),
  { minLength: 1, maxLength: 12 },
);

class World {
  readonly frames: Frame[] = [];
  readonly gone: Frame[] = [];
  readonly stored: number[] = [];
  #commit: LaneCommit | undefined;
  #head: Head = createHead();
  lane = new Lane(id, this.#head);

  constructor(plan: readonly { samples: number; ahead: boolean; isGone: number }[]) {
    const sender = new Sender();
    for (const [i, { samples, ahead, isGone }] of plan.entries()) {
      const epoch = [
        sender.open({ ahead }),
        ...Array.from({ length: samples }, () => sender.sample()),
      ];
      // The newest never goes.
      (isGone === 0 && i < plan.length - 1 ? this.gone : this.frames).push(...epoch);
    }
  }

  get last(): Position {
    const newest = this.frames.at(-1);
    return newest === undefined ? origin : positionOf(newest.header);
  }

  deliver(at: number, count: number): void {
    const from = at % this.frames.length;
    for (const frame of this.frames.slice(from, from + count)) this.lane.offer(frame, undefined);
    this.check();
  }

  async commit(): Promise<void> {
    const { content, dropped } = await this.#head.freeze("all");
    expect(dropped).toEqual([]);
    for (const { samples: cut } of content.metrics.values())
      for (let i = 0; i < cut.size; i++) {
        const { values, count } = cut.read(i);
        this.stored.push(...values.slice(0, count));
      }
    this.#commit = this.lane.snapshot();
    this.#head.release();
    this.lane.noteCommitted(this.#commit);
    expect(this.lane.hasMoved).toBe(false);
  }

  crash(): void {
    this.#head = createHead();
    this.lane = new Lane(id, this.#head, this.#commit);
  }

  /** The agent answers for a chain with what its spool holds, as LaneFiles.nextAfter() does, without what is committed. */
  ask(at: number): void {
    const chain = this.lane.chains[at % this.lane.chains.length];
    if (chain === undefined) return;
    const next = this.frames.find(
      ({ header }) => comparePositions(positionOf(header), chain.cursor) > 0,
    );
    if (next === undefined) return;
    const lost = this.gone.some(
      ({ header }) =>
        comparePositions(positionOf(header), chain.cursor) > 0 &&
        comparePositions(positionOf(header), positionOf(next.header)) < 0,
    );
    this.lane.agentHas(chain, {
      next: positionOf(next.header),
      ...(lost ? { lostReason: "spool_full" as const } : {}),
    });
    this.check();
  }

  check(): void {
    const { lane } = this;
    const snapshot = lane.snapshot();
    const frames = framesOf(snapshot);
    const taken = this.frames.filter(({ header }) => holdsFrame(frames, positionOf(header)));
    const items = taken.reduce((sum, { header }) => sum + header.items, 0);
    expect(snapshot.stored).toBe(items);
    expect(snapshot.stored + sumDrops(snapshot.dropped)).toBeLessThanOrEqual(lane.itemsSeen);
    for (const [i, chain] of lane.chains.entries())
      expect(chain.epoch > (lane.chains[i - 1]?.epoch ?? -1)).toBe(true);
  }

  /** All that the spool still has comes once more, and what it has let go is told of. */
  async settle(): Promise<void> {
    for (let round = 0; round < 40; round++) {
      this.deliver(0, this.frames.length);
      for (let i = 0; i < this.lane.chains.length; i++) this.ask(i);
    }
    await this.commit();
  }
}

test("a lane stores each frame that comes once, and counts those that are gone, whatever happens in whatever order", async () => {
  await fc.assert(
    fc.asyncProperty(epochs, fc.array(step, { maxLength: 40 }), async (plan, steps) => {
      const world = new World(plan);
      for (const one of steps) {
        if (one.kind === "deliver") world.deliver(one.at, one.count);
        else if (one.kind === "ask") world.ask(one.at);
        else await world[one.kind]();
      }
      await world.settle();
      const held = world.frames.reduce((sum, { header }) => sum + header.items, 0);
      const gone = world.gone.reduce((sum, { header }) => sum + header.items, 0);
      const { lane } = world;
      expect(lane.chains).toHaveLength(1);
      expect(world.stored.toSorted((a, b) => a - b)).toEqual(
        [...new Set(world.stored)].toSorted((a, b) => a - b),
      );
      expect(world.stored).toHaveLength(held);
      expect(sumDrops(lane.dropped)).toBe(gone);
      expect(lane.dropped).toEqual(gone === 0 ? {} : { spool_full: gone });
      expect(lane.taken).toEqual(world.last);
    }),
    { numRuns: 200 },
  );
});
