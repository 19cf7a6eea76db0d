import { expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { Churn } from "#shared/runtime/process/churn.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { QueryMemory, type QueryShare, currentShare } from "./query_memory.ts";

const never = new AbortController().signal;

/** A query that holds its share until the test ends it. */
function query(memory: QueryMemory, signal = never) {
  const started = Promise.withResolvers<QueryShare>();
  const ending = Promise.withResolvers<void>();
  const done = memory.run(signal, async () => {
    const share = currentShare();
    if (share === undefined) throw new Error("no share");
    started.resolve(share);
    await ending.promise;
  });
  const end = async () => {
    ending.resolve();
    await done;
  };
  return { share: started.promise, end };
}

/** Whether a promise is still open after all that is ready has run: a read may wait for its turn. */
async function waits(promise: Promise<unknown> | undefined): Promise<boolean> {
  let isOpen = promise !== undefined;
  promise?.then(
    () => (isOpen = false),
    () => (isOpen = false),
  );
  for (let i = 0; i < 20; i++) await setImmediate();
  return isOpen;
}

test("beyond the bound the first query goes on, and the others wait until it ends", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const [first, second, third] = [query(memory), query(memory), query(memory)];
  const [a, b, c] = [await first.share, await second.share, await third.share];
  a.hold(60);
  b.hold(50);
  expect(memory.bytes).toBe(110);
  expect(a.room()).toBeUndefined();
  const [bRoom, cRead] = [b.room(), c.read(() => Promise.resolve("read"))];
  expect([await waits(bRoom), await waits(cRead)]).toEqual([true, true]);
  a.hold(-20);
  expect([await waits(bRoom), await cRead]).toEqual([false, "read"]);
  await first.end();
  await second.end();
  await third.end();
  expect(memory.bytes).toBe(0);
});

test("four reads run at once, and the next begins when one ends or fails", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const { share, end } = query(memory);
  const reader = await share;
  const gates = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
  const running = new Set<number>();
  const reads = gates.map(({ promise }, i) =>
    reader.read(async () => {
      running.add(i);
      await promise;
    }),
  );
  await waits(reads[4]);
  expect([...running]).toEqual([0, 1, 2, 3]);
  gates[1]?.reject(new Error("broken"));
  expect(await reads[1]?.catch(String)).toBe("Error: broken");
  await waits(reads[4]);
  expect([...running]).toEqual([0, 1, 2, 3, 4]);
  for (const { resolve } of gates) resolve();
  await Promise.allSettled(reads);
  await end();
});

test("an answer counts until it is sent or its client goes, and a slow client does not stop others", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const slow = query(memory);
  const gone = new AbortController();
  const left = query(memory, gone.signal);
  const [a, b] = [await slow.share, await left.share];
  a.hold(90);
  b.hold(30);
  const room = b.room();
  expect(await waits(room)).toBe(true);
  const sent = a.send();
  expect(await waits(room)).toBe(false);
  b.send();
  await Promise.all([slow.end(), left.end()]);
  expect(memory.bytes).toBe(120);
  gone.abort();
  expect(memory.bytes).toBe(90);
  sent();
  sent();
  expect(memory.bytes).toBe(0);
});

test("no query goes on while answers that clients do not read hold the bound", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const asked = Array.from({ length: 6 }, () => query(memory));
  const shares = await Promise.all(asked.map(({ share }) => share));
  const unread: (() => void)[] = [];
  let blocked: Promise<void> | undefined;
  for (const share of shares) {
    share.hold(1);
    blocked = share.room();
    if (await waits(blocked)) break;
    share.hold(79);
    unread.push(share.send());
  }
  expect(unread.length).toBe(2);
  expect(memory.bytes).toBe(161);
  // The next goes on when an answer is sent.
  await asked[0]?.end();
  unread[0]?.();
  expect(await waits(blocked)).toBe(false);
  for (const sent of unread) sent();
  for (const { end } of asked) await end();
  expect(memory.bytes).toBe(0);
});

test("garbage is collected after 64 MiB that queries took and left, once a second at most", async () => {
  let collections = 0;
  const churn = new Churn({ collect: () => void collections++ });
  const memory = new QueryMemory({ bytesMax: 1e9, churn });
  const { share, end } = query(memory);
  const held = await share;
  held.hold(40 * 2 ** 20);
  expect(collections).toBe(0);
  held.hold(-40 * 2 ** 20);
  expect(collections).toBe(1);
  held.hold(200 * 2 ** 20);
  await end();
  expect(collections).toBe(1);
});

test("a query that needs too much, waits for too long or loses its client is refused, and counted", async () => {
  const memory = new QueryMemory({ bytesMax: 100, waitMaxMs: 1 });
  const metrics = createSelfMetrics();
  memory.measure(metrics);
  const gone = new AbortController();
  const [first, second, third] = [query(memory), query(memory), query(memory, gone.signal)];
  const [a, b, c] = [await first.share, await second.share, await third.share];
  a.hold(100);
  expect(() => a.hold(1)).toThrow(
    "the query needs more than 100 bytes of memory (query.memory_max)",
  );
  const cancelled = c.read(() => Promise.resolve("read"));
  gone.abort();
  expect(cancelled).rejects.toMatchObject({ code: "cancelled" });
  expect(b.room()).rejects.toMatchObject({ code: "overloaded", refusal: "busy" });
  await b.room()?.catch(() => {});
  await Promise.all([first.end(), second.end(), third.end()]);
  expect(memory.bytes).toBe(0);
  const text = await metrics.text();
  expect(text).toContain('lapwing_query_memory_refused_total{reason="too_large"} 1');
  expect(text).toContain('lapwing_query_memory_refused_total{reason="busy"} 2');
});

test("a process that holds memory for a query is ended for queries that began before, beyond what is spared", async () => {
  const memory = new QueryMemory({ bytesMax: 100 });
  const [first, second] = [query(memory), query(memory)];
  const [a, b] = [await first.share, await second.share];
  a.hold(40);
  b.holdElsewhere(50, 20);
  b.holdElsewhere(60, 20);
  expect(memory.bytes).toBe(100);
  // The first may go on beyond the bound, as its process has a limit of its own.
  a.holdElsewhere(110, 20);
  expect(memory.bytes).toBe(210);
  b.holdElsewhere(20, 20);
  expect(() => b.holdElsewhere(21, 20)).toThrow("queries together hold 171 bytes");
  a.holdElsewhere(0, 20);
  b.holdElsewhere(60, 20);
  expect(memory.bytes).toBe(100);
  await first.end();
  await second.end();
  expect(memory.bytes).toBe(0);
});

test("while memory is short, queries wait beyond a quarter of the bound, but for the first", async () => {
  let share = 1;
  const memory = new QueryMemory({ bytesMax: 100, lendable: (bytes) => bytes * share });
  const [first, second] = [query(memory), query(memory)];
  const [a, b] = [await first.share, await second.share];
  a.hold(20);
  b.hold(10);
  expect(b.room()).toBeUndefined();
  share = 1 / 4;
  const room = b.room();
  expect(await waits(room)).toBe(true);
  expect(a.room()).toBeUndefined();
  await first.end();
  await room;
  await second.end();
});
