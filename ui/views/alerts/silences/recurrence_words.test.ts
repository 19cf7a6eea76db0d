import { expect, test } from "bun:test";
import type { RecurrenceDays } from "../../../client/alerts/recurring.ts";
import { isDuration, readDays, recurrenceWords } from "./recurrence_words.ts";

const rest = { at: "02:30", duration: "2h", timeZone: "UTC" };
test.each<[RecurrenceDays, string]>([
  [{ every: "week", weekdays: [7, 3] }, "Wed and Sun at 02:30 for 2h (UTC)"],
  [{ every: "day" }, "Every day at 02:30 for 2h (UTC)"],
  [{ every: "month", days: [15, -1, 1] }, "Day 1, 15 and last of the month at 02:30 for 2h (UTC)"],
  [{ every: "month", days: [-2] }, "Day 2 from the end of the month at 02:30 for 2h (UTC)"],
])("%j reads %j", (days, words) => {
  expect(recurrenceWords({ days, ...rest })).toBe(words);
});

test("days of a month and durations are checked", () => {
  expect(readDays(" 1, 15,-1")).toEqual([1, 15, -1]);
  for (const text of ["", "0", "32", "a", "1,,2", "1.5"]) expect(readDays(text)).toBeUndefined();
  expect([isDuration("90m"), isDuration("80h"), isDuration("30s"), isDuration("x")]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});
