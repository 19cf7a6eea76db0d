import { expect, test } from "bun:test";
import { decodeFrame } from "#proto/codec/envelope.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { origin } from "#shared/model/position.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { removeFolder, temporaryFolder } from "#test/support/spool.ts";
import { SpoolConfig } from "./config.ts";
import { Spool } from "./spool.ts";

function openSpool(folder: string): Promise<Spool> {
  return Spool.open(SpoolConfig.parse({ path: folder }), {
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    tenant: "main",
    agent: "web-1",
    encoders: { metrics: createMetricsEncoder, logs: () => ({ encode: () => [] }) },
  });
}

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder();
  try {
    await use(folder);
  } finally {
    await removeFolder(folder);
  }
}

function withSpool(use: (spool: Spool) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    const spool = await openSpool(folder);
    try {
      await use(spool);
    } finally {
      await spool.close();
    }
  });
}

/** A row of one series more than its number. */
function batchOf(number: number, name = "m"): MetricsBatch {
  const series = Array.from({ length: number + 1 }, (_, i) => ({ __name__: name, i: String(i) }));
  const values = Float64Array.from(series, (_, i) => 100 * number + i);
  return { schema: { series, families: [] }, rows: [{ timestampMs: number, values }] };
}

/** Times of the rows in each frame of each epoch, and the items that its header counts. */
async function framesOf(spool: Spool) {
  await spool.metrics.sync();
  const frames = (await spool.metrics.read(origin, 10_000_000)).map(decodeFrame);
  let decoder = createMetricsDecoder();
  const found: { times: number[]; items: number; itemsTotal: number }[] = [];
  for (const frame of frames) {
    const { kind, items, itemsTotal } = frame.header;
    if (kind === FrameKind.OPEN) decoder = createMetricsDecoder();
    if (kind !== FrameKind.DATA) continue;
    const times = decoder.decode(frame).rows.map(({ timestampMs }) => timestampMs);
    found.push({ times, items, itemsTotal });
  }
  return found;
}

test("batches of metrics that come at once share a frame, and each is told its own items", () =>
  withSpool(async (spool) => {
    const writes = [0, 1, 2, 3].map((number) => spool.metrics.write(batchOf(number)));
    expect(await Promise.all(writes)).toEqual([1, 2, 3, 4]);
    expect(await spool.metrics.write(batchOf(4))).toBe(5);
    expect(await framesOf(spool)).toEqual([
      { times: [0, 1, 2, 3], items: 10, itemsTotal: 10 },
      { times: [4], items: 5, itemsTotal: 15 },
    ]);
  }));

test("a batch that no frame can hold costs its neighbours nothing", () =>
  withSpool(async (spool) => {
    const batches = [batchOf(0), batchOf(1), batchOf(2, "x".repeat(300_000)), batchOf(3)];
    const writes = batches.map((batch) => spool.metrics.write(batch));
    expect(await Promise.all(writes)).toEqual([1, 2, 0, 4]);
    expect(spool.metrics.drops).toEqual({ label_limit: 3 });
    const frames = await framesOf(spool);
    expect(frames.flatMap(({ times }) => times)).toEqual([0, 1, 3]);
    expect(frames.at(-1)?.itemsTotal).toBe(7);
  }));

test("what waits for the disk when the spool closes is written", () =>
  withFolder(async (folder) => {
    const spool = await openSpool(folder);
    const writes = Array.from({ length: 200 }, () => spool.metrics.write(batchOf(0)));
    await spool.close();
    expect(await Promise.all(writes)).toEqual(Array.from({ length: 200 }, () => 1));
    const again = await openSpool(folder);
    expect((await framesOf(again)).at(-1)?.itemsTotal).toBe(200);
    await again.close();
  }));
