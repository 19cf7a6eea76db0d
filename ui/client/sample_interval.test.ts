import { expect, test } from "bun:test";
import { usualDistance } from "./sample_interval.ts";

test("usualDistance() sees the pace through a late sample and a gap", () => {
  expect(usualDistance([100, 115.083, 130, 145.02, 400, 415, 430])).toBe(15_000);
  expect(usualDistance([100, 100.5, 101, 101.5])).toBe(500);
});

test("usualDistance() says nothing of too few samples", () => {
  expect(usualDistance([100, 160])).toBeUndefined();
});
