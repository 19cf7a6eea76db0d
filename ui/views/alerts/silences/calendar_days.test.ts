import { expect, test } from "bun:test";
import { calendarDays, entriesOn } from "./calendar_days.ts";

const nowMs = Date.parse("2026-03-18T23:30:00Z");

test("a month has six weeks from Monday in the page's zone", () => {
  const days = calendarDays(0, nowMs, "Europe/Berlin");
  expect(days).toHaveLength(42);
  expect(days[0]).toMatchObject({ date: 23, isInMonth: false });
  expect(days.filter(({ isInMonth }) => isInMonth)).toHaveLength(31);
  // It is the 19th in Berlin already.
  expect(days.filter(({ isToday }) => isToday).map(({ date }) => date)).toEqual([19]);
  expect(calendarDays(0, nowMs, "utc").find(({ isToday }) => isToday)?.date).toBe(18);
  // The day without an hour.
  const short = days.find(({ endMs, startMs }) => endMs - startMs === 23 * 3_600_000);
  expect(short?.date).toBe(29);
  expect(
    days.every(({ endMs }, i) => days[i + 1] === undefined || days[i + 1]?.startMs === endMs),
  ).toBe(true);
});

test("other months follow, also over the end of a year", () => {
  expect(calendarDays(-3, nowMs, "utc").filter(({ isInMonth }) => isInMonth)).toHaveLength(31);
  expect(calendarDays(-1, nowMs, "utc").filter(({ isInMonth }) => isInMonth)).toHaveLength(28);
});

test("a day has the entries that overlap it, in order", () => {
  const days = calendarDays(0, nowMs, "utc");
  const day = days.find(({ isToday }) => isToday);
  const entry = (key: string, from: number, to: number) => ({
    key,
    startMs: (day?.startMs ?? 0) + from * 3_600_000,
    endMs: (day?.startMs ?? 0) + to * 3_600_000,
  });
  const entries = [
    entry("late", 20, 30),
    entry("before", -5, 0),
    entry("long", -5, 40),
    entry("next", 24, 25),
  ];
  expect(day === undefined ? [] : entriesOn(day, entries).map(({ key }) => key)).toEqual([
    "long",
    "late",
  ]);
});
