/** Both ends belong to it. */
type Range = { readonly begin: number; readonly end: number };

/** Times for which routes are muted or active. Every list that is there must hold the time; in a list, any element. */
export type TimeInterval = {
  /** Minutes of the day; the end does not belong to it. */
  readonly times: readonly Range[] | undefined;
  /** Sunday is 0. */
  readonly weekdays: readonly Range[] | undefined;
  /** From 1; negative ones count from the end of the month. */
  readonly daysOfMonth: readonly Range[] | undefined;
  readonly months: readonly Range[] | undefined;
  readonly years: readonly Range[] | undefined;
  /** An IANA name. */
  readonly location: string;
};

/** Whether a moment (Unix milliseconds) lies in it (Alertmanager, timeinterval.go). */
export function containsTime(interval: TimeInterval, timeMs: number): boolean {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(timeMs)).toZonedDateTimeISO(
    interval.location,
  );
  const { times, weekdays, daysOfMonth, months, years } = interval;
  const minute = local.hour * 60 + local.minute;
  const weekday = local.dayOfWeek % 7;
  const { day, daysInMonth } = local;
  return (
    (times === undefined || times.some(({ begin, end }) => minute >= begin && minute < end)) &&
    (daysOfMonth === undefined || daysOfMonth.some((range) => hasDay(range, day, daysInMonth))) &&
    isIn(months, local.month) &&
    isIn(weekdays, weekday) &&
    isIn(years, local.year)
  );
}

function isIn(ranges: readonly Range[] | undefined, value: number): boolean {
  return ranges === undefined || ranges.some(({ begin, end }) => value >= begin && value <= end);
}

function hasDay(range: Range, day: number, daysInMonth: number): boolean {
  const [begin, end] = [range.begin, range.end].map((one) =>
    one < 0 ? daysInMonth + one + 1 : one,
  );
  if (begin === undefined || end === undefined || begin > daysInMonth) return false;
  return day >= begin && day <= Math.min(end, daysInMonth);
}
