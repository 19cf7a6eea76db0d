import { afterAll, expect, test } from "bun:test";
import { messageOf } from "#shared/errors.ts";
import { origin } from "#shared/model/position.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import {
  logsOf,
  openTestSpool,
  readAll,
  removeFolder,
  syncAll,
  temporaryFolder,
} from "#test/support/spool.ts";
import type { Patience } from "../spool/when_full.ts";
import { Pipeline } from "./pipeline.ts";
import { SeriesLimiter } from "./series_limiter.ts";

const folder = await temporaryFolder();
afterAll(() => removeFolder(folder));

const noise = () => logsOf(crypto.getRandomValues(new Uint8Array(700)).toHex());

test("a batch with patience waits for room in a full spool, and is refused when that is over", async () => {
  const full = { size_max: "4KiB", segment_size: "1KiB", when_full: "block" };
  const { spool } = await openTestSpool(folder, full);
  const parts = { clock: systemClock, log: silentLogger, metrics: createSelfMetrics() };
  const limiter = new SeriesLimiter({ name: "here", limit: 0, ...parts });
  const pipeline = new Pipeline({ ...parts, spool, limiter }, {});
  const push = (patience: Patience) => pipeline.logs(noise(), {}, patience).catch(messageOf);
  let refusal: number | string;
  let stored = 0;
  while (typeof (refusal = await push("refuse")) === "number") stored += refusal;
  expect(stored).toBeGreaterThan(0);

  const startedMs = systemClock.monotonic();
  expect(await push({ refusedAtMs: startedMs + 600 })).toBe(refusal);
  expect(systemClock.monotonic() - startedMs).toBeGreaterThan(300);

  const waiting = push({ refusedAtMs: startedMs + 600_000 });
  await syncAll(spool);
  const frames = await readAll(spool, "logs");
  await spool.committed("logs", frames.at(-1)?.header ?? origin);
  expect(await waiting).toBe(1);
  await spool.close();
});
