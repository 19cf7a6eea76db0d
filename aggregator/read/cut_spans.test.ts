import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { TimeWindows } from "./cut_spans.ts";

const hourMs = 3_600_000;
const nowMs = Math.floor(1_790_000_000_000 / (24 * hourMs)) * 24 * hourMs + 13 * hourMs;

function spansOf(...timesMs: readonly number[]) {
  const windows = new TimeWindows();
  for (const timeMs of timesMs) windows.add(timeMs);
  return windows.spans();
}

test("TimeWindows.spans() is one for what lies within some hours of each other", () => {
  expect(spansOf()).toEqual([]);
  expect(spansOf(nowMs, nowMs - hourMs, nowMs + 60_000)).toHaveLength(1);
  expect(spansOf(nowMs, nowMs - 2 * hourMs)).toHaveLength(1);
});
test("TimeWindows.spans() keeps what an outage left apart, by two hours and, before a day, by days", () => {
  const spans = spansOf(
    nowMs,
    nowMs - 5 * hourMs,
    nowMs - 7 * hourMs,
    nowMs - 50 * hourMs,
    nowMs - 53 * hourMs,
    nowMs - 90 * hourMs,
  );
  expect(
    spans.map(({ startMs, endMs }) =>
      [startMs - nowMs, endMs + 1 - nowMs].map((ms) => ms / hourMs),
    ),
  ).toEqual([
    [-91, -89],
    [-53, -49],
    [-7, -5],
    [-5, -3],
    [-1, 1],
  ]);
});
test("TimeWindows.spans() holds each time once, in order, in 64 at most", () => {
  const time = fc.integer({ min: 0, max: 400 * 24 }).map((hours) => nowMs - hours * hourMs);
  fc.assert(
    fc.property(fc.array(time, { minLength: 1, maxLength: 300 }), (times) => {
      const spans = spansOf(...times);
      expect(spans.length).toBeLessThanOrEqual(64);
      for (const [i, { startMs, endMs }] of spans.entries())
        expect(startMs > (spans[i - 1]?.endMs ?? -1) && endMs > startMs).toBe(true);
      const holds = ({ startMs, endMs }: (typeof spans)[number]) =>
        times.some((ms) => ms >= startMs && ms <= endMs);
      expect(spans.every(holds)).toBe(true);
      for (const ms of times)
        expect(spans.filter(({ startMs, endMs }) => startMs <= ms && ms <= endMs)).toHaveLength(1);
    }),
  );
});
