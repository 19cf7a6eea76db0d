import { expect, test } from "bun:test";
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
