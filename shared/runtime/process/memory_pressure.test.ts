import { expect, test } from "bun:test";
import { MemoryPressure } from "./memory_pressure.ts";

test("MemoryPressure lends a quarter while the process holds much, and looks for garbage then", () => {
  let [residentBytes, nowMs, looks] = [900, 0, 0];
  const pressure = new MemoryPressure({
    residentBytes: () => residentBytes,
    monotonic: () => nowMs,
    look: () => void looks++,
  });
  residentBytes = 10_000;
  expect(pressure.lendable(100)).toBe(100);
  pressure.setHigh(1_000);
  expect(pressure.lendable(100)).toBe(25);
  expect(looks).toBe(1);
  residentBytes = 1_000;
  nowMs += 99;
  expect(pressure.lendable(100)).toBe(25);
  nowMs += 1;
  expect(pressure.lendable(100)).toBe(100);
  expect(looks).toBe(1);
});
