import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { extrapolation } from "./rate.ts";
import type { Window } from "../model/window.ts";

/** Of a counter that grows by one a second. */
type Sampled = {
  readonly seconds: readonly number[];
  /** Those of them that are fine. */
  readonly fine?: readonly number[];
};

/** A window of samples; the counter's first value is far from zero. */
function windowOf(
  { seconds, fine = [] }: Sampled,
  startSecond: number,
  endSecond: number,
  base = 1e6,
): Window {
  const marks = Uint8Array.from(seconds, (second) => (fine.includes(second) ? 1 : 0));
  return {
    timestampsMs: Float64Array.from(seconds, (second) => 1_000 * second),
    values: Float64Array.from(seconds, (second) => base + second),
    histograms: undefined,
    starts: undefined,
    fine: fine.length === 0 ? undefined : marks,
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
}

/** The increase over the window. */
function stretched(sampled: Sampled, startSecond: number, endSecond: number): number {
  const { seconds } = sampled;
  const covered = (seconds.at(-1) ?? 0) - (seconds[0] ?? 0);
  const window = windowOf(sampled, startSecond, endSecond);
  return covered * extrapolation(window, true, 1e6, covered);
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

test("extrapolation() reaches the edges of evenly spaced samples, as Prometheus does", () => {
  expect(stretched({ seconds: [15, 30, 45, 60] }, 0, 60)).toBeCloseTo(60);
  expect(stretched({ seconds: [15, 30, 45, 60] }, -2, 76)).toBeCloseTo(45 + 7.5 + 16);
});

/** extrapolatedRate() of Prometheus (promql/functions.go), word for word. */
function prometheus(
  timesMs: readonly number[],
  rangeStart: number,
  rangeEnd: number,
  first: number,
  increase: number,
): number {
  const [firstT = 0, lastT = 0] = [timesMs[0], timesMs.at(-1)];
  let durationToStart = (firstT - rangeStart) / 1000;
  let durationToEnd = (rangeEnd - lastT) / 1000;
  const sampledInterval = (lastT - firstT) / 1000;
  const averageDurationBetweenSamples = sampledInterval / (timesMs.length - 1);
  const extrapolationThreshold = averageDurationBetweenSamples * 1.1;
  if (durationToStart >= extrapolationThreshold)
    durationToStart = averageDurationBetweenSamples / 2;
  let durationToZero = durationToStart;
  if (increase > 0 && first >= 0) durationToZero = sampledInterval * (first / increase);
  if (durationToZero < durationToStart) durationToStart = durationToZero;
  if (durationToEnd >= extrapolationThreshold) durationToEnd = averageDurationBetweenSamples / 2;
  return (sampledInterval + durationToStart + durationToEnd) / sampledInterval;
}

test("extrapolation() is Prometheus's to the bit, whatever the intervals and gaps", () => {
  const sampled = fc.record({
    interval: fc.constantFrom(1, 2, 5, 15),
    // Which scrapes there were: many, with gaps of any length.
    isThere: fc.array(fc.boolean(), { minLength: 10, maxLength: 60 }),
    jitterMs: fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 60, maxLength: 60 }),
    before: fc.integer({ min: 0, max: 40 }),
    after: fc.integer({ min: 0, max: 40 }),
    base: fc.constantFrom(0, 3, 1e6),
  });
  fc.assert(
    fc.property(sampled, ({ interval, isThere, jitterMs, before, after, base }) => {
      const seconds = isThere.flatMap((one, i) =>
        one ? [i * interval + (jitterMs[i] ?? 0) / 1_000] : [],
      );
      fc.pre(seconds.length > 1);
      const [start, end] = [(seconds[0] ?? 0) - before, (seconds.at(-1) ?? 0) + after];
      const window = windowOf({ seconds }, start, end, base);
      const [first = 0, last = 0] = [window.values[0], window.values.at(-1)];
      expect(extrapolation(window, true, first, last - first)).toBe(
        prometheus([...window.timestampsMs], window.startMs, window.endMs, first, last - first),
      );
    }),
    { numRuns: 1_000 },
  );
});

test("extrapolation() goes by the source's own interval beside fine samples", () => {
  const fineEnd = { seconds: [15, 30, 45, ...range(46, 60)], fine: range(46, 59) };
  expect(stretched(fineEnd, 0, 60)).toBeCloseTo(60);
  const fineBegin = { seconds: [...range(1, 15), 30, 45], fine: range(1, 14) };
  expect(stretched(fineBegin, 0, 58)).toBeCloseTo(58);
  // The last sample before the fine ones is the first of the window.
  const beginsAlone = {
    seconds: [14, ...range(15, 74)],
    fine: range(15, 73).filter((s) => s % 15 !== 14),
  };
  expect(stretched(beginsAlone, 0, 74)).toBeCloseTo(74);
  // Farther than the source's samples are from each other: half of their distance, as everywhere.
  expect(stretched(fineEnd, -5, 60)).toBeCloseTo(45 + 7.5);
});

test("without marks samples beside a gap are what they are to Prometheus", () => {
  // Every 2 s, and some that were missed.
  const missed = [30, 60, 62, 64, 66, 68, 70, 72, 74, 76];
  expect(stretched({ seconds: missed }, 0, 76)).toBeCloseTo(46 + 46 / 9 / 2);
});
