import { offsetOf } from "./time_zones.ts";

/** The parts of a moment in a time zone, as numbers: month from 1, weekday from 0 for Sunday. */
export type DateParts = {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
  /** Minutes east of UTC. */
  readonly offsetMin: number;
};

/** `timeZone` is "browser", "utc" or an IANA name; an unknown name counts as the browser's. */
function datePartsOf(ms: number, timeZone: string): DateParts {
  const offsetMin = offsetOf(ms, timeZone);
  const at = new Date(ms + offsetMin * 60_000);
  return {
    year: at.getUTCFullYear(),
    month: at.getUTCMonth() + 1,
    day: at.getUTCDate(),
    weekday: at.getUTCDay(),
    hour: at.getUTCHours(),
    minute: at.getUTCMinutes(),
    second: at.getUTCSeconds(),
    ms: at.getUTCMilliseconds(),
    offsetMin,
  };
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const token =
  /\[([^\]]*)\]|YYYY|YY|Q|M{1,4}|Do|D{1,4}|d{1,4}|E|HH?|hh?|kk?|mm?|ss?|S{1,3}|A|a|ZZ?|X|x/g;

/** A moment by a pattern of moment.js: "YYYY-MM-DD HH:mm:ss". What it does not know stands as it is. */
export function dateText(ms: number, pattern: string, timeZone: string): string {
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return "–";
  const at = datePartsOf(ms, timeZone);
  return pattern.replace(token, (found, literal: string | undefined) =>
    literal === undefined ? (written[found]?.(at, ms) ?? found) : literal,
  );
}

const pad = (value: number, length = 2): string => String(value).padStart(length, "0");
const hour12 = ({ hour }: DateParts): number => (hour % 12 === 0 ? 12 : hour % 12);

/** By token, so that a text costs what its pattern asks for and no more. */
const written: Readonly<Record<string, (at: DateParts, ms: number) => string>> = {
  YYYY: ({ year }) => pad(year, 4),
  YY: ({ year }) => pad(year % 100),
  MMMM: ({ month }) => months[month - 1] ?? "",
  MMM: ({ month }) => (months[month - 1] ?? "").slice(0, 3),
  MM: ({ month }) => pad(month),
  M: ({ month }) => String(month),
  Q: ({ month }) => String(Math.ceil(month / 3)),
  DDDD: (at) => pad(dayOfYear(at), 3),
  DDD: (at) => String(dayOfYear(at)),
  DD: ({ day }) => pad(day),
  Do: ({ day }) => `${day}${ordinal(day)}`,
  D: ({ day }) => String(day),
  dddd: ({ weekday }) => weekdays[weekday] ?? "",
  ddd: ({ weekday }) => (weekdays[weekday] ?? "").slice(0, 3),
  dd: ({ weekday }) => (weekdays[weekday] ?? "").slice(0, 2),
  d: ({ weekday }) => String(weekday),
  E: ({ weekday }) => String(weekday === 0 ? 7 : weekday),
  HH: ({ hour }) => pad(hour),
  H: ({ hour }) => String(hour),
  hh: (at) => pad(hour12(at)),
  h: (at) => String(hour12(at)),
  kk: ({ hour }) => pad(hour === 0 ? 24 : hour),
  k: ({ hour }) => String(hour === 0 ? 24 : hour),
  mm: ({ minute }) => pad(minute),
  m: ({ minute }) => String(minute),
  ss: ({ second }) => pad(second),
  s: ({ second }) => String(second),
  SSS: ({ ms }) => pad(ms, 3),
  SS: ({ ms }) => pad(ms, 3).slice(0, 2),
  S: ({ ms }) => pad(ms, 3).slice(0, 1),
  A: ({ hour }) => (hour < 12 ? "AM" : "PM"),
  a: ({ hour }) => (hour < 12 ? "am" : "pm"),
  Z: ({ offsetMin }) => offsetText(offsetMin, ":"),
  ZZ: ({ offsetMin }) => offsetText(offsetMin, ""),
  X: (_at, ms) => String(Math.floor(ms / 1_000)),
  x: (_at, ms) => String(ms),
};

function dayOfYear({ year, month, day }: DateParts): number {
  return (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 0)) / 86_400_000;
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}

function offsetText(minutes: number, separator: string): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${pad(Math.trunc(size / 60))}${separator}${pad(size % 60)}`;
}

/** The same, leaving out what is of today. */
export function dateTextToday(
  ms: number,
  nowMs: number,
  pattern: string,
  timePattern: string,
  timeZone: string,
): string {
  const day = "YYYY-MM-DD";
  const isToday = dateText(ms, day, timeZone) === dateText(nowMs, day, timeZone);
  return dateText(ms, isToday ? timePattern : pattern, timeZone);
}

/** "3 min ago", "in 2 h". */
export function fromNowText(ms: number, nowMs: number): string {
  const size = Math.abs(ms - nowMs);
  const [count, unit] =
    size < 60_000
      ? [size / 1_000, "s"]
      : size < 3_600_000
        ? [size / 60_000, "min"]
        : size < 86_400_000
          ? [size / 3_600_000, "h"]
          : [size / 86_400_000, "d"];
  const span = `${Math.round(count)} ${unit}`;
  return ms > nowMs ? `in ${span}` : `${span} ago`;
}
