import { expect, test } from "bun:test";
import { MemoryPressure } from "./memory_pressure.ts";

test("MemoryPressure lends a quarter while the process holds much, less while it holds more, and collects garbage then, at times", () => {
  let [residentBytes, nowMs, collections] = [900, 0, 0];
  const pressure = new MemoryPressure({
    residentBytes: () => residentBytes,
    monotonic: () => nowMs,
    collect: () => void collections++,
  });
  residentBytes = 1_250;
  expect(pressure.lendable(100)).toBe(100);
  pressure.setHigh(1_000);
  expect(pressure.lendable(100)).toBe(25);
  expect(collections).toBe(1);
  residentBytes = 1_000;
  nowMs += 99;
  expect(pressure.lendable(100)).toBe(25);
  nowMs += 1;
  expect(pressure.lendable(100)).toBe(100);
  expect(collections).toBe(1);
  residentBytes = 1_251;
  nowMs += 100;
  expect(pressure.lendable(160)).toBe(10);
  residentBytes = 1_001;
  nowMs += 2_799;
  expect(pressure.lendable(100)).toBe(25);
  expect(pressure.isHigh).toBe(true);
  expect(collections).toBe(1);
  nowMs += 101;
  expect(pressure.isHigh).toBe(true);
  expect(collections).toBe(2);
});
