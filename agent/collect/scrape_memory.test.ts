import { expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import { ScrapeMemory } from "./scrape_memory.ts";

const never = () => new AbortController().signal;

test("ScrapeMemory lets scrapes wait for room, in order", async () => {
  const memory = new ScrapeMemory(100);
  const first = await memory.lease(60, never());
  const order: string[] = [];
  const second = memory.lease(60, never()).then((lease) => {
    order.push("second");
    return lease;
  });
  // It would fit, but came later.
  const third = memory.lease(10, never()).then((lease) => {
    order.push("third");
    return lease;
  });
  await Promise.resolve();
  expect(order).toEqual([]);
  first.release();
  const leases = [await second, await third];
  expect(order).toEqual(["second", "third"]);
  expect(memory.bytes).toBe(70);
  for (const lease of leases) lease.release();
  expect(memory.bytes).toBe(0);
});

test("ScrapeMemory gives back what a body turns out not to need, and refuses to grow without room", async () => {
  const memory = new ScrapeMemory(100);
  const lease = await memory.lease(1_000, never());
  expect(memory.bytes).toBe(100);
  expect(lease.resize(20)).toBe(true);
  const other = await memory.lease(50, never());
  expect(lease.resize(60)).toBe(false);
  expect(lease.resize(50)).toBe(true);
  other.release();
  expect(lease.resize(100)).toBe(true);
  lease.release();
  lease.release();
  expect(memory.bytes).toBe(0);
});

test("ScrapeMemory reports to a scrape whose time is over who holds the memory, and serves the next", async () => {
  const memory = new ScrapeMemory(100);
  const first = await memory.lease(60, never());
  const abort = new AbortController();
  const second = memory.lease(60, abort.signal).catch(messageOf);
  const third = memory.lease(30, never());
  abort.abort();
  expect(await second).toBe(
    "no room for a large body in time: other scrapes hold 60 bytes of agent.scrape_memory_max, which is 100",
  );
  (await third).release();
  first.release();
  expect(memory.bytes).toBe(0);
});

test("garbage is looked for after 64 MiB that scrapes gave back", async () => {
  let collections = 0;
  const churn = new Churn({ collect: () => void collections++ });
  const memory = new ScrapeMemory(256 * 1024 ** 2, { churn });
  const { signal } = new AbortController();
  const lease = await memory.lease(63 * 1024 ** 2, signal);
  lease.release();
  expect(collections).toBe(0);
  const other = await memory.lease(2 * 1024 ** 2, signal);
  other.resize(1024 ** 2);
  expect(collections).toBe(1);
  other.release();
});

test("ScrapeMemory lets scrapes begin within a quarter while memory is short, and one in any case", async () => {
  let share = 1 / 4;
  const memory = new ScrapeMemory(100, { lendable: (bytes) => bytes * share });
  const first = await memory.lease(60, never());
  const order: string[] = [];
  const second = memory.lease(20, never()).then(() => order.push("second"));
  const third = memory.lease(5, never()).then(() => order.push("third"));
  const fourth = memory.lease(60, never()).then(() => order.push("fourth"));
  expect(first.resize(70)).toBe(true);
  first.release();
  await Promise.all([second, third]);
  expect(order).toEqual(["second", "third"]);
  expect(memory.bytes).toBe(25);
  share = 1;
  const fifth = await memory.lease(1, AbortSignal.timeout(0)).catch(messageOf);
  expect(fifth).toContain("no room for a large body in time");
  await fourth;
  expect(memory.bytes).toBe(85);
});
