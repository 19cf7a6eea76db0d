import { z } from "zod";
import type { TimeInterval } from "../routing/time_interval.ts";
import { scalarText } from "./route_schema.ts";

const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
const months = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

type Range = { readonly begin: number; readonly end: number };
type Member = (text: string) => number | undefined;

/** `monday`, or `monday:friday`. `fault` gives what is wrong with a range whose ends can be read. */
function range(what: string, member: Member, fault: (range: Range) => string | undefined) {
  return scalarText.transform((text, context): Range => {
    const parts = text.toLowerCase().split(":");
    const [begin, end] = [parts[0], parts[1] ?? parts[0]].map((part) => member(part ?? ""));
    const refuse = (message: string): never => {
      context.addIssue({ code: "custom", message, input: text });
      return z.NEVER;
    };
    if (begin === undefined || end === undefined || parts.length > 2)
      return refuse(`invalid ${what} ${JSON.stringify(text)}`);
    const wrong = fault({ begin, end });
    return wrong === undefined ? { begin, end } : refuse(wrong);
  });
}

const ordered =
  (what: string) =>
  ({ begin, end }: Range) =>
    begin > end ? `the end of the ${what} is before its start` : undefined;

const whole: Member = (text) => (/^-?\d+$/.test(text.trim()) ? Number(text) : undefined);

const Weekday = range(
  "weekday: expected a name such as monday, or a range such as monday:friday",
  (text) => {
    const place = weekdays.indexOf(text);
    return place < 0 ? undefined : place;
  },
  ordered("weekdays (the week starts on sunday)"),
);

const Month = range(
  "month: expected a name, a number of 1 to 12, or a range such as may:august",
  (text) => {
    const place = months.indexOf(text);
    if (place >= 0) return place + 1;
    const number = whole(text);
    return number !== undefined && number >= 1 && number <= 12 ? number : undefined;
  },
  ordered("months"),
);

const Year = range(
  "year: expected a number, or a range such as 2026:2028",
  whole,
  ordered("years"),
);

const DayOfMonth = range(
  "day of the month: expected a number of 1 to 31 or -31 to -1, or a range such as 1:5",
  (text) => {
    const day = whole(text);
    return day !== undefined && day !== 0 && Math.abs(day) <= 31 ? day : undefined;
  },
  ({ begin, end }) => {
    if (begin < 0 && end > 0) return "the end day must be negative where the start day is";
    const [first, last] = [begin, end].map((day) => (day < 0 ? 28 + day : day));
    if ((first ?? 0) > (last ?? 0))
      return `the end day ${end} is always before the start day ${begin}`;
    return undefined;
  },
);

/** Minutes of the day. `24:00` is the end of a day. */
const Clock = z.string().transform((text, context): number => {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (text === "24:00") return 24 * 60;
  if (hour !== undefined && minute !== undefined) return Number(hour) * 60 + Number(minute);
  const message = `invalid time ${JSON.stringify(text)}: expected HH:MM, 00:00 to 24:00`;
  context.addIssue({ code: "custom", message, input: text });
  return z.NEVER;
});

const Times = z
  .strictObject({ start_time: Clock, end_time: Clock })
  .refine(({ start_time: start, end_time: end }) => start < end, {
    error: "the start time must be before the end time: use two ranges to go past midnight",
  })
  .transform(({ start_time: begin, end_time: end }) => ({ begin, end }));

const Location = z.string().transform((text, context): string => {
  if (text === "" || text === "UTC") return "UTC";
  if (text === "Local") return Intl.DateTimeFormat().resolvedOptions().timeZone;
  try {
    return Intl.DateTimeFormat("en", { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    const message = `unknown time zone ${JSON.stringify(text)}: expected an IANA name such as Europe/Berlin`;
    context.addIssue({ code: "custom", message, input: text });
    return z.NEVER;
  }
});

const Interval = z
  .strictObject({
    times: z.array(Times).nullish(),
    weekdays: z.array(Weekday).nullish(),
    days_of_month: z.array(DayOfMonth).nullish(),
    months: z.array(Month).nullish(),
    years: z.array(Year).nullish(),
    location: Location.default("UTC"),
  })
  .transform((interval): TimeInterval => ({
    times: interval.times ?? undefined,
    weekdays: interval.weekdays ?? undefined,
    daysOfMonth: interval.days_of_month ?? undefined,
    months: interval.months ?? undefined,
    years: interval.years ?? undefined,
    location: interval.location,
  }));

/** An element of `time_intervals` and `mute_time_intervals`. */
export const NamedIntervalSchema = z.strictObject({
  name: scalarText.refine((name) => name !== "", { error: "must not be empty" }),
  time_intervals: z.array(Interval).nullish(),
});
