import { afterEach, expect, test } from "bun:test";
import { SeriesLimiter } from "../pipeline/series_limiter.ts";
import { Pipeline } from "#agent/pipeline/pipeline.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { SelfLogTap } from "#shared/runtime/self_log_tap.ts";
import { createLogger } from "#shared/runtime/log.ts";
import {
  logsOf,
  openTestSpool,
  removeFolder,
  rowOf,
  temporaryFolder,
} from "#test/support/spool.ts";
import type { RunnableSource } from "./collector.ts";
import { Collector } from "./collector.ts";
import type { SourceContext } from "./source.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** A collector on a real spool, with what it says in its log. */
async function open(options: Record<string, string> = {}) {
  const folder = await temporaryFolder();
  cleanups.push(() => removeFolder(folder));
  const { spool } = await openTestSpool(folder, options);
  cleanups.push(() => spool.close());
  const metrics = createSelfMetrics();
  const said: string[] = [];
  const log = createLogger("info", (line) => void said.push(line));
  const limiter = new SeriesLimiter({ name: "here", limit: 0, clock: systemClock, log });
  const collector = new Collector({
    output: new Pipeline({ spool, limiter, clock: systemClock, log, metrics }, {}),
    clock: systemClock,
    log,
    metrics,
    hostname: "here",
    selfLogs: new SelfLogTap(),
  });
  return { collector, spool, metrics, said };
}

function source(run: (context: SourceContext) => Promise<void>, fingerprint = ""): RunnableSource {
  return { type: "made_up", name: "made_up", fingerprint, run };
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

async function writeForever(context: SourceContext): Promise<void> {
  for (;;) await context.emitLogs(logsOf("x".repeat(1_000)));
}

test("Collector counts the items that the spool took, and those that were cut", async () => {
  const { collector, metrics } = await open();
  const done = Promise.withResolvers<void>();
  const run = async (context: SourceContext) => {
    await context.emitMetrics(rowOf(3));
    await context.emitLogs(logsOf("a", "b"));
    context.truncated?.("logs", 2);
    done.resolve();
    await aborted(context.signal);
  };
  await collector.apply([source(run)]);
  await done.promise;
  expect(collector.sources()).toEqual([
    { type: "made_up", state: "running", message: "", items: 5 },
  ]);
  const text = await metrics.text();
  expect(text).toContain('lapwing_source_items_total{source="made_up"} 5');
  expect(text).toContain('lapwing_source_truncated_items_total{source="made_up"} 2');
  await collector.stop();
});

test("Collector.apply() leaves a source that did not change running", async () => {
  const { collector } = await open();
  let starts = 0;
  const run = (context: SourceContext) => {
    starts += 1;
    return aborted(context.signal);
  };
  await collector.apply([source(run, "one")]);
  await collector.apply([source(run, "one")]);
  expect(starts).toBe(1);
  await collector.apply([source(run, "two")]);
  expect(starts).toBe(2);
  await collector.stop();
});

test("a source that waits for room in the spool ends with stopWaiting(), in silence", async () => {
  const full = { segment_size: "4KiB", size_max: "20KiB", when_full: "block" };
  const { collector, spool, said } = await open(full);
  await collector.apply([source(writeForever)]);
  while (!spool.isFull) await Bun.sleep(5);
  spool.stopWaiting();
  await collector.stop();
  expect(said).toEqual([]);
});
