import { expect, test } from "bun:test";
import { type WriteGroup, WriteQueue } from "./write_queue.ts";

/** A disk that writes when it is told to. */
function slowDisk() {
  const groups: string[][] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  const write: WriteGroup<string> = async (group) => {
    groups.push(group.map(({ batch }) => batch));
    const done = Promise.withResolvers<void>();
    writes.push(done);
    await done.promise;
    return group.map(({ batch }) => batch.length);
  };
  const finish = async (): Promise<void> => {
    while (writes.length === 0) await Bun.sleep(0);
    writes.shift()?.resolve();
  };
  return { groups, write, finish };
}

test("WriteQueue writes together what comes at once, and what comes during a write, in order", async () => {
  const { groups, write, finish } = slowDisk();
  const queue = new WriteQueue(3, write);
  const first = ["a", "bb"].map((batch) => queue.add(batch, {}));
  while (groups.length === 0) await Bun.sleep(0);
  const later = ["c", "dd", "eee", "f"].map((batch) => queue.add(batch, {}));
  for (let i = 0; i < 3; i++) await finish();
  expect(await Promise.all([...first, ...later])).toEqual([1, 2, 1, 2, 3, 1]);
  expect(groups).toEqual([["a", "bb"], ["c", "dd", "eee"], ["f"]]);
  await queue.idle();
  const again = queue.add("g", {});
  await finish();
  expect(await again).toBe(1);
});

test("WriteQueue writes one by one what cannot be written together, and tells each what became of its own", async () => {
  const groups: number[] = [];
  const queue = new WriteQueue<string>(8, async (group) => {
    groups.push(group.length);
    if (group.length > 1) return undefined;
    if (group[0]?.batch === "bad") throw new Error("no good");
    return [1];
  });
  const all = await Promise.allSettled(["a", "bad", "b"].map((batch) => queue.add(batch, {})));
  expect(all.map((one) => one.status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(groups).toEqual([3, 1, 1, 1]);
});

test("WriteQueue tells everybody of a group whose write fails, and goes on", async () => {
  let isBroken = true;
  const queue = new WriteQueue<string>(8, async (group) => {
    if (isBroken) throw new Error("broken");
    return group.map(() => 1);
  });
  const failed = await Promise.allSettled(["a", "b"].map((batch) => queue.add(batch, {})));
  expect(failed.map((one) => one.status)).toEqual(["rejected", "rejected"]);
  isBroken = false;
  expect(await queue.add("c", {})).toBe(1);
});
