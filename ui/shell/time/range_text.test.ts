import { expect, test } from "bun:test";
import { absoluteEnds, rangeFaults, rangeFromText, rangeToText } from "./range_text.ts";

const nowMs = Date.parse("2026-03-29T10:30:00Z");

test("a copied range is read back, and so is Grafana's", () => {
  const range = { from: "now-6h", to: "now" };
  expect(rangeFromText(rangeToText(range), nowMs, "utc")).toEqual(range);
  const grafana = `{"from":"2026-03-29 08:00:00","to":"2026-03-29 09:00:00"}`;
  expect(rangeFromText(grafana, nowMs, "utc")).toEqual({
    from: String(Date.parse("2026-03-29T08:00:00Z")),
    to: String(Date.parse("2026-03-29T09:00:00Z")),
  });
  expect(rangeFromText("now-1d/d to now", nowMs, "utc")).toEqual({ from: "now-1d/d", to: "now" });
});

test.each([["{}"], ["hello"], [`{"from":"now","to":"now-1h"}`], [`{"from":1,"to":2}`], [""]])(
  "rangeFromText() refuses %p",
  (text) => {
    expect(rangeFromText(text, nowMs, "utc")).toBeUndefined();
  },
);

test("absoluteEnds() pins dates to the zone, a day alone to its whole, and leaves relative ends", () => {
  expect(absoluteEnds({ from: "2026-03-29", to: "2026-03-29" }, nowMs, "Europe/Berlin")).toEqual({
    from: String(Date.parse("2026-03-28T23:00:00Z")),
    to: String(Date.parse("2026-03-29T21:59:59.999Z")),
  });
  expect(absoluteEnds({ from: " now-1h ", to: "now" }, nowMs, "utc").from).toBe("now-1h");
});

test("rangeFaults() names the value and what was expected", () => {
  expect(rangeFaults({ from: "yesterdy", to: "now" }, nowMs, "utc").from).toContain('"yesterdy"');
  expect(rangeFaults({ from: "now-1h", to: "" }, nowMs, "utc").to).toContain("nothing is no time");
  expect(rangeFaults({ from: "now", to: "now-1h" }, nowMs, "utc").to).toContain("ends before");
  expect(rangeFaults({ from: "1970-01-01", to: "now" }, nowMs, "utc").to).toContain("10 years");
  expect(rangeFaults({ from: "now-1h", to: "now" }, nowMs, "utc")).toEqual({});
});
