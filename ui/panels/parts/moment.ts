import { dateText } from "../../units/date_text.ts";
import { offsetOf } from "../../units/time_zones.ts";

/** "14:03:21" in a time zone. */
export function clockAt(ms: number, timeZone: string): string {
  return Number.isFinite(ms) ? dateText(ms, "HH:mm:ss", timeZone) : "";
}

/** "2026-01-31 14:03:21" in a time zone. */
export function momentAt(ms: number, timeZone: string): string {
  return Number.isFinite(ms) ? dateText(ms, "YYYY-MM-DD HH:mm:ss", timeZone) : "";
}

/** As short as a time axis of this length allows. */
export function axisMoment(ms: number, spanMs: number, timeZone: string): string {
  if (spanMs < 600_000) return dateText(ms, "HH:mm:ss", timeZone);
  if (spanMs < 86_400_000) return dateText(ms, "HH:mm", timeZone);
  if (spanMs < 4 * 86_400_000) return dateText(ms, "MM-DD HH:mm", timeZone);
  return dateText(ms, "YYYY-MM-DD", timeZone);
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const steps = [
  1_000,
  5_000,
  15_000,
  30_000,
  minuteMs,
  5 * minuteMs,
  15 * minuteMs,
  30 * minuteMs,
  hourMs,
  3 * hourMs,
  6 * hourMs,
  12 * hourMs,
  dayMs,
  2 * dayMs,
  7 * dayMs,
  14 * dayMs,
  30 * dayMs,
  90 * dayMs,
  365 * dayMs,
];

/** Round moments of the zone's clock within the range, at most `count` of them. */
export function axisTicks(
  startMs: number,
  endMs: number,
  count: number,
  timeZone: string,
): number[] {
  const spanMs = endMs - startMs;
  if (!(spanMs > 0) || count < 1) return [];
  const stepMs = steps.find((step) => spanMs / step <= count) ?? Math.ceil(spanMs / count);
  const shiftMs = offsetOf(startMs, timeZone) * minuteMs;
  const ticks: number[] = [];
  for (
    let at = Math.ceil((startMs + shiftMs) / stepMs) * stepMs - shiftMs;
    at <= endMs && ticks.length < count + 2;
    at += stepMs
  ) {
    ticks.push(at);
  }
  return ticks;
}
