import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { createAxis, roundScale } from "./scale.ts";

test("roundScale() holds the value, wastes less than two thirds, and has at most five lines above zero", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e15, noNaN: true }),
      fc.constantFrom("bytes", "count"),
      (max, unit) => {
        const scale = roundScale(max, unit);
        expect(scale.max).toBeGreaterThanOrEqual(max);
        expect(scale.max).toBeLessThan(max * 3);
        expect(Math.round(scale.max / scale.step)).toBeLessThanOrEqual(5);
      },
    ),
  );
});

test("bytes get lines on powers of two", () => {
  expect(roundScale(16 * 1_024 ** 3, "bytes")).toEqual({
    max: 20 * 1_024 ** 3,
    step: 4 * 1_024 ** 3,
  });
});

test("an axis grows at once, and shrinks only after several refreshes that need less than half", () => {
  const axis = createAxis("count");
  expect(axis(10).max).toBe(12.5);
  expect(axis(95).max).toBe(100);
  for (let i = 0; i < 4; i++) expect(axis(10).max).toBe(100);
  expect(axis(10).max).toBe(12.5);
  expect(axis(95).max).toBe(100);
  for (let i = 0; i < 20; i++) expect(axis(60).max).toBe(100);
});

test("an axis without samples is still an axis", () => {
  expect(createAxis("bytes")(Number.NaN).max).toBe(1);
  expect(createAxis("percent", 100)(3)).toEqual({ max: 100, step: 25 });
});
