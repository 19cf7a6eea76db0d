import { expect, test } from "bun:test";
import { formatDateTime, formatExact, formatMoment } from "../units/format.ts";
import { tickText } from "./time_axis.ts";

const beforeChangeMs = Date.UTC(2026, 2, 29, 0, 59, 59, 7);
const afterChangeMs = Date.UTC(2026, 2, 29, 1, 0, 0);

test("moments are of the zone, on both sides of a change of clocks and half an hour off", () => {
  expect(formatExact(beforeChangeMs, "Europe/Berlin")).toBe("2026-03-29 01:59:59.007 +01:00");
  expect(formatExact(afterChangeMs, "Europe/Berlin")).toBe("2026-03-29 03:00:00.000 +02:00");
  expect(formatExact(beforeChangeMs, "America/St_Johns")).toBe("2026-03-28 22:29:59.007 −02:30");
  expect(formatDateTime(beforeChangeMs, "Asia/Kathmandu")).toBe("2026-03-29 06:44:59");
  expect(formatMoment(beforeChangeMs, afterChangeMs, "utc")).toBe("00:59:59");
  expect(formatExact(Number.NaN, "utc")).toBe("–");
});

test("ticks are of the zone, and name the day at its midnight", () => {
  const midnightInTokyo = Date.UTC(2026, 10, 21, 15);
  expect(tickText(midnightInTokyo, 3_600_000, "Asia/Tokyo")).toBe("11-22");
  expect(tickText(midnightInTokyo, 3_600_000, "utc")).toBe("15:00");
  expect(tickText(midnightInTokyo, 1_000, "utc")).toBe("15:00:00");
  expect(tickText(midnightInTokyo, 86_400_000, "utc")).toBe("11-21");
  expect(tickText(midnightInTokyo, 31 * 86_400_000, "Asia/Tokyo")).toBe("2026-11");
});
