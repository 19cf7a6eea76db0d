import { expect, test } from "bun:test";
import { Signal } from "../gen/v1/frame_pb.js";
import { decodeFrame, encodeFrame, newHeader } from "./envelope.ts";
import { createMetricsDecoder } from "./metrics.ts";
import { createMetricsEncoder } from "./metrics_encoder.ts";

test("series of ten thousand targets in turn are told once, not with every scrape", () => {
  const encoder = createMetricsEncoder();
  const schemas = Array.from({ length: 10_000 }, () => ({
    series: [{ __name__: "a" }, { __name__: "b" }, { __name__: "c" }],
    families: [],
  }));
  const round = (timestampMs: number) =>
    schemas.reduce((bytes, schema) => {
      const rows = [{ timestampMs, values: Float64Array.of(1, 2, 3) }];
      return (
        bytes + encoder.encode({ schema, rows }).reduce((sum, { bodySize }) => sum + bodySize, 0)
      );
    }, 0);
  const first = round(15_000);
  expect(round(30_000)).toBeLessThan(first / 4);
});

test("new series come in several frames, as their receiver takes a frame in one go", () => {
  const series = Array.from({ length: 20_000 }, (_, i) => ({ __name__: "a", i: `${i}` }));
  const encoder = createMetricsEncoder();
  const decoder = createMetricsDecoder();
  const small = { series: series.slice(0, 100), families: [] };
  const rows = [{ timestampMs: 1, values: Float64Array.from(series, (_, i) => i) }];
  const { bodies } = encoder.encodeTogether([
    { schema: small, rows: [] },
    { schema: { series, families: [] }, rows },
  ]);
  const decoded = bodies.map(({ body, ...fields }) => {
    const ids = { tenant: "t", agent: "a", signal: Signal.METRICS };
    return decoder.decode(decodeFrame(encodeFrame(newHeader({ ...ids, ...fields }), body)));
  });
  // 8,192 in each.
  expect(decoded.findIndex((one) => one.rows.length > 0)).toBeGreaterThanOrEqual(2);
  const found = decoded.flatMap((one) => one.rows);
  expect(found.reduce((sum, { items }) => sum + items, 0)).toBe(20_000);
  expect(found[0]?.schema.series).toEqual(series);
});
