import { assertNever } from "#shared/assert.ts";
import type {
  RecurrenceDays,
  RecurringDraft,
  RecurringRow,
} from "../../../client/alerts/recurring.ts";
import { parseMoment } from "../../../state/moment.ts";
import { formatDateTime } from "../../../units/format.ts";
import { isDuration, readDays } from "./recurrence_words.ts";
import { matchersText, silenceMatchers } from "./silence_draft.ts";

/** What stands in the fields of the form. */
export type RecurringFields = {
  readonly matchers: string;
  readonly every: RecurrenceDays["every"];
  readonly weekdays: readonly number[];
  readonly monthDays: string;
  readonly at: string;
  readonly duration: string;
  readonly timeZone: string;
  readonly until: string;
  readonly createdBy: string;
  readonly comment: string;
};

const sunday = 7;

export function newRecurring(timeZone: string, createdBy: string): RecurringFields {
  return {
    matchers: "",
    every: "week",
    weekdays: [sunday],
    monthDays: "1",
    at: "02:00",
    duration: "2h",
    timeZone,
    until: "",
    createdBy,
    comment: "",
  };
}

/** The fields of a recurring silence that is there. */
export function recurringFields(row: RecurringRow): RecurringFields {
  const { days, at, duration, timeZone, until, createdBy, comment } = row;
  const first = newRecurring(timeZone, createdBy);
  return {
    ...first,
    ...dayFields(days),
    matchers: matchersText(row.matchers),
    at,
    duration,
    until: until === null ? "" : formatDateTime(Date.parse(until), timeZone),
    comment,
  };
}

function dayFields(days: RecurrenceDays): Partial<RecurringFields> {
  switch (days.every) {
    case "day":
      return { every: "day" };
    case "week":
      return { every: "week", weekdays: days.weekdays };
    case "month":
      return { every: "month", monthDays: days.days.join(", ") };
    default:
      return assertNever(days);
  }
}

/** What the fields mean, or the first thing that is wrong with them. */
export function readRecurring(
  fields: RecurringFields,
  nowMs: number,
): { readonly draft: Omit<RecurringDraft, "id"> } | { readonly fault: string } {
  const { at, duration, timeZone, until, createdBy, comment } = fields;
  const read = silenceMatchers(fields.matchers);
  if ("fault" in read) return { fault: `Matchers: ${read.fault}` };
  const days = daysOf(fields);
  if (typeof days === "string") return { fault: days };
  if (!/^\d\d:\d\d$/.test(at)) return { fault: `At ${JSON.stringify(at)}: expected a time of day` };
  if (!isDuration(duration))
    return { fault: `For ${JSON.stringify(duration)}: expected a duration of 1m to 72h` };
  const untilMs =
    until.trim() === "" ? undefined : parseMoment(until.trim(), nowMs, "to", timeZone);
  if (until.trim() !== "" && untilMs === undefined)
    return { fault: `Until ${JSON.stringify(until)}: expected a date such as 2027-01-31` };
  if (createdBy === "") return { fault: "Your name is missing" };
  if (comment === "") return { fault: "The comment is missing" };
  const untilText = untilMs === undefined ? null : new Date(untilMs).toISOString();
  const terms = { at, duration: duration.trim(), timeZone, until: untilText, createdBy, comment };
  return { draft: { matchers: read.matchers, days, ...terms } };
}

/** Or what is wrong with them. */
function daysOf({ every, weekdays, monthDays }: RecurringFields): RecurrenceDays | string {
  switch (every) {
    case "day":
      return { every };
    case "week":
      return weekdays.length === 0 ? "Weekdays: expected at least one" : { every, weekdays };
    case "month": {
      const days = readDays(monthDays);
      const text = JSON.stringify(monthDays);
      return days === undefined
        ? `Days of the month ${text}: expected 1 to 31, or -1 to -31 from the end`
        : { every, days };
    }
    default:
      return assertNever(every);
  }
}
