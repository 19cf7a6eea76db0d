import { afterEach, expect, test } from "bun:test";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import type { TestSpool } from "#test/support/spool.ts";
import {
  logsOf,
  openTestSpool,
  readAll,
  removeFolder,
  rowOf,
  temporaryFolder,
} from "#test/support/spool.ts";

const opened: TestSpool[] = [];
afterEach(async () => {
  for (const { spool, folder } of opened.splice(0)) {
    await spool.close();
    await removeFolder(folder);
  }
});

/** No sync comes by itself. Notes how long each sleep of a prompt sync asks for, and wakes it at once. */
async function opening(options: Record<string, string>) {
  const sleeps: number[] = [];
  const upkeepMs = 60_000;
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      if (ms >= upkeepMs) return systemClock.sleep(ms, signal);
      sleeps.push(ms);
      return systemClock.sleep(0, signal);
    },
  };
  const folder = await temporaryFolder();
  const one = await openTestSpool(folder, { sync_interval: "1h", ...options }, clock);
  opened.push(one);
  return { spool: one.spool, sleeps };
}

const nextFrames = (spool: TestSpool["spool"]) =>
  new Promise<string>((resolve) => {
    const stop = spool.onFrames((signal) => {
      stop();
      resolve(signal);
    });
  });

test("syncPromptly() makes what is written readable long before sync_interval", async () => {
  const { spool } = await opening({});
  const synced = nextFrames(spool);
  await spool.metrics.write(rowOf(3));
  expect(await readAll(spool, "metrics")).toEqual([]);
  spool.metrics.syncPromptly();
  expect(await synced).toBe("metrics");
  expect(await readAll(spool, "metrics")).toHaveLength(2);
});

test("syncPromptly() waits for nothing after a pause, and push_sync_interval after a sync", async () => {
  const { spool, sleeps } = await opening({ push_sync_interval: "40s" });
  for (const [line, least] of [
    ["a", -Infinity],
    ["b", 30_000],
  ] as const) {
    const synced = nextFrames(spool);
    await spool.logs.write(logsOf(line));
    spool.logs.syncPromptly();
    await synced;
    expect(sleeps.at(-1)).toBeGreaterThanOrEqual(least);
    expect(sleeps.at(-1)).toBeLessThanOrEqual(least < 0 ? 0 : 40_000);
  }
});

test("syncPromptly() is asked for once by those that write at the same time", async () => {
  const { spool, sleeps } = await opening({});
  const synced = nextFrames(spool);
  await Promise.all(["a", "b", "c"].map((line) => spool.logs.write(logsOf(line))));
  for (let i = 0; i < 3; i++) spool.logs.syncPromptly();
  await synced;
  expect(sleeps).toHaveLength(1);
  expect(await readAll(spool, "logs")).toHaveLength(4);
});
