import { isRelative, parseMoment } from "./moment.ts";

/** What the URL says about time: `from` and `to` as parseMoment() reads them, in a zone where they need one. */
export type TimeRange = {
  readonly from: string;
  readonly to: string;
  readonly timeZone?: string;
};

/** A range at one moment, in Unix milliseconds. */
export type Window = { readonly startMs: number; readonly endMs: number };

export const defaultRange: TimeRange = { from: "now-15m", to: "now" };

/** Milliseconds between refreshes by the name in the URL; live is as often as samples can matter. */
const refreshMs: Readonly<Record<string, number>> = {
  off: 0,
  live: 2_000,
  "5s": 5_000,
  "10s": 10_000,
  "15s": 15_000,
  "30s": 30_000,
  "1m": 60_000,
  "5m": 300_000,
  "15m": 900_000,
  "30m": 1_800_000,
  "1h": 3_600_000,
  "2h": 7_200_000,
  "1d": 86_400_000,
};
export const refreshNames = Object.keys(refreshMs);
export const defaultRefresh = "live";

const rangeMinMs = 1_000;
const rangeMaxMs = 3_660 * 86_400_000;
const stepsSeconds = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
];

/** The range in Unix milliseconds, or undefined where the text is none. */
export function windowOf(
  range: TimeRange,
  nowMs: number,
  timeZone: string | undefined = range.timeZone,
): Window | undefined {
  const startMs = parseMoment(range.from, nowMs, "from", timeZone);
  const endMs = parseMoment(range.to, nowMs, "to", timeZone);
  if (startMs === undefined || endMs === undefined) return undefined;
  const spanMs = endMs - startMs;
  return spanMs >= rangeMinMs && spanMs <= rangeMaxMs ? { startMs, endMs } : undefined;
}

/** Whether the range ends at the present or in the unit it lies in ("now/d"), and so moves. */
export function follows({ to }: TimeRange): boolean {
  return isRelative(to) && (!to.includes("/") || /^now\/\w$/.test(to));
}

/** Milliseconds until the next refresh, or 0 for never. A range that does not move needs none. */
export function refreshInterval(range: TimeRange, refresh: string): number {
  return follows(range) ? (refreshMs[refresh] ?? 0) : 0;
}

/** The step that gives at most `pointsMax` points, from a list of round steps, in milliseconds. */
export function stepOf({ startMs, endMs }: Window, pointsMax: number): number {
  const wanted = (endMs - startMs) / pointsMax / 1_000;
  const seconds = stepsSeconds.find((step) => step >= wanted) ?? 86_400;
  return seconds * 1_000;
}

/** Start and end on multiples of the step, so that a point keeps its value from refresh to refresh. */
export function aligned({ startMs, endMs }: Window, stepMs: number): Window {
  return {
    startMs: Math.floor(startMs / stepMs) * stepMs,
    endMs: Math.floor(endMs / stepMs) * stepMs,
  };
}

/** The same middle, twice as long; where the end would be in the future, the end is now. */
export function zoomedOut({ startMs, endMs }: Window, nowMs: number): TimeRange {
  const spanMs = Math.min((endMs - startMs) * 2, rangeMaxMs);
  const middle = (startMs + endMs) / 2;
  const end = middle + spanMs / 2;
  if (end >= nowMs) return { from: `now-${secondsText(spanMs)}`, to: "now" };
  return { from: String(Math.round(end - spanMs)), to: String(Math.round(end)) };
}

/** Half a range further back (-1) or forward (1), as the arrows beside the picker go; at the present it is live again. */
export function shifted({ startMs, endMs }: Window, direction: -1 | 1, nowMs: number): TimeRange {
  const spanMs = endMs - startMs;
  const end = endMs + (direction * spanMs) / 2;
  // What was the present when one went back has passed by a little meanwhile.
  if (direction > 0 && end >= nowMs - Math.max(60_000, spanMs / 20))
    return { from: `now-${secondsText(spanMs)}`, to: "now" };
  return { from: String(Math.round(end - spanMs)), to: String(Math.round(end)) };
}

function secondsText(ms: number): string {
  return `${Math.max(1, Math.round(ms / 1_000))}s`;
}
