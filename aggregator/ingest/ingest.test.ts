import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Receiver, ReceiverHandlers } from "#proto/bus/agent_port.ts";
import { turnsSoFar } from "#shared/async/turns.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { createHead } from "../head/head.ts";
import { StoreConfig } from "../blocks/config.ts";
import { openStore } from "../blocks/open_store.ts";
import { IngestConfig } from "./config.ts";
import { Ingest } from "./ingest.ts";
import { Sender } from "./sender.fixture.ts";

/** Delivers what the test gives it. */
function receiverOf(started: (handlers: ReceiverHandlers) => void): Receiver {
  return {
    start: async (handlers) => started(handlers),
    announceCommitted: () => {},
    requestResend: async () => undefined,
    requestNewEpoch: async () => {},
    requestResolution: () => Promise.reject(new Error("not here")),
    position: () => undefined,
    status: () => ({ connected: true, detail: "" }),
    close: async () => {},
  };
}

test("frames that take long to append share the time of a turn with all paced work", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lapwing-ingest-"));
  const parts = { clock: systemClock, log: silentLogger, metrics: createSelfMetrics() };
  const store = await openStore(StoreConfig.parse({}), { ...parts, dataDir: folder });
  const head = createHead();
  const append = head.appendMetrics.bind(head);
  head.appendMetrics = (...appended) => {
    for (const untilMs = performance.now() + 5; performance.now() < untilMs;);
    return append(...appended);
  };
  const { promise: handlers, resolve } = Promise.withResolvers<ReceiverHandlers>();
  const ingest = await Ingest.open(IngestConfig.parse({ flush_interval: "1d" }), {
    ...parts,
    receiver: receiverOf(resolve),
    head,
    store,
    quarantineFolder: join(folder, "quarantine"),
    onHeartbeat: () => {},
  });
  await ingest.start();
  const sender = new Sender();
  const frames = [sender.open(), ...Array.from({ length: 30 }, () => sender.sample())];
  const given = await handlers;
  const before = turnsSoFar();
  for (const one of frames) await given.frame(one);
  // 150 ms of work in turns of 5 ms.
  expect(turnsSoFar() - before).toBeGreaterThan(5);
  expect(head.size().items.of("metrics")).toBe(30);
  await ingest.stop();
  await store.close();
  await rm(folder, { recursive: true });
});
