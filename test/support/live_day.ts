import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createHead } from "#aggregator/head/head.ts";
import { IngestConfig } from "#aggregator/ingest/config.ts";
import { Ingest } from "#aggregator/ingest/ingest.ts";
import type { BlockStore } from "#aggregator/blocks/block_store.ts";
import { openTestStore } from "#aggregator/read/store.fixture.ts";
import type { Receiver, ReceiverHandlers } from "#proto/bus/agent_port.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { createLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { HostFrames } from "./host_frames.ts";
import { type NodeHosts, intervalMs } from "./node_hosts.ts";

type DayOptions = {
  readonly hosts: number;
  readonly startMs: number;
  /** Scrapes of a flush, and how many flushes. */
  readonly scrapes: number;
  readonly flushes: number;
  readonly isCompacted: boolean;
  readonly hasTiers: boolean;
};

type DayCost = {
  readonly samples: number;
  readonly ingestSeconds: number;
  readonly flushSeconds: number;
  readonly backgroundSeconds: number;
  readonly maxStallMs: number;
  readonly blocks: number;
  readonly tierBlocks: number;
  readonly bytes: number;
};

/**
 * Lives through a day at once: frames of all hosts' agents go through ingest and head into blocks, as by the clock, which is moved on from flush to flush;
 * after each the background work of that time is done. Leaves the data directory of an aggregator.
 */
export async function liveDay(
  dataDir: string,
  nodes: NodeHosts,
  { hosts, startMs, scrapes, flushes, isCompacted, hasTiers }: DayOptions,
): Promise<DayCost> {
  const day = await Day.open(dataDir, startMs, {
    compaction: { interval: "1d", enabled: isCompacted },
    tiers: { enabled: hasTiers },
    delete_after: "0s",
  });
  try {
    const lanes = Array.from({ length: hosts }, (_, host) => new HostFrames(`a${host}`, startMs));
    let samples = 0;
    for (let flush = 0; flush < flushes; flush++) {
      const frames = lanes.flatMap((lane, host) =>
        lane.frames(nodes.window(host, startMs, flush * scrapes, scrapes)),
      );
      samples += nodes.series * scrapes;
      day.time.nowMs = startMs + (flush + 1) * scrapes * intervalMs;
      await day.pass(frames);
    }
    return { samples, ...day.cost() };
  } finally {
    await day.close();
  }
}

class Day {
  /** What its clock shows. */
  readonly time: { nowMs: number };
  readonly #store: BlockStore;
  readonly #ingest: Ingest;
  readonly #handlers: ReceiverHandlers;
  readonly #spent = { ingestSeconds: 0, flushSeconds: 0, backgroundSeconds: 0 };
  readonly #stalls = new Stalls();

  static async open(
    dataDir: string,
    startMs: number,
    config: Readonly<Record<string, unknown>>,
  ): Promise<Day> {
    await mkdir(dataDir, { recursive: true });
    const time = { nowMs: startMs };
    const folder = join(dataDir, "aggregator");
    const store = await openTestStore(folder, config, { now: () => time.nowMs });
    const { promise: handlers, resolve } = Promise.withResolvers<ReceiverHandlers>();
    const ingest = await Ingest.open(IngestConfig.parse({}), {
      clock: { ...systemClock, now: () => time.nowMs, sleep: waitForAbort },
      log: createLogger("error"),
      metrics: createSelfMetrics(),
      receiver: handedOver(resolve),
      head: createHead(),
      store,
      quarantineFolder: join(folder, "quarantine"),
      onHeartbeat: () => {},
    });
    await ingest.start();
    return new Day(time, store, ingest, await handlers);
  }

  private constructor(
    time: { nowMs: number },
    store: BlockStore,
    ingest: Ingest,
    handlers: ReceiverHandlers,
  ) {
    this.time = time;
    this.#store = store;
    this.#ingest = ingest;
    this.#handlers = handlers;
  }

  /** What comes between two flushes, the flush, and what is done in the background then. */
  async pass(frames: readonly Parameters<ReceiverHandlers["frame"]>[0][]): Promise<void> {
    const spent = this.#spent;
    spent.ingestSeconds += await cpuSecondsOf(async () => {
      for (const frame of frames) await this.#handlers.frame(frame);
    });
    this.#stalls.begin();
    spent.flushSeconds += await cpuSecondsOf(() => this.#ingest.flush());
    spent.backgroundSeconds += await cpuSecondsOf(() => this.#store.maintain());
    this.#stalls.end();
  }

  cost(): Omit<DayCost, "samples"> {
    const { blocks } = this.#store.view();
    const raw = blocks.filter(({ bucketMs }) => bucketMs === undefined);
    return {
      ...this.#spent,
      maxStallMs: this.#stalls.maxMs,
      blocks: raw.length,
      tierBlocks: blocks.length - raw.length,
      bytes: raw.reduce((sum, block) => sum + block.bytes, 0),
    };
  }

  async close(): Promise<void> {
    this.#stalls.end();
    await this.#ingest.stop();
    await this.#store.close();
  }
}

/** The caller hands over the frames. */
function handedOver(start: (handlers: ReceiverHandlers) => void): Receiver {
  return {
    start: (handlers) => Promise.resolve(start(handlers)),
    announceCommitted: () => {},
    requestResend: () => Promise.resolve(undefined),
    requestNewEpoch: () => Promise.resolve(),
    requestResolution: () => Promise.reject(new Error("there is no agent")),
    position: () => undefined,
    status: () => ({ connected: true, detail: "" }),
    close: () => Promise.resolve(),
  };
}

function waitForAbort(_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** The longest that a timer waited for its turn. */
class Stalls {
  maxMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  begin(): void {
    let before = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      this.maxMs = Math.max(this.maxMs, now - before - 5);
      before = now;
    }, 5);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

async function cpuSecondsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
