import { expect, test } from "bun:test";
import { nextRound } from "#shared/async/turns.ts";
import { atOnce, inSlices, OneAtATime, type Steps } from "./decode_turns.ts";

function* busy(steps: number, eachMs: number): Steps<number> {
  for (let i = 0; i < steps; i++) {
    yield;
    for (const untilMs = performance.now() + eachMs; performance.now() < untilMs;);
  }
  return steps;
}

test("inSlices() lets the event loop go round between slices, and gives the result", async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  expect(await inSlices(busy(40, 5))).toBe(40);
  isDone = true;
  // 200 ms of work in slices of 15 ms.
  expect(turns).toBeGreaterThan(5);
});
test("inSlices() of many requests that arrive at once share the time of a turn", async () => {
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  // Each fits into a slice, all together don't.
  await Promise.all(Array.from({ length: 40 }, () => inSlices(busy(2, 3))));
  isDone = true;
  expect(turns).toBeGreaterThan(5);
});
test("inSlices() finishes what fits into a slice within one turn of the event loop", async () => {
  // A busy machine may take the processor away for longer than a slice, but not each time.
  let turns = 1;
  for (let tries = 0; tries < 50 && turns > 0; tries++) {
    await nextRound();
    turns = 0;
    const counted = setImmediate(() => void turns++);
    expect(await inSlices(busy(3, 0))).toBe(3);
    clearImmediate(counted);
  }
  expect(turns).toBe(0);
});
function* faulty(): Steps {
  yield;
  throw new Error("bad byte");
}

test("inSlices() throws what a step throws", async () => {
  const [outcome] = await Promise.allSettled([inSlices(faulty())]);
  expect(outcome).toEqual({ status: "rejected", reason: new Error("bad byte") });
  expect(() => atOnce(faulty())).toThrow("bad byte");
});
test("OneAtATime runs works in their order, one after the other, whatever becomes of them", async () => {
  const turn = new OneAtATime();
  const seen: string[] = [];
  const work = (name: string, isFaulty: boolean) =>
    turn.run(async () => {
      seen.push(`${name} begins`);
      await inSlices(busy(3, 10));
      seen.push(`${name} ends`);
      if (isFaulty) throw new Error(name);
      return name;
    });
  const outcomes = await Promise.allSettled([work("a", false), work("b", true), work("c", false)]);
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(seen).toEqual(["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]));
});
