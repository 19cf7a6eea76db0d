import { expect, test } from "bun:test";
import { Garbage } from "./garbage.ts";

const mebibyte = 1024 * 1024;

/** A clock by which every collection before has rested. */
function laterEachTime(): () => number {
  let nowMs = 0;
  return () => (nowMs += 10_000);
}

function garbageOf(residentBytes: number) {
  let collections = 0;
  const collect = (): void => void collections++;
  const garbage = new Garbage({ residentBytes: () => residentBytes, collect }, laterEachTime());
  return { garbage, collections: () => collections };
}

test("Garbage.released() collects once for every 32 MiB that were let go", () => {
  const { garbage, collections } = garbageOf(100 * mebibyte);
  garbage.released(31 * mebibyte);
  expect(collections()).toBe(0);
  garbage.released(mebibyte);
  expect(collections()).toBe(1);
  for (let i = 0; i < 31; i++) garbage.released(mebibyte);
  expect(collections()).toBe(1);
  garbage.released(mebibyte);
  expect(collections()).toBe(2);
});

test("Garbage.released() waits for a tenth of what a large process has", () => {
  const { garbage, collections } = garbageOf(2_000 * mebibyte);
  garbage.released(199 * mebibyte);
  expect(collections()).toBe(0);
  garbage.released(mebibyte);
  expect(collections()).toBe(1);
});

test("Garbage collects what frames left when the process has grown by 96 MiB, looking every 8 MiB of frames", () => {
  let [residentBytes, collections] = [200 * mebibyte, 0];
  const collect = (): void => {
    collections++;
    residentBytes -= 60 * mebibyte;
  };
  const garbage = new Garbage({ residentBytes: () => residentBytes, collect }, laterEachTime());
  garbage.taken(8 * mebibyte);
  residentBytes += 97 * mebibyte;
  garbage.taken(7 * mebibyte);
  expect(collections).toBe(0);
  garbage.taken(mebibyte);
  expect(collections).toBe(1);
  // What is left after a collection is not garbage.
  residentBytes += 95 * mebibyte;
  garbage.taken(8 * mebibyte);
  garbage.released(mebibyte);
  expect(collections).toBe(1);
  residentBytes += mebibyte;
  garbage.released(0);
  expect(collections).toBe(2);
});

test("Garbage.look() collects when the process has grown by 96 MiB since the least that it was", () => {
  let [residentBytes, collections] = [300 * mebibyte, 0];
  const collect = (): void => void collections++;
  const garbage = new Garbage({ residentBytes: () => residentBytes, collect }, laterEachTime());
  for (const [bytes, expected] of [
    [250, 0],
    [345, 0],
    [346, 1],
    [440, 1],
    [442, 2],
  ] as const) {
    residentBytes = bytes * mebibyte;
    garbage.look();
    expect(collections).toBe(expected);
  }
});

test("Garbage rests for a second after a collection", () => {
  let [nowMs, collections] = [0, 0];
  const collect = (): void => void collections++;
  const heap = { residentBytes: () => 100 * mebibyte, collect };
  const garbage = new Garbage(heap, () => nowMs);
  garbage.released(32 * mebibyte);
  nowMs += 999;
  garbage.released(32 * mebibyte);
  expect(collections).toBe(1);
  nowMs += 1;
  garbage.released(0);
  expect(collections).toBe(2);
});

test("Garbage finds out later what a collection has freed", () => {
  let [nowMs, residentBytes, collections] = [0, 200 * mebibyte, 0];
  const collect = (): void => void collections++;
  const garbage = new Garbage({ residentBytes: () => residentBytes, collect }, () => nowMs);
  garbage.taken(8 * mebibyte);
  residentBytes = 300 * mebibyte;
  garbage.taken(8 * mebibyte);
  expect(collections).toBe(1);
  nowMs += 1_000;
  // It is done now; what grows from here on counts.
  residentBytes = 200 * mebibyte;
  garbage.taken(8 * mebibyte);
  residentBytes = 296 * mebibyte;
  garbage.taken(8 * mebibyte);
  expect(collections).toBe(2);
});

test("Garbage.released() frees what the runtime holds, a moment later", async () => {
  const garbage = new Garbage();
  let held: Uint8Array | undefined = new Uint8Array(256 * mebibyte).fill(1);
  const before = process.memoryUsage.rss();
  expect(held.at(-1)).toBe(1);
  held = undefined;
  garbage.released(1_000 * mebibyte);
  while (process.memoryUsage.rss() > before - 200 * mebibyte) await Bun.sleep(5);
  expect(process.memoryUsage.rss()).toBeLessThan(before);
});
