import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Receiver, ReceiverHandlers } from "#proto/bus/agent_port.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import { type Clock, systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { until } from "#test/support/asking.ts";
import { createHead } from "../head/head.ts";
import { StoreConfig } from "../blocks/config.ts";
import { openStore } from "../blocks/open_store.ts";
import { IngestConfig } from "./config.ts";
import { Ingest } from "./ingest.ts";
import { id, Sender, startMs } from "./sender.fixture.ts";

const minuteMs = 60_000;

/** A clock that stands still until it is moved on; what sleeps wakes in order. */
class ManualClock implements Clock {
  #nowMs = startMs;
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];

  now(): number {
    return this.#nowMs;
  }
  monotonic(): number {
    return this.#nowMs - startMs;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  }
  moveOn(ms: number): void {
    this.#nowMs += ms;
    const due = this.#sleepers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#sleepers = this.#sleepers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { wake } of due) wake();
  }
}

async function setUp(config: unknown) {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-flusher-"));
  const clock = new ManualClock();
  const [log, metrics] = [silentLogger, createSelfMetrics()];
  const storeParts = { clock: systemClock, log, metrics, dataDir: folder };
  const store = await openStore(StoreConfig.parse({}), storeParts);
  const { promise: handlers, resolve } = Promise.withResolvers<ReceiverHandlers>();
  const receiver: Receiver = {
    start: async (given) => resolve(given),
    announceCommitted: () => {},
    requestResend: async () => undefined,
    requestNewEpoch: async () => {},
    requestResolution: () => Promise.reject(new Error("not here")),
    position: () => undefined,
    status: () => ({ connected: true, detail: "" }),
    close: async () => {},
  };
  const ingest = await Ingest.open(IngestConfig.parse(config), {
    clock,
    log,
    metrics,
    receiver,
    head: createHead(),
    store,
    quarantineFolder: join(folder, "quarantine"),
    onHeartbeat: () => {},
  });
  await ingest.start();
  const given = await handlers;
  const frame = (one: Frame) => given.frame(one);
  const senders = { metrics: new Sender(), logs: new Sender("logs") };
  await frame(senders.metrics.open());
  await frame(senders.logs.open());
  const storedOf = (signal: "metrics" | "logs") =>
    ingest.lanes.get({ ...id, signal }).committedItems;
  return {
    /** A sample and a line come. */
    async take() {
      await frame(senders.metrics.sample());
      await frame(senders.logs.line());
    },
    pass: (ms: number) => clock.moveOn(ms),
    /** Samples that are stored once so many lines are. */
    async samplesWith(lines: number) {
      await until(`${lines} lines`, () => storedOf("logs") >= lines);
      expect(storedOf("logs")).toBe(lines);
      return storedOf("metrics");
    },
    flush: () => ingest.flush(),
    async [Symbol.asyncDispose]() {
      await ingest.stop();
      await store.close();
      await rm(folder, { recursive: true });
    },
  };
}

test("lines become blocks every two minutes, samples every fifteen", async () => {
  await using world = await setUp({});
  const stored: number[] = [];
  for (let lines = 1; lines <= 16; lines++) {
    await world.take();
    world.pass(2 * minuteMs);
    stored.push(await world.samplesWith(lines));
  }
  expect(stored).toEqual([0, 0, 0, 0, 0, 0, 7, 7, 7, 7, 7, 7, 7, 14, 14, 14]);
  await world.flush();
  expect(await world.samplesWith(16)).toBe(16);
});

test("one interval is for samples and lines alike, and each may have its own", async () => {
  for (const [interval, expected] of [
    ["3m", [1, 2]],
    [{ metrics: "6m", logs: "3m" }, [0, 2]],
    [{ logs: "3m" }, [0, 0]],
  ] as const) {
    await using world = await setUp({ flush_interval: interval });
    const stored: number[] = [];
    for (let lines = 1; lines <= 2; lines++) {
      await world.take();
      world.pass(3 * minuteMs);
      stored.push(await world.samplesWith(lines));
    }
    expect({ interval, stored }).toEqual({ interval, stored: [...expected] });
  }
});

test("samples that are many become blocks before their time", async () => {
  await using world = await setUp({ flush_size: "1KiB" });
  await world.take();
  expect(await world.samplesWith(1)).toBe(1);
});
