import { assertNever } from "#shared/assert.ts";
import type { AlertMatcher } from "../routing/matcher.ts";

/** On which days of a time zone a window begins. */
export type RecurrenceDays =
  | { readonly every: "day" }
  | {
      readonly every: "week";
      /** 1 for Monday to 7 for Sunday. */
      readonly weekdays: readonly number[];
    }
  | {
      readonly every: "month";
      /** From 1; negative ones count from the end. A month without the day has none. */
      readonly days: readonly number[];
    };

/** A silence that recurs, such as each Sunday night. */
export type Recurrence = {
  readonly id: string;
  readonly days: RecurrenceDays;
  /** Minute of the day at which an occurrence begins, in local time of the zone. */
  readonly startMinute: number;
  readonly durationMs: number;
  /** An IANA name. */
  readonly timeZone: string;
  /** No occurrence begins from then on; undefined for no end. Unix milliseconds. */
  readonly untilMs: number | undefined;
  readonly matchers: readonly AlertMatcher[];
  readonly createdBy: string;
  readonly comment: string;
  readonly updatedAtMs: number;
  /** Start of the last occurrence that became a silence since the last change; undefined before the first. Unix milliseconds. */
  readonly madeMs: number | undefined;
};

/** One window: Unix milliseconds, without the end. */
export type Occurrence = { readonly startMs: number; readonly endMs: number };

/** The occurrences that overlap a span, in order. Takes time for each day of the span: keep it to a few years. */
export function occurrencesIn(
  recurrence: Recurrence,
  span: { readonly startMs: number; readonly endMs: number },
): Occurrence[] {
  const { durationMs, timeZone, untilMs = Infinity } = recurrence;
  const found: Occurrence[] = [];
  const last = dateOf(span.endMs, timeZone).add({ days: 1 });
  // One that began before the span may last into it.
  let date = dateOf(span.startMs - durationMs, timeZone).subtract({ days: 1 });
  for (; Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    if (!hasDay(recurrence.days, date)) continue;
    const startMs = startOn(date, recurrence);
    const endMs = startMs + durationMs;
    if (startMs < span.endMs && endMs > span.startMs && startMs < untilMs)
      found.push({ startMs, endMs });
  }
  return found;
}

function dateOf(timeMs: number, timeZone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(timeMs))
    .toZonedDateTimeISO(timeZone)
    .toPlainDate();
}

function hasDay(days: RecurrenceDays, date: Temporal.PlainDate): boolean {
  switch (days.every) {
    case "day":
      return true;
    case "week":
      return days.weekdays.includes(date.dayOfWeek);
    case "month":
      return days.days.some((day) => (day < 0 ? date.daysInMonth + day + 1 : day) === date.day);
    default:
      return assertNever(days);
  }
}

/** A local time that does not exist becomes the first instant after it; one that occurs twice, its first occurrence. */
function startOn(
  date: Temporal.PlainDate,
  { startMinute, timeZone }: Pick<Recurrence, "startMinute" | "timeZone">,
): number {
  const [hour, minute] = [Math.floor(startMinute / 60), startMinute % 60];
  const zoned = date.toPlainDateTime({ hour, minute }).toZonedDateTime(timeZone);
  const isThere = zoned.hour === hour && zoned.minute === minute;
  const first = isThere ? zoned : (zoned.getTimeZoneTransition("previous") ?? zoned);
  return first.epochMilliseconds;
}
