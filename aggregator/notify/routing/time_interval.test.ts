import { expect, test } from "bun:test";
import { type TimeInterval, containsTime } from "./time_interval.ts";

const always: TimeInterval = {
  times: undefined,
  weekdays: undefined,
  daysOfMonth: undefined,
  months: undefined,
  years: undefined,
  location: "UTC",
};
const one = (begin: number, end = begin) => [{ begin, end }];
const holds = (interval: Partial<TimeInterval>, time: string) =>
  containsTime({ ...always, ...interval }, Date.parse(time));

test.each([
  ["no list at all", {}, "2026-11-25T10:00:00Z", true],
  ["the start of a time", { times: one(600, 660) }, "2026-11-25T10:00:00Z", true],
  ["not its end", { times: one(600, 660) }, "2026-11-25T11:00:00Z", false],
  ["the last minute of a day", { times: one(600, 1_440) }, "2026-11-25T23:59:59Z", true],
  ["Wednesday", { weekdays: one(1, 5) }, "2026-11-25T10:00:00Z", true],
  ["not Sunday", { weekdays: one(1, 5) }, "2026-11-29T10:00:00Z", false],
  ["Sunday as 0", { weekdays: one(0) }, "2026-11-29T10:00:00Z", true],
  ["the last day of the month", { daysOfMonth: one(-1) }, "2026-11-30T10:00:00Z", true],
  ["the last day of February", { daysOfMonth: one(-1) }, "2028-02-29T10:00:00Z", true],
  ["no 31st in a month of 30", { daysOfMonth: one(31) }, "2026-11-30T10:00:00Z", false],
  ["up to the 31st in a month of 30", { daysOfMonth: one(30, 31) }, "2026-11-30T10:00:00Z", true],
  ["the third last to the last", { daysOfMonth: one(-3, -1) }, "2026-11-28T10:00:00Z", true],
  ["not the fourth last", { daysOfMonth: one(-3, -1) }, "2026-11-27T10:00:00Z", false],
  ["a month", { months: one(11, 12) }, "2026-11-25T10:00:00Z", true],
  ["another year", { years: one(2027, 2030) }, "2026-11-25T10:00:00Z", false],
  ["all lists together", { months: one(11), weekdays: one(0) }, "2026-11-25T10:00:00Z", false],
])("an interval holds %s", (_, interval, time, expected) => {
  expect(holds(interval, time)).toBe(expected);
});

test("an interval follows its zone over a change to summer time", () => {
  const nights = { times: one(60, 180), location: "Europe/Berlin" };
  // 01:30 there, then 03:30: the hour between does not exist.
  expect(holds(nights, "2026-03-29T00:30:00Z")).toBe(true);
  expect(holds(nights, "2026-03-29T01:30:00Z")).toBe(false);
  // 02:30 there, twice.
  expect(holds(nights, "2026-10-25T00:30:00Z")).toBe(true);
  expect(holds(nights, "2026-10-25T01:30:00Z")).toBe(true);
  const halfHour = { times: one(9 * 60, 10 * 60), location: "Asia/Kathmandu" };
  expect(holds(halfHour, "2026-11-25T03:15:00Z")).toBe(true);
  expect(holds(halfHour, "2026-11-25T04:15:00Z")).toBe(false);
});
