import { addDays, addMonths, getDate, startOfDay, startOfISOWeek, startOfMonth } from "date-fns";
import { dateIn } from "../../../units/time_zones.ts";

/** A day of a calendar, from its first moment to that of the next day: 23 to 25 hours. Unix milliseconds. */
export type CalendarDay = {
  readonly startMs: number;
  readonly endMs: number;
  readonly date: number;
  readonly isInMonth: boolean;
  readonly isToday: boolean;
};

/** What happens in a span. */
export type CalendarEntry = {
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
};

const weeks = 6;

/** The six weeks, from Monday, that hold a month: `monthsOn` from the present one. */
export function calendarDays(
  monthsOn: number,
  nowMs: number,
  zone: string,
): readonly CalendarDay[] {
  const month = startOfMonth(addMonths(startOfMonth(dateIn(nowMs, zone)), monthsOn));
  const nextMs = startOfMonth(addMonths(month, 1)).getTime();
  const first = startOfISOWeek(month);
  const todayMs = startOfDay(dateIn(nowMs, zone)).getTime();
  return Array.from({ length: weeks * 7 }, (_, i) => {
    const day = startOfDay(addDays(first, i));
    const startMs = day.getTime();
    return {
      startMs,
      endMs: startOfDay(addDays(first, i + 1)).getTime(),
      date: getDate(day),
      isInMonth: startMs >= month.getTime() && startMs < nextMs,
      isToday: startMs === todayMs,
    };
  });
}

/** The entries of a day, the earliest first. */
export function entriesOn<Entry extends CalendarEntry>(
  day: CalendarDay,
  entries: readonly Entry[],
): readonly Entry[] {
  return entries
    .filter(({ startMs, endMs }) => startMs < day.endMs && endMs > day.startMs)
    .toSorted((a, b) => a.startMs - b.startMs);
}
