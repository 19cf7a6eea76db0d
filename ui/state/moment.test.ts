import { describe, expect, test } from "bun:test";
import { parseMoment } from "./moment.ts";

const berlin = "Europe/Berlin";
/** The clocks of Berlin go forward at 02:00 on 2026-03-29, which has 23 hours. */
const afterChange = Date.parse("2026-03-29T10:30:15.250Z");

const at = (text: string, end: "from" | "to" = "from", zone = "utc", nowMs = afterChange) => {
  const ms = parseMoment(text, nowMs, end, zone);
  return ms === undefined ? undefined : new Date(ms).toISOString();
};

describe("parseMoment()", () => {
  test.each([
    ["now", "2026-03-29T10:30:15.250Z"],
    ["now-15m", "2026-03-29T10:15:15.250Z"],
    ["now+1h", "2026-03-29T11:30:15.250Z"],
    ["now-1h30m", "2026-03-29T09:00:15.250Z"],
    ["now-1d+2h", "2026-03-28T12:30:15.250Z"],
    ["now/d", "2026-03-29T00:00:00.000Z"],
    ["now-1d/d", "2026-03-28T00:00:00.000Z"],
    ["now/d-1h", "2026-03-28T23:00:00.000Z"],
    ["now/w", "2026-03-23T00:00:00.000Z"],
    ["now-1M/M", "2026-02-01T00:00:00.000Z"],
    ["now/Q", "2026-01-01T00:00:00.000Z"],
    ["now-1y/y", "2025-01-01T00:00:00.000Z"],
    ["1600000000000", "2020-09-13T12:26:40.000Z"],
    ["2026-03-01", "2026-03-01T00:00:00.000Z"],
    ["2026-03-01 12:30", "2026-03-01T12:30:00.000Z"],
    ["2026-03-01T12:30:01.5Z", "2026-03-01T12:30:01.500Z"],
    ["2026-03-01T12:30:00+02:00", "2026-03-01T10:30:00.000Z"],
    ["20260301T123000", "2026-03-01T12:30:00.000Z"],
    ["20260301", "2026-03-01T00:00:00.000Z"],
  ])("reads %p", (text, expected) => {
    expect(at(text)).toBe(expected);
  });

  test("rounds the end of a range up to the last moment of the unit", () => {
    expect(at("now/d", "to")).toBe("2026-03-29T23:59:59.999Z");
    expect(at("now-1w/w", "to")).toBe("2026-03-22T23:59:59.999Z");
    expect(at("2026-03-01", "to")).toBe("2026-03-01T23:59:59.999Z");
  });

  test("counts days by the zone's calendar and hours by the clock, across a change of clocks", () => {
    expect(at("now/d", "from", berlin)).toBe("2026-03-28T23:00:00.000Z");
    expect(at("now/d", "to", berlin)).toBe("2026-03-29T21:59:59.999Z");
    // A day before 12:30 of summer time is 12:30 of winter time, 23 hours ago.
    expect(at("now-1d", "from", berlin)).toBe("2026-03-28T11:30:15.250Z");
    expect(at("now-24h", "from", berlin)).toBe("2026-03-28T10:30:15.250Z");
    // 02:30 did not exist that night; it means an hour later.
    expect(at("2026-03-29 02:30:00", "from", berlin)).toBe("2026-03-29T01:30:00.000Z");
    expect(at("2026-03-29 03:30:00", "from", berlin)).toBe("2026-03-29T01:30:00.000Z");
    expect(at("now/d", "from", "Asia/Kathmandu")).toBe("2026-03-28T18:15:00.000Z");
  });

  test.each([
    ["yesterday"],
    ["now-15"],
    ["now-1x"],
    ["now-1fQ/fQ"],
    ["now-"],
    ["now/"],
    ["NOW"],
    ["2026-02-30"],
    ["2026-13-01"],
    ["2026-03-01 25:00"],
    ["1e99"],
    [""],
    ["now-999999999y"],
  ])("refuses %p", (text) => {
    expect(at(text)).toBeUndefined();
  });

  test("refuses a sum without end", () => {
    expect(at(`now${"-1d".repeat(1_000)}`)).toBeUndefined();
  });
});
