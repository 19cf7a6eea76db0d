import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Frame } from "#proto/codec/envelope.ts";
import { createHead } from "../head/head.ts";
import type { LaneCommit } from "../read/store.ts";
import { Lane } from "./lane.ts";
import { id, Sender } from "./sender.fixture.ts";

const hourMs = 3_600_000;

test("a restart begins at the epoch of the first frame that is not in a block, however long ago that came", () => {
  const sender = new Sender();
  const lane = new Lane(id, createHead());
  const frames = [sender.open(), sender.sample(), sender.sample(), sender.open(), sender.sample()];
  const deliver = (from: number, to: number) => {
    for (let i = from; i < to; i++)
      lane.offer(frames[i] ?? sender.open(), { partition: "metrics", sequence: i + 1 });
  };
  deliver(0, 2);
  lane.noteCommitted(lane.snapshot());
  deliver(2, 5);
  const laterMs = Date.now() + 2 * hourMs;
  expect(lane.resumePlace(laterMs)?.sequence).toBe(1);
  lane.noteCommitted(lane.snapshot());
  expect(lane.resumePlace(Date.now())?.sequence).toBe(4);
  expect(lane.resumePlace(laterMs)).toBeUndefined();
});

/** A carrier that keeps everything, and an aggregator that commits samples less often than the place in the carrier. */
class World {
  readonly stored: number[] = [];
  readonly #frames: readonly Frame[];
  #head = createHead();
  #lane = new Lane(id, this.#head);
  #delivered = 0;
  #commit: LaneCommit | undefined;
  #resume = 0;

  constructor(frames: readonly Frame[]) {
    this.#frames = frames;
  }

  deliver(count: number): void {
    for (const frame of this.#frames.slice(this.#delivered, this.#delivered + count))
      this.#lane.offer(frame, { partition: "metrics", sequence: ++this.#delivered });
  }

  commitPlace(): void {
    const sequence = this.#lane.resumePlace(Date.now())?.sequence ?? Infinity;
    this.#resume = Math.min(this.#delivered, sequence - 1);
  }

  /** Frames of `meanwhile` are taken while what is frozen is counted and written. */
  async commit(meanwhile: number): Promise<void> {
    const frozen = this.#head.freeze("all");
    const commit = this.#lane.snapshot();
    this.commitPlace();
    this.deliver(meanwhile);
    const { content } = await frozen;
    for (const { samples: cut } of content.metrics.values())
      for (let i = 0; i < cut.size; i++) {
        const { values, count } = cut.read(i);
        this.stored.push(...values.slice(0, count));
      }
    this.#commit = commit;
    this.#head.release();
    this.#lane.noteCommitted(commit);
  }

  crash(): void {
    this.#head = createHead();
    this.#lane = new Lane(id, this.#head, this.#commit);
    this.#delivered = this.#resume;
  }
}

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("deliver" as const), count: fc.nat(6) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("place" as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("commit" as const), count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("crash" as const) }) },
);

test("whatever a lane has taken comes again from the carrier alone after a crash, and is stored once", async () => {
  const epochs = fc.array(fc.record({ samples: fc.nat(4), isLate: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(epochs, fc.array(step, { maxLength: 40 }), async (plan, steps) => {
      const sender = new Sender();
      const made = plan.map(({ samples, isLate }, i) => ({
        isLate: isLate && i < plan.length - 1,
        frames: [
          sender.open({ ahead: i > 0 && plan[i - 1]?.isLate === true }),
          ...Array.from({ length: samples }, () => sender.sample()),
        ],
      }));
      // What an outage kept back comes after what is new.
      const [late, live] = [made.filter((one) => one.isLate), made.filter((one) => !one.isLate)];
      const frames = [...live, ...late].flatMap((one) => one.frames);
      const world = new World(frames);
      for (const one of steps) {
        if (one.kind === "deliver") world.deliver(one.count);
        else if (one.kind === "place") world.commitPlace();
        else if (one.kind === "commit") await world.commit(one.count);
        else world.crash();
      }
      world.crash();
      world.deliver(frames.length);
      await world.commit(0);
      const all = plan.reduce((sum, { samples }) => sum + samples, 0);
      expect(world.stored.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: all }, (_, i) => i + 1),
      );
    }),
    { numRuns: 500 },
  );
});
