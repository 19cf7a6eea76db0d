import { expect, test } from "bun:test";
import { reduceNumber, reduceValue, reducers } from "./reduce.ts";

const none = Number.NaN;
const values = Float64Array.of(none, 4, 2, none, 8, 6, none);

test("reduceNumber() knows Grafana's reducers, gaps left out", () => {
  const ids = {
    lastNotNull: 6,
    firstNotNull: 4,
    min: 2,
    max: 8,
    mean: 5,
    sum: 20,
    count: 4,
    range: 6,
    diff: 2,
    diffperc: 0.5,
    // 4 to 2 is a reset that counts 2; 2 to 8 counts 6; 8 to 6 is a reset that counts 6.
    delta: 14,
    median: 5,
    p25: 3.5,
    p99: 7.94,
    variance: 5,
    stdDev: Math.sqrt(5),
    logmin: 2,
    step: 2,
    changeCount: 3,
    allIsZero: 0,
    allIsNull: 0,
  };
  for (const [id, expected] of Object.entries(ids)) {
    expect([id, reduceNumber(values, id)]).toEqual([id, expect.closeTo(expected, 9)]);
  }
  expect(reduceNumber(values, "last")).toBeNaN();
  expect(reduceNumber(values, "first")).toBeNaN();
});

test("reduceNumber() of no value is NaN, and counts are 0", () => {
  const empty = Float64Array.of(none, none);
  for (const { id } of reducers) {
    const value = reduceNumber(empty, id);
    const expected = { count: 0, changeCount: 0, distinctCount: 1, allIsNull: 1, allIsZero: 0 }[id];
    expect([id, value]).toEqual([id, expected ?? Number.NaN]);
  }
});

test("reduceValue() keeps texts", () => {
  const words = ["a", "b", null, "a"];
  expect(reduceValue(words, "lastNotNull")).toBe("a");
  expect(reduceValue(words, "uniqueValues")).toEqual(["a", "b", null]);
  expect(reduceValue(words, "changeCount")).toBe(2);
  expect(reduceValue(words, "count")).toBe(3);
  expect(reduceValue([0, 0], "allIsZero")).toBe(true);
});
