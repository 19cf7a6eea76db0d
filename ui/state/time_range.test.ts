import { describe, expect, test } from "bun:test";
import {
  aligned,
  follows,
  refreshInterval,
  shifted,
  stepOf,
  windowOf,
  zoomedOut,
} from "./time_range.ts";
import { PageRangeSearch, parseSearch, stringifySearch } from "./url.ts";

const nowMs = 1_700_000_000_000;

describe("windowOf()", () => {
  test("reads relative and absolute ends", () => {
    expect(windowOf({ from: "now-15m", to: "now" }, nowMs)).toEqual({
      startMs: nowMs - 900_000,
      endMs: nowMs,
    });
    expect(windowOf({ from: "1600000000000", to: "1600000060000" }, nowMs)).toEqual({
      startMs: 1_600_000_000_000,
      endMs: 1_600_000_060_000,
    });
  });

  test.each([
    ["now", "now-1h"],
    ["yesterday", "now"],
    ["now-15", "now"],
    ["now-0s", "now"],
    ["0", "now"],
    ["now-1h", "1e99"],
  ])("refuses %p to %p", (from, to) => {
    expect(windowOf({ from, to }, nowMs)).toBeUndefined();
  });
});

test("stepOf() takes the smallest round step that keeps to the points", () => {
  expect(stepOf({ startMs: 0, endMs: 900_000 }, 240)).toBe(5_000);
  expect(stepOf({ startMs: 0, endMs: 86_400_000 }, 240)).toBe(600_000);
  expect(stepOf({ startMs: 0, endMs: 10_000 }, 240)).toBe(1_000);
});

test("aligned() puts both ends on the step", () => {
  expect(aligned({ startMs: 12_345, endMs: 99_999 }, 5_000)).toEqual({
    startMs: 10_000,
    endMs: 95_000,
  });
});

test("zoomedOut() doubles the range, and becomes live where it would reach the future", () => {
  const past = { startMs: nowMs - 400_000, endMs: nowMs - 300_000 };
  expect(zoomedOut(past, nowMs)).toEqual({
    from: String(nowMs - 450_000),
    to: String(nowMs - 250_000),
  });
  const recent = { startMs: nowMs - 100_000, endMs: nowMs };
  expect(zoomedOut(recent, nowMs)).toEqual({ from: "now-200s", to: "now" });
});

test("a range that ends in the past is not refreshed", () => {
  expect(refreshInterval({ from: "now-1h", to: "now" }, "5s")).toBe(5_000);
  expect(refreshInterval({ from: "now-1h", to: "now" }, "off")).toBe(0);
  expect(refreshInterval({ from: "1", to: "2" }, "live")).toBe(0);
});

describe("the URL", () => {
  test("keeps what it knows, and lets defaults and nonsense go", () => {
    expect(PageRangeSearch.parse({ from: "now-1h", to: "now", refresh: "5s" })).toEqual({
      from: "now-1h",
      to: "now",
      refresh: "5s",
    });
    expect(PageRangeSearch.parse({ from: "now-15m", refresh: "live" })).toEqual({});
    expect(PageRangeSearch.parse({ from: "<b>", to: "tomorrow", refresh: "often" })).toEqual({});
  });

  test("carries any text as it is", () => {
    const search = { q: "a&b=c #1 ü", from: "now-1h" };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
    expect(stringifySearch({ q: "", sort: undefined })).toBe("");
  });
});

test("shifted() moves by half, and forward to the present becomes live", () => {
  const past = { startMs: nowMs - 7_200_000, endMs: nowMs - 3_600_000 };
  expect(shifted(past, -1, nowMs)).toEqual({
    from: String(nowMs - 9_000_000),
    to: String(nowMs - 5_400_000),
  });
  expect(shifted(past, 1, nowMs).to).toBe(String(nowMs - 1_800_000));
  const nearly = { startMs: nowMs - 5_401_000, endMs: nowMs - 1_801_000 };
  expect(shifted(nearly, 1, nowMs)).toEqual({ from: "now-3600s", to: "now" });
});

test("follows() knows the ranges whose end moves", () => {
  for (const to of ["now", "now-5m", "now/d"]) expect(follows({ from: "now-1w", to })).toBe(true);
  for (const to of ["now-1d/d", "1", "2026-01-01"]) {
    expect(follows({ from: "now-1w", to })).toBe(false);
  }
});

test("windowOf() rounds in the zone of the range", () => {
  const now = Date.parse("2026-03-29T22:30:00Z");
  const range = { from: "now/d", to: "now", timeZone: "Europe/Berlin" };
  expect(windowOf(range, now)?.startMs).toBe(Date.parse("2026-03-29T22:00:00Z"));
  expect(windowOf(range, now, "utc")?.startMs).toBe(Date.parse("2026-03-29T00:00:00Z"));
});
