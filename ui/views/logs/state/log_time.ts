import { dateText } from "../../../units/date_text.ts";
import { formatOffset } from "../../../units/format.ts";

/** "14:03:21.123" in a zone ("browser", "utc" or an IANA name). */
export function lineTime(timeMs: number, timeZone: string): string {
  return dateText(timeMs, "HH:mm:ss.SSS", timeZone);
}

/** With the day, all nine digits of a second and the zone. */
export function exactTime(ns: string, timeZone: string): string {
  const timeMs = Number(ns.slice(0, -6)) || 0;
  const nanos = ns.slice(-9).padStart(9, "0");
  return `${dateText(timeMs, "YYYY-MM-DD HH:mm:ss", timeZone)}.${nanos} ${formatOffset(timeMs, timeZone)}`;
}

export function dayOf(timeMs: number, timeZone: string): string {
  return dateText(timeMs, "YYYY-MM-DD", timeZone);
}
