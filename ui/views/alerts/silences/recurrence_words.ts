import { assertNever } from "#shared/assert.ts";
import { parseDuration } from "#shared/text/duration.ts";
import type { RecurrenceDays, RecurringDraft } from "../../../client/alerts/recurring.ts";

export const weekdayNames = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;

/** "Wed and Sun at 02:30 for 2h (Europe/Berlin)". */
export function recurrenceWords({
  days,
  at,
  duration,
  timeZone,
}: Pick<RecurringDraft, "days" | "at" | "duration" | "timeZone">): string {
  return `${daysWords(days)} at ${at} for ${duration} (${timeZone})`;
}

function daysWords(days: RecurrenceDays): string {
  switch (days.every) {
    case "day":
      return "Every day";
    case "week":
      return joined(
        days.weekdays.toSorted((a, b) => a - b).map((day) => weekdayNames[day - 1] ?? ""),
      );
    case "month":
      return `Day ${joined(days.days.toSorted(byPlace).map(dayWord))} of the month`;
    default:
      return assertNever(days);
  }
}

/** Days from the end come last. */
function byPlace(a: number, b: number): number {
  return a > 0 === b > 0 ? a - b : b - a;
}

function dayWord(day: number): string {
  if (day > 0) return String(day);
  return day === -1 ? "last" : `${-day} from the end`;
}

function joined(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** Days of a month from a text such as "1, 15, -1"; undefined where it is none. */
export function readDays(text: string): readonly number[] | undefined {
  const days = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const areGood = days.every((day) => Number.isInteger(day) && day !== 0 && Math.abs(day) <= 31);
  return areGood ? days : undefined;
}

/** The aggregator refuses longer windows. */
const durationMaxMs = 72 * 3_600_000;

/** Whether a text is a length that a window may have, such as "2h". */
export function isDuration(text: string): boolean {
  const ms = parseDuration(text.trim()) ?? 0;
  return ms >= 60_000 && ms <= durationMaxMs;
}
