import { expect, test } from "bun:test";
import { extrapolation } from "./rate.ts";
import type { Window } from "../model/window.ts";

/** Samples at these seconds, in a window of them. The counter's first value is far from zero. */
function stretched(seconds: readonly number[], startSecond: number, endSecond: number): number {
  const window: Window = {
    timestampsMs: Float64Array.from(seconds, (second) => 1_000 * second),
    values: Float64Array.from(seconds, (second) => 1e6 + second),
    histograms: undefined,
    starts: undefined,
    from: 0,
    to: seconds.length,
    stepTimeMs: 1_000 * endSecond,
    startMs: 1_000 * startSecond,
    endMs: 1_000 * endSecond,
    rangeMs: 1_000 * (endSecond - startSecond),
    first: 0,
    second: 0,
    none: false,
    overlaps: 0,
  };
  const covered = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0);
  return covered * extrapolation(window, true, 1e6, covered);
}

const fine = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("extrapolation() reaches the edges of evenly spaced samples, as Prometheus does", () => {
  expect(stretched([15, 30, 45, 60], 0, 60)).toBeCloseTo(60);
  expect(stretched([15, 30, 45, 60], -2, 76)).toBeCloseTo(45 + 7.5 + 16);
});

test("extrapolation() reaches an edge that coarse samples are near, beside fine ones", () => {
  expect(stretched([15, 30, 45, ...fine(46, 60)], 0, 60)).toBeCloseTo(60);
  expect(stretched([...fine(1, 15), 30, 45], 0, 58)).toBeCloseTo(58);
  // Farther than coarse samples are from each other: half of the average, as everywhere.
  expect(stretched([15, 30, 45, ...fine(46, 60)], -5, 60)).toBeCloseTo(45 + 45 / 17 / 2);
});

test("extrapolation() takes gaps among irregular samples for gaps", () => {
  const few = [75, 150, 165, 210, 225, 240, 300];
  const average = (300 - 75) / 6;
  expect(stretched(few, 20, 300)).toBeCloseTo(225 + average / 2);
  // A run of short distances that are not regular, or too few.
  const some = [60, 120, 121, 123, 124, 130, 131, 134];
  expect(stretched(some, 10, 134)).toBeCloseTo(74 + 74 / 7 / 2);
  expect(stretched([15, 30, 31, 32, 33, 34], 0, 34)).toBeCloseTo(19 + 19 / 5 / 2);
  // Scrapes every 15 s after some that were missed.
  const missed = [90, 180, 195, 210, 225, 240, 255, 270, 285, 300];
  expect(stretched(missed, 0, 300)).toBeCloseTo(210 + 210 / 9 / 2);
});
