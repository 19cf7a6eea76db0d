import { TZDateMini, tzOffset } from "@date-fns/tz";

/** The zone of the machine that shows the page. Others are "utc" and names of the IANA list ("Europe/Berlin"). */
export const browserZone = "browser";

/** Whether the text names a zone that this browser knows. */
export function isTimeZone(zone: string): boolean {
  if (zone === browserZone || zone === "utc") return true;
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The IANA name behind a zone. */
export function zoneName(zone: string): string {
  if (zone === browserZone) return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return zone === "utc" ? "UTC" : zone;
}

/** A Date whose getters and setters speak of this zone, so that date-fns reckons in it; days of 23 and 25 hours included. */
export function dateIn(ms: number, zone: string = browserZone): Date {
  return zone === browserZone ? new Date(ms) : new TZDateMini(ms, zoneName(zone));
}

/** Zones change their clocks on full quarters of an hour: within one, the offset is the same. */
const quarterMs = 900_000;
const lastOffsets = new Map<string, { quarter: number; minutes: number }>();

/** Minutes that the zone is ahead of UTC at the moment; an unknown zone counts as the browser's. */
export function offsetOf(ms: number, zone: string = browserZone): number {
  if (zone === "utc" || zone === "UTC") return 0;
  if (zone === browserZone || zone === "") return -new Date(ms).getTimezoneOffset();
  // Asking Intl takes microseconds, and a list asks for hundreds of moments that lie close together.
  const quarter = Math.floor(ms / quarterMs);
  const last = lastOffsets.get(zone);
  if (last?.quarter === quarter) return last.minutes;
  const found = Math.round(tzOffset(zone, new Date(ms)));
  const minutes = Number.isNaN(found) ? -new Date(ms).getTimezoneOffset() : found;
  lastOffsets.set(zone, { quarter, minutes });
  return minutes;
}
