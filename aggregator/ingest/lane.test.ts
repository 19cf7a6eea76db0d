import { expect, test } from "bun:test";
import type { Frame } from "#proto/codec/envelope.ts";
import { decodeFrame, encodeFrame } from "#proto/codec/envelope.ts";
import { createHead } from "../head/head.ts";
import { Lane } from "./lane.ts";
import { id, samplesIn, Sender } from "./sender.fixture.ts";

function setUp(from?: ConstructorParameters<typeof Lane>[2]) {
  const head = createHead();
  const lane = new Lane(id, head, from);
  return { head, lane, offer: (frame: Frame) => lane.offer(frame, undefined) };
}

test("a lane takes frames in order", () => {
  const { head, offer } = setUp();
  const sender = new Sender();
  const frames = [sender.open(), sender.sample(), sender.sample(), sender.open(), sender.sample()];
  expect(frames.map(offer)).toEqual(["taken", "taken", "taken", "taken", "taken"]);
  expect(samplesIn(head)).toEqual([1, 2, 3]);
});
test("a lane takes each frame once, however often and in whatever order they come", () => {
  const { head, lane, offer } = setUp();
  const sender = new Sender();
  const [a, b, c, d, e] = [
    sender.open(),
    sender.sample(),
    sender.sample(),
    sender.open(),
    sender.sample(),
  ];
  expect([e, a, d, c, b, a, b, c, d, e].map(offer)).toEqual([
    ...(["held", "taken", "held", "held", "taken"] as const),
    ...(["repeat", "repeat", "repeat", "repeat", "repeat"] as const),
  ]);
  expect(samplesIn(head)).toEqual([1, 2, 3]);
  expect(lane.heldFrames).toBe(0);
});
test("a lane goes on behind a gap that the agent says is gone, and counts its items with the reason", () => {
  const { head, lane, offer } = setUp();
  const sender = new Sender();
  offer(sender.open());
  offer(sender.sample());
  const lost = [sender.sample(), sender.sample()];
  const open = sender.open();
  expect(offer(open)).toBe("held");
  offer(sender.sample());
  lane.agentHas(lane.chains[0], {
    next: { epoch: open.header.epoch, sequence: open.header.sequence },
    lostReason: "spool_full",
  });
  expect(samplesIn(head)).toEqual([1, 4]);
  expect(lane.dropped).toEqual({ spool_full: lost.length });
  expect(lane.snapshot()).toMatchObject({ stored: 2, itemsTotal: 4 });
});
test("a lane whose agent is gone goes on behind the gap when it is given up", () => {
  const { head, lane, offer } = setUp();
  const sender = new Sender();
  offer(sender.open());
  sender.sample();
  offer(sender.open());
  offer(sender.sample());
  expect(samplesIn(head)).toEqual([]);
  lane.giveUp(lane.chains[0], "lost_with_agent");
  expect(samplesIn(head)).toEqual([2]);
  expect(lane.dropped).toEqual({ lost_with_agent: 1 });
});
test("a lane goes on in mid-epoch after a restart: it decodes what is committed without appending it", () => {
  const first = setUp();
  const sender = new Sender();
  const frames = [sender.open(), sender.sample(), sender.sample()];
  for (const frame of frames) first.offer(frame);
  const commit = first.lane.snapshot();
  const { head, lane, offer } = setUp(commit);
  const next = sender.sample();
  expect(offer(next)).toBe("held");
  expect(lane.chains[0].cursor).toEqual({ epoch: commit.position.epoch, sequence: 0 });
  for (const frame of frames) offer(frame);
  expect(samplesIn(head)).toEqual([3]);
  expect(lane.snapshot()).toMatchObject({ stored: 3, itemsTotal: 3, dropped: {} });
});
test("a lane needs nothing of a committed epoch to take the next one", () => {
  const first = setUp();
  const sender = new Sender();
  for (const frame of [sender.open(), sender.sample()]) first.offer(frame);
  const { head, offer } = setUp(first.lane.snapshot());
  expect([sender.open(), sender.sample()].map(offer)).toEqual(["taken", "taken"]);
  expect(samplesIn(head)).toEqual([2]);
});
test("a frame whose body makes no sense is dropped with its epoch, and the next epoch goes on", () => {
  const { head, lane, offer } = setUp();
  const sender = new Sender();
  offer(sender.open());
  offer(sender.sample());
  const good = sender.sample();
  const nonsense = encodeFrame(good.header, new Uint8Array(good.body.length).fill(255));
  expect(offer(decodeFrame(nonsense))).toBe("undecodable");
  expect(offer(sender.sample())).toBe("undecodable");
  expect([sender.open(), sender.sample()].map(offer)).toEqual(["taken", "taken"]);
  expect(samplesIn(head)).toEqual([1, 4]);
  expect(lane.dropped).toEqual({ undecodable: 2 });
});
test("a lane knows what the agent dropped before framing", () => {
  const { lane, offer } = setUp();
  const sender = new Sender();
  offer(sender.open({ drops: { sample_limit: 7, some_new_reason: 3 } }));
  lane.heard(0, { sample_limit: 9 });
  expect(lane.droppedBefore).toEqual({ sample_limit: 9 });
});

test("Lane keeps what a host with a clock far ahead tells, and drops what is ahead of that host's clock, too", () => {
  const head = createHead();
  const lane = new Lane(id, head);
  const sender = new Sender();
  const aheadMs = Date.now() + 24 * 3_600_000;
  lane.offer(sender.open(), undefined);
  lane.offer(sender.sample(aheadMs), undefined);
  expect(lane.dropped).toEqual({});
  lane.offer(sender.sample(aheadMs + 1_000, Date.now()), undefined);
  expect(lane.dropped).toEqual({ out_of_bounds_timestamp: 1 });
  expect(samplesIn(head)).toEqual([1]);
});
