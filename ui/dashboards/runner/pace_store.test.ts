import { expect, test } from "bun:test";
import { PaceStore, type Pace } from "./pace_store.ts";

const hourMs = 3_600_000;

/** A store whose clock and answers the test moves. */
function storeOf(answers: Record<string, number | undefined>, kept?: Record<string, Pace>) {
  const world = { nowMs: 100 * hourMs, asked: [] as string[], kept: {}, changes: 0 };
  const store = new PaceStore({
    measure: async (selector) => {
      world.asked.push(selector);
      return answers[selector];
    },
    pause: async () => {},
    now: () => world.nowMs,
    keep: (all) => {
      world.kept = all;
    },
    ...(kept !== undefined && { kept }),
  });
  store.watch(() => (world.changes += 1));
  return { store, world };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("a pace is measured once for all who want it, and told once", async () => {
  const { store, world } = storeOf({ slow: 60_000, fast: 5_000 });
  expect(store.paceOf(["slow", "fast"], world.nowMs)).toBeUndefined();
  store.want(["slow"], world.nowMs);
  store.want(["slow", "fast"], world.nowMs);
  await settled();
  world.nowMs += hourMs / 2;
  store.want(["slow", "fast"], world.nowMs);
  await settled();
  expect(world.asked).toEqual(["slow", "fast"]);
  expect(world.changes).toBe(1);
  expect(store.paceOf(["slow", "fast"], world.nowMs)).toBe(60_000);
});

test("a pace is measured again after an hour, sooner where there was none, and told where it is another", async () => {
  const answers: Record<string, number | undefined> = { a: 60_000 };
  const { store, world } = storeOf(answers);
  const after = async (ms: number) => {
    world.nowMs += ms;
    store.want(["a", "none"], world.nowMs);
    await settled();
    return world.asked.splice(0);
  };
  expect(await after(0)).toEqual(["a", "none"]);
  expect(await after(61_000)).toEqual(["none"]);
  answers["a"] = undefined;
  expect(await after(hourMs)).toEqual(["a", "none"]);
  expect([store.paceOf(["a"], world.nowMs), world.changes]).toEqual([60_000, 1]);
  answers["a"] = 15_000;
  expect(await after(hourMs)).toEqual(["a", "none"]);
  expect([store.paceOf(["a"], world.nowMs), world.changes]).toEqual([15_000, 2]);
});

test("what another page kept is known at once, but not for times that are long past", async () => {
  const { store, world } = storeOf({ a: 300_000 }, { a: { ms: 60_000, measuredMs: 100 * hourMs } });
  expect(store.paceOf(["a"], world.nowMs)).toBe(60_000);
  const longAgoMs = world.nowMs - 50 * hourMs;
  expect(store.paceOf(["a"], longAgoMs)).toBeUndefined();
  store.want(["a"], longAgoMs);
  await settled();
  expect(store.paceOf(["a"], longAgoMs)).toBe(300_000);
  expect(store.paceOf(["a"], world.nowMs)).toBe(60_000);
  expect(Object.keys(world.kept)).toHaveLength(2);
});
