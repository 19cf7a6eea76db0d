import {
  addDays,
  addHours,
  addMinutes,
  addMonths,
  addQuarters,
  addSeconds,
  addWeeks,
  addYears,
  endOfDay,
  endOfHour,
  endOfISOWeek,
  endOfMinute,
  endOfMonth,
  endOfQuarter,
  endOfSecond,
  endOfYear,
  startOfDay,
  startOfHour,
  startOfISOWeek,
  startOfMinute,
  startOfMonth,
  startOfQuarter,
  startOfSecond,
  startOfYear,
} from "date-fns";
import { browserZone, dateIn } from "../units/time_zones.ts";

/** Which end of a rounded unit a text means: "now/d" is the day's first moment as `from`, and its last as `to`. */
type End = "from" | "to";

type Step = {
  readonly add: (date: Date, amount: number) => Date;
  readonly start: (date: Date) => Date;
  readonly end: (date: Date) => Date;
};

/** Days and longer follow the calendar of the zone; weeks begin on Monday, so that a link means the same everywhere. */
const steps: Readonly<Record<string, Step>> = {
  s: { add: addSeconds, start: startOfSecond, end: endOfSecond },
  m: { add: addMinutes, start: startOfMinute, end: endOfMinute },
  h: { add: addHours, start: startOfHour, end: endOfHour },
  d: { add: addDays, start: startOfDay, end: endOfDay },
  w: { add: addWeeks, start: startOfISOWeek, end: endOfISOWeek },
  M: { add: addMonths, start: startOfMonth, end: endOfMonth },
  Q: { add: addQuarters, start: startOfQuarter, end: endOfQuarter },
  y: { add: addYears, start: startOfYear, end: endOfYear },
};

const relative = /^now((?:[+-](?:\d{1,9}[smhdwMQy])+|\/[smhdwMQy])*)$/;
const operation = /([+-])((?:\d{1,9}[smhdwMQy])+)|\/([smhdwMQy])/g;
const amount = /(\d+)([smhdwMQy])/g;
/** The longest text that is looked at. */
const textMax = 100;

/**
 * A moment in Unix milliseconds, or undefined where the text is none. Grafana's syntax: "now", "now-6h", "now-1d/d" (rounded in
 * the zone), Unix milliseconds, and ISO 8601 ("2026-03-29 02:30:00" in the zone, or with an offset).
 */
export function parseMoment(
  text: string,
  nowMs: number,
  end: End,
  zone: string = browserZone,
): number | undefined {
  if (text.length > textMax) return undefined;
  const moment = relativeMoment(text, nowMs, end, zone) ?? absoluteMoment(text, end, zone);
  return moment !== undefined && Number.isFinite(moment) ? moment : undefined;
}

function relativeMoment(text: string, nowMs: number, end: End, zone: string): number | undefined {
  const operations = relative.exec(text)?.[1];
  if (operations === undefined) return undefined;
  let at = dateIn(nowMs, zone);
  for (const [, sign, amounts = "", rounded] of operations.matchAll(operation)) {
    if (rounded !== undefined) {
      const step = steps[rounded];
      at = (end === "from" ? step?.start(at) : step?.end(at)) ?? at;
    }
    for (const [, count, unit = ""] of amounts.matchAll(amount)) {
      at = steps[unit]?.add(at, Number(count) * (sign === "-" ? -1 : 1)) ?? at;
    }
  }
  return at.getTime();
}

const compactDay = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2}))?$/;
const isoShape =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/;

function absoluteMoment(text: string, end: End, zone: string): number | undefined {
  const compact = compactDay.exec(text);
  if (compact !== null) return inZone(compact.slice(1), end, zone);
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const iso = isoShape.exec(text);
  if (iso === null) return undefined;
  const [fraction, offset] = iso.slice(7);
  const at = inZone(iso.slice(1, 7), end, offset === undefined ? zone : "utc");
  if (at === undefined) return undefined;
  return (
    at +
    (fraction === undefined ? 0 : Math.floor(Number(`0.${fraction}`) * 1_000)) -
    offsetMs(offset)
  );
}

/** A day alone means all of it; a time alone means its second. */
function inZone(
  parts: readonly (string | undefined)[],
  end: End,
  zone: string,
): number | undefined {
  const [year = 0, month = 0, day = 0, hours, minutes = 0, seconds = 0] = parts.map((part) =>
    part === undefined ? undefined : Number(part),
  );
  if (month < 1 || month > 12 || day < 1 || (hours ?? 0) > 23 || minutes > 59 || seconds > 59) {
    return undefined;
  }
  const at = dateIn(0, zone);
  at.setFullYear(year, month - 1, day);
  at.setHours(hours ?? 0, minutes, seconds, 0);
  // The 31st of February would have become a day in March.
  if (at.getDate() !== day) return undefined;
  return (hours === undefined && end === "to" ? endOfDay(at) : at).getTime();
}

function offsetMs(offset: string | undefined): number {
  if (offset === undefined || offset === "Z") return 0;
  const digits = offset.replace(":", "");
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (digits.startsWith("-") ? -minutes : minutes) * 60_000;
}

/** Whether the text is relative to the present. */
export function isRelative(text: string): boolean {
  return text.length <= textMax && relative.test(text);
}
