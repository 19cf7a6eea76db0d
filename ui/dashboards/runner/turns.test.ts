import { expect, test } from "bun:test";
import { createTurns } from "./turns.ts";

test("no more run at once than allowed, in their order, and one that left while waiting never runs", async () => {
  const turn = createTurns(2);
  const order: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (name: string, signal = new AbortController().signal) =>
    turn(() => {
      order.push(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      ends.set(name, resolve);
      return promise;
    }, signal);
  const leaving = new AbortController();
  const all = [start("a"), start("b")];
  const left = start("c", leaving.signal).catch(() => "left");
  all.push(start("d"));
  await Bun.sleep(0);
  expect(order).toEqual(["a", "b"]);
  leaving.abort();
  expect(await left).toBe("left");
  ends.get("a")?.();
  await Bun.sleep(0);
  expect(order).toEqual(["a", "b", "d"]);
  for (const end of ends.values()) end();
  await Promise.all(all);
});
