import { expect, test } from "bun:test";
import type { RecurringRow } from "../../../client/alerts/recurring.ts";
import {
  newRecurring,
  readRecurring,
  recurringFields,
  type RecurringFields,
} from "./recurring_fields.ts";

const nowMs = Date.parse("2026-11-25T00:00:00Z");
const filled: RecurringFields = {
  ...newRecurring("Europe/Berlin", "ada"),
  matchers: 'host=~"db.*"',
  comment: "backup",
};

test("fields become a recurring silence", () => {
  expect(readRecurring(filled, nowMs)).toEqual({
    draft: {
      matchers: [{ name: "host", value: "db.*", isRegex: true, isEqual: true }],
      days: { every: "week", weekdays: [7] },
      at: "02:00",
      duration: "2h",
      timeZone: "Europe/Berlin",
      until: null,
      createdBy: "ada",
      comment: "backup",
    },
  });
});

test("the end is a time of the silence's own zone, and the fields of a stored one read the same", () => {
  const read = readRecurring(
    { ...filled, every: "month", monthDays: "1, -1", until: "2027-01-31 12:00:00" },
    nowMs,
  );
  if (!("draft" in read)) throw new Error(read.fault);
  expect(read.draft.until?.slice(0, 16)).toBe("2027-01-31T11:00");
  const row: RecurringRow = { ...read.draft, id: "r", occurrences: [] };
  const again = readRecurring(recurringFields(row), nowMs);
  expect("draft" in again && again.draft).toMatchObject({
    days: { every: "month", days: [1, -1] },
    matchers: read.draft.matchers,
    at: "02:00",
  });
  expect("draft" in again && again.draft.until?.slice(0, 19)).toBe("2027-01-31T11:00:00");
});

test.each<[Partial<RecurringFields>, string]>([
  [{ matchers: "" }, "Matchers: expected at least one matcher"],
  [{ weekdays: [] }, "Weekdays: expected at least one"],
  [{ every: "month", monthDays: "32" }, 'Days of the month "32": expected 1 to 31'],
  [{ at: "" }, 'At "": expected a time of day'],
  [{ duration: "5 d" }, 'For "5 d": expected a duration of 1m to 72h'],
  [{ until: "soon" }, 'Until "soon": expected a date'],
  [{ comment: "" }, "The comment is missing"],
  [{ createdBy: "" }, "Your name is missing"],
])("%j is refused: %s", (part, fault) => {
  const read = readRecurring({ ...filled, ...part }, nowMs);
  expect("fault" in read ? read.fault : "").toContain(fault);
});
