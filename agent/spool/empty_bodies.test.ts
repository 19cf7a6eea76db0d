import { expect, test } from "bun:test";
import { decodeFrame } from "#proto/codec/envelope.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { origin } from "#shared/model/position.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { silentLogger } from "#shared/runtime/log.ts";
import { createSelfMetrics } from "#shared/runtime/self_metrics.ts";
import { removeFolder, temporaryFolder } from "#test/support/spool.ts";
import { SpoolConfig } from "./config.ts";
import { Spool } from "./spool.ts";

test("a batch without samples is written for the series and metadata that the encoder counts as sent", async () => {
  const folder = await temporaryFolder();
  const spool = await Spool.open(SpoolConfig.parse({ path: folder }), {
    clock: systemClock,
    log: silentLogger,
    metrics: createSelfMetrics(),
    tenant: "main",
    agent: "web-1",
    encoders: { metrics: createMetricsEncoder, logs: () => ({ encode: () => [] }) },
  });
  try {
    const schema: { series: Labels[]; families: MetricFamily[] } = {
      series: [{ __name__: "a" }],
      families: [{ name: "a", type: "gauge", help: "Help.", unit: "" }],
    };
    expect(await spool.metrics.write({ schema, rows: [] })).toBe(0);
    const sparse = {
      columns: Uint32Array.of(0),
      timestampsMs: Float64Array.of(5),
      values: Float64Array.of(7),
    };
    expect(await spool.metrics.write({ schema, rows: [], sparse })).toBe(1);
    await spool.metrics.sync();
    const decoder = createMetricsDecoder();
    const decoded = (await spool.metrics.read(origin, 1_000_000))
      .map(decodeFrame)
      .filter(({ header }) => header.kind === FrameKind.DATA)
      .map((frame) => decoder.decode(frame));
    expect(decoded.map(({ families }) => families.length)).toEqual([1, 0]);
    expect(decoded[1]?.sparse[0]?.samples).toEqual(sparse);
  } finally {
    await spool.close();
    await removeFolder(folder);
  }
});
