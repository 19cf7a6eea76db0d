import { expect, test } from "bun:test";
import { MemoryPressure } from "./memory_pressure.ts";

test("MemoryPressure lends a quarter while the process holds much, less the more it is, and collects garbage then, at times", () => {
  let [residentBytes, nowMs, collections] = [900, 0, 0];
  const pressure = new MemoryPressure({
    residentBytes: () => residentBytes,
    monotonic: () => nowMs,
    collect: () => void collections++,
  });
  residentBytes = 10_000;
  expect(pressure.lendable(100)).toBe(100);
  pressure.setHigh(1_000);
  expect(pressure.lendable(100)).toBe(6.25);
  expect(collections).toBe(1);
  residentBytes = 1_000;
  nowMs += 99;
  expect(pressure.lendable(100)).toBe(6.25);
  nowMs += 1;
  expect(pressure.lendable(100)).toBe(100);
  expect(collections).toBe(1);
  residentBytes = 1_001;
  nowMs += 2_899;
  expect(pressure.isHigh).toBe(true);
  expect(collections).toBe(1);
  nowMs += 101;
  expect(pressure.isHigh).toBe(true);
  expect(collections).toBe(2);
  const lent = [1_000, 1_001, 1_125, 1_250, 1_500].map((bytes) => {
    residentBytes = bytes;
    nowMs += 100;
    return pressure.lendable(100);
  });
  expect(lent).toEqual([100, expect.closeTo(25, 0), 15.625, 6.25, 6.25]);
});

test("MemoryPressure.alsoCount() adds what other processes hold", () => {
  let nowMs = 0;
  const pressure = new MemoryPressure({
    residentBytes: () => 600,
    monotonic: () => (nowMs += 1_000),
    collect: () => {},
  });
  pressure.setHigh(1_000);
  expect(pressure.isHigh).toBe(false);
  const ends = [400, 1].map((bytes) => pressure.alsoCount(() => bytes));
  expect(pressure.isHigh).toBe(true);
  ends[1]?.();
  expect(pressure.isHigh).toBe(false);
});
