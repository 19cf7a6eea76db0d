import { expect, test } from "bun:test";
import { DecodedCache } from "./decoded_cache.ts";

/** Of 110 entries asked for one after another, again and again, how many a cache for 100 has. */
function hitsOf(evictsAny: boolean): number {
  const cache = new DecodedCache<number>(100, { evictsAny });
  let hits = 0;
  for (let asked = 0; asked < 20 * 110; asked++) {
    const key = `${asked % 110}`;
    if (cache.get(key) !== undefined) hits++;
    cache.set(key, asked, 1);
    expect(cache.bytes).toBeLessThanOrEqual(100);
  }
  return hits;
}

test("DecodedCache lets go the least recently used, or any", () => {
  expect(hitsOf(false)).toBe(0);
  expect(hitsOf(true)).toBeGreaterThan(1_000);
});

test("DecodedCache does not keep what has grown beyond its bound, and tells what it lets go", () => {
  let gone = 0;
  const cache = new DecodedCache<string>(10, { onEvicted: (bytes) => void (gone += bytes) });
  cache.set("a", "a", 4);
  cache.set("b", "b", 4);
  cache.set("a", "a", 5);
  expect([cache.bytes, gone]).toEqual([9, 0]);
  cache.set("c", "c", 6);
  expect([cache.bytes, gone, cache.get("b")]).toEqual([6, 9, undefined]);
  cache.set("c", "c", 11);
  expect([cache.bytes, cache.get("c")]).toEqual([0, undefined]);
});

test("DecodedCache lets go when memory becomes short", () => {
  let share = 1;
  const cache = new DecodedCache<string>(100, { lendable: (bytes) => bytes * share });
  for (const key of ["a", "b", "c", "d"]) cache.set(key, key, 20);
  share = 1 / 4;
  expect(cache.get("b")).toBe("b");
  expect([cache.bytes, cache.get("b"), cache.get("d")]).toEqual([20, "b", undefined]);
  cache.set("e", "e", 26);
  expect(cache.get("e")).toBeUndefined();
});

test("DecodedCache lets go of tens of thousands of values in a moment when memory becomes short", () => {
  let [share, evicted] = [1, 0];
  const cache = new DecodedCache<number>(60_000, {
    evictsAny: true,
    lendable: (bytes) => bytes * share,
    onEvicted: (bytes) => void (evicted += bytes),
  });
  for (let i = 0; i < 60_000; i++) cache.set(`${i}`, i, 1);
  share = 1 / 4;
  const before = process.cpuUsage();
  cache.get("0");
  const { user, system } = process.cpuUsage(before);
  expect([cache.bytes, evicted]).toEqual([15_000, 45_000]);
  // Each by a search of its own would take 45,000 times some 20,000 steps.
  expect(user + system).toBeLessThan(1_000_000);
});
