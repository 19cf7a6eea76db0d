import { parseDuration } from "#shared/text/duration.ts";

/** What the URL says about time: `from` and `to` are "now", "now-15m" or Unix milliseconds. */
export type TimeRange = { readonly from: string; readonly to: string };

/** A range at one moment, in Unix milliseconds. */
export type Window = { readonly startMs: number; readonly endMs: number };

export const defaultRange: TimeRange = { from: "now-15m", to: "now" };

export const presets = [
  { from: "now-5m", label: "Last 5 minutes" },
  { from: "now-15m", label: "Last 15 minutes" },
  { from: "now-1h", label: "Last hour" },
  { from: "now-6h", label: "Last 6 hours" },
  { from: "now-24h", label: "Last 24 hours" },
] as const;

/** Milliseconds between refreshes by the name in the URL; live is as often as samples can matter. */
const refreshMs: Readonly<Record<string, number>> = {
  live: 2_000,
  "5s": 5_000,
  "15s": 15_000,
  "1m": 60_000,
  off: 0,
};
export const refreshNames = Object.keys(refreshMs);
export const defaultRefresh = "live";

const rangeMinMs = 10_000;
const rangeMaxMs = 366 * 86_400_000;
const stepsSeconds = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400,
];

/** The range in Unix milliseconds, or undefined where the text is none. */
export function windowOf(range: TimeRange, nowMs: number): Window | undefined {
  const startMs = momentOf(range.from, nowMs);
  const endMs = momentOf(range.to, nowMs);
  if (startMs === undefined || endMs === undefined) return undefined;
  const spanMs = endMs - startMs;
  return spanMs >= rangeMinMs && spanMs <= rangeMaxMs ? { startMs, endMs } : undefined;
}

function momentOf(text: string, nowMs: number): number | undefined {
  if (text === "now") return nowMs;
  if (text.startsWith("now-")) {
    const backMs = parseDuration(text.slice("now-".length));
    return backMs === undefined ? undefined : nowMs - backMs;
  }
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Whether the range ends at the present, and so moves. */
export function follows(range: TimeRange): boolean {
  return range.to === "now";
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
  if (end >= nowMs) return { from: `now-${Math.round(spanMs / 1_000)}s`, to: "now" };
  return { from: String(Math.round(end - spanMs)), to: String(Math.round(end)) };
}
