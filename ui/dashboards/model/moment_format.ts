import { TZDate } from "@date-fns/tz";

/** Patterns as Grafana's users write them (those of Moment), and not those of date-fns: YYYY-MM-DD HH:mm:ss. */
const tokens =
  /\[([^\]]*)\]|Y{4}|YY|Q|M{1,4}|Do|D{1,4}|d{1,4}|E|H{1,2}|h{1,2}|k{1,2}|m{1,2}|s{1,2}|S{1,3}|A|a|Z{1,2}|X|x/g;
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
const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** A moment as `pattern` says, in a time zone: browser, utc or an IANA name. */
export function formatMoment(ms: number, pattern: string, timeZone: string): string {
  const date = dateIn(ms, timeZone);
  return pattern.replaceAll(tokens, (token: string, literal: string | undefined) =>
    literal === undefined ? (written(token, date, ms) ?? token) : literal,
  );
}

/** The parts of a moment as a Date whose getters tell the zone's time. An unknown zone is the browser's. */
function dateIn(ms: number, timeZone: string): Date {
  if (timeZone === "browser" || timeZone === "") return new Date(ms);
  const zoned = new TZDate(ms, timeZone === "utc" ? "UTC" : timeZone);
  return Number.isNaN(zoned.getTime()) ? new Date(ms) : zoned;
}

function written(token: string, date: Date, ms: number): string | undefined {
  const hour = date.getHours();
  switch (token) {
    case "YYYY":
      return String(date.getFullYear()).padStart(4, "0");
    case "YY":
      return two(date.getFullYear() % 100);
    case "Q":
      return String(Math.floor(date.getMonth() / 3) + 1);
    case "MMMM":
      return months[date.getMonth()];
    case "MMM":
      return months[date.getMonth()]?.slice(0, 3);
    case "MM":
    case "M":
      return padded(date.getMonth() + 1, token);
    case "DD":
    case "D":
      return padded(date.getDate(), token);
    case "Do":
      return `${date.getDate()}${ordinal(date.getDate())}`;
    case "DDD":
    case "DDDD":
      return dayOfYear(date).padStart(token.length === 4 ? 3 : 1, "0");
    case "dddd":
      return days[date.getDay()];
    case "ddd":
    case "dd":
      return days[date.getDay()]?.slice(0, token.length);
    case "d":
      return String(date.getDay());
    case "E":
      return String(date.getDay() === 0 ? 7 : date.getDay());
    case "HH":
    case "H":
      return padded(hour, token);
    case "hh":
    case "h":
      return padded(hour % 12 === 0 ? 12 : hour % 12, token);
    case "kk":
    case "k":
      return padded(hour === 0 ? 24 : hour, token);
    case "A":
      return hour < 12 ? "AM" : "PM";
    case "a":
      return hour < 12 ? "am" : "pm";
    default:
      return smaller(token, date, ms);
  }
}

function smaller(token: string, date: Date, ms: number): string | undefined {
  switch (token) {
    case "mm":
    case "m":
      return padded(date.getMinutes(), token);
    case "ss":
    case "s":
      return padded(date.getSeconds(), token);
    case "SSS":
    case "SS":
    case "S":
      return String(date.getMilliseconds()).padStart(3, "0").slice(0, token.length);
    case "Z":
      return offsetOf(date, ":");
    case "ZZ":
      return offsetOf(date, "");
    case "X":
      return String(Math.floor(ms / 1_000));
    case "x":
      return String(ms);
    default:
      return undefined;
  }
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function padded(value: number, token: string): string {
  return String(value).padStart(token.length, "0");
}

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return "th";
  return ["th", "st", "nd", "rd"][day % 10] ?? "th";
}

function dayOfYear(date: Date): string {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  const today = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return String((today - start) / 86_400_000 + 1);
}

function offsetOf(date: Date, separator: string): string {
  const minutes = -date.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}${separator}${two(size % 60)}`;
}
