import { expect, test } from "bun:test";
import { roundedStep } from "../model/interval.ts";
import { intervalOf, stepMinOf } from "./step.ts";

const hours = (count: number) => ({ startMs: 0, endMs: count * 3_600_000 });

test("the step is a round one near range through points, but no finer than scrapes are", () => {
  expect(intervalOf(hours(24), 720, 15_000).stepMs).toBe(120_000);
  expect(intervalOf(hours(1), 720, 15_000).stepMs).toBe(15_000);
  expect(intervalOf(hours(1), 720, 1_000).stepMs).toBe(5_000);
  expect(intervalOf(hours(1), 720, 60_000).stepMs).toBe(60_000);
});

test("a rate looks back over at least four scrapes, and over a step and a scrape", () => {
  expect(intervalOf(hours(1), 720, 15_000).rateMs).toBe(60_000);
  expect(intervalOf(hours(24), 720, 15_000).rateMs).toBe(135_000);
});

test("a step that would give more points than the aggregator allows is made longer", () => {
  const { stepMs } = intervalOf(hours(24 * 30), 100_000, 1_000);
  expect((24 * 30 * 3_600_000) / stepMs).toBeLessThan(11_000);
});

test("roundedStep() and stepMinOf() read what they are given", () => {
  expect([1, 14, 99, 1_499, 125_000].map(roundedStep)).toEqual([1, 10, 100, 1_000, 120_000]);
  expect(["", "30s", "> 30s", "5", "x", undefined].map(stepMinOf)).toEqual([
    undefined,
    30_000,
    30_000,
    5_000,
    undefined,
    undefined,
  ]);
});
