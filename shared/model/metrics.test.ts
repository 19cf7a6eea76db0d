import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { averageDistance } from "./metrics.ts";

const times = fc
  .uniqueArray(fc.integer({ min: 0, max: 100_000 }), { minLength: 2, maxLength: 20 })
  .map((some) => Float64Array.from(some).toSorted());

test("averageDistance() is Prometheus's where no sample is fine", () => {
  fc.assert(
    fc.property(times, (timesMs) => {
      const sampled = ((timesMs.at(-1) ?? 0) - (timesMs[0] ?? 0)) / 1_000;
      const expected = sampled / (timesMs.length - 1);
      expect(averageDistance(timesMs, undefined, 0, timesMs.length)).toBe(expected);
      const none = new Uint8Array(timesMs.length);
      expect(averageDistance(timesMs, none, 0, timesMs.length)).toBe(expected);
    }),
  );
});

test("averageDistance() is that of the samples that are not fine, wherever fine ones lie", () => {
  fc.assert(
    fc.property(times, times, (coarse, fine) => {
      const isCoarse = new Set(coarse);
      const all = Float64Array.from(new Set([...coarse, ...fine])).toSorted();
      const marks = Uint8Array.from(all, (time) => (isCoarse.has(time) ? 0 : 1));
      const expected = averageDistance(coarse, undefined, 0, coarse.length);
      expect(averageDistance(all, marks, 0, all.length)).toBe(expected);
    }),
  );
});

test("averageDistance() counts fine samples where fewer than two others are left", () => {
  const seconds = Float64Array.of(0, 1_000, 2_000, 3_000);
  expect(averageDistance(seconds, Uint8Array.of(1, 1, 1, 1), 0, 4)).toBe(1);
  expect(averageDistance(seconds, Uint8Array.of(0, 1, 1, 1), 0, 4)).toBe(1);
  expect(averageDistance(seconds, Uint8Array.of(0, 1, 1, 0), 0, 4)).toBe(3);
  // Of a part only what lies in it.
  expect(averageDistance(seconds, Uint8Array.of(0, 1, 1, 0), 1, 4)).toBe(1);
});
