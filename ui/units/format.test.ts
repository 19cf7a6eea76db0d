import { expect, test } from "bun:test";
import { formatAgo, formatCount, formatSpan, formatValue } from "./format.ts";

test.each([
  [0, "bytes", "0 B"],
  [1_023, "bytes", "1023 B"],
  [1_536, "bytes", "1.5 KiB"],
  [16 * 1_024 ** 3, "bytes", "16 GiB"],
  [3_670_016, "bytes_per_second", "3.5 MiB/s"],
  [12.345, "percent", "12.3 %"],
  [100, "percent", "100 %"],
  [1e-17, "percent", "0 %"],
  [0.0004, "percent", "< 0.001 %"],
  [1_234_567, "count", "1.23 M"],
  [-2_500, "count", "-2.5 k"],
  [Number.NaN, "count", "–"],
  [Number.POSITIVE_INFINITY, "percent", "∞"],
  [90, "seconds", "1 min 30 s"],
] as const)("formatValue(%p, %p) is %p", (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text);
});

test.each([
  [850, "850 ms"],
  [-12, "−12 ms"],
  [41_234, "41.2 s"],
  [3_600_000, "1 h"],
  [-90_061_000, "−1 d 1 h"],
] as const)("formatSpan(%p) is %p", (ms, text) => {
  expect(formatSpan(ms).replace(/^-/, "−")).toBe(text);
});

test("formatAgo() rounds to one unit, and says when a clock leads", () => {
  expect(formatAgo(1_000, 1_900)).toBe("just now");
  expect(formatAgo(0, 59_000)).toBe("59 s ago");
  expect(formatAgo(0, 900_000)).toBe("15 min ago");
  expect(formatAgo(60_000, 0)).toBe("in 1 min");
});

test("formatCount() groups by thousands", () => {
  expect(formatCount(1_234_567).replaceAll(/\s/gu, " ")).toBe("1 234 567");
  expect(formatCount(999)).toBe("999");
});
