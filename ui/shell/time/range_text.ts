import { z } from "zod";
import { parseMoment } from "../../state/moment.ts";
import { windowOf, type TimeRange } from "../../state/time_range.ts";
import { readItem, writeItem } from "../../state/stored.ts";

const Copied = z.object({ from: z.string().min(1).max(100), to: z.string().min(1).max(100) });

/** A range as text for the clipboard; Grafana reads the same. */
export function rangeToText({ from, to }: TimeRange): string {
  return JSON.stringify({ from, to });
}

/** A range from copied text: ours or Grafana's JSON, or "from to to"; undefined where it is none. */
export function rangeFromText(text: string, nowMs: number, zone: string): TimeRange | undefined {
  const range = fromJson(text) ?? fromWords(text);
  if (range === undefined) return undefined;
  const absolute = absoluteEnds(range, nowMs, zone);
  return windowOf(absolute, nowMs, zone) === undefined ? undefined : absolute;
}

function fromJson(text: string): TimeRange | undefined {
  try {
    const read = Copied.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}

function fromWords(text: string): TimeRange | undefined {
  const [from, to, ...more] = text.trim().split(/\s+to\s+/);
  return from === undefined || to === undefined || more.length > 0 ? undefined : { from, to };
}

/** Ends that are dates become Unix milliseconds, so that the URL means the same in every zone; relative ones stay as they are. */
export function absoluteEnds({ from, to }: TimeRange, nowMs: number, zone: string): TimeRange {
  const end = (text: string, which: "from" | "to"): string => {
    const trimmed = text.trim();
    if (trimmed.startsWith("now")) return trimmed;
    const ms = parseMoment(trimmed, nowMs, which, zone);
    return ms === undefined ? trimmed : String(Math.round(ms));
  };
  return { from: end(from, "from"), to: end(to, "to") };
}

export type RangeFaults = { readonly from?: string; readonly to?: string };

/** What is wrong with a range as it is typed; nothing where it can be shown. */
export function rangeFaults(range: TimeRange, nowMs: number, zone: string): RangeFaults {
  const fromMs = parseMoment(range.from.trim(), nowMs, "from", zone);
  const toMs = parseMoment(range.to.trim(), nowMs, "to", zone);
  if (fromMs === undefined) return { from: noMoment(range.from) };
  if (toMs === undefined) return { to: noMoment(range.to) };
  if (fromMs >= toMs) return { to: "ends before it begins: choose a later time" };
  if (windowOf(range, nowMs, zone) === undefined) {
    return {
      to: toMs - fromMs < 1_000 ? "a range is 1 s or longer" : "a range is 10 years or shorter",
    };
  }
  return {};
}

function noMoment(text: string): string {
  const shown = text.trim() === "" ? "nothing" : `"${text.trim().slice(0, 40)}"`;
  return `${shown} is no time: write now-6h, now/d or 2026-03-29 14:00`;
}

const recentKey = "lapwing.recent_ranges";
const recentMax = 5;
const Recent = z.array(z.object({ from: z.string(), to: z.string() })).max(recentMax);

/** The last absolute ranges that were applied, newest first. */
export function recentRanges(): readonly TimeRange[] {
  try {
    const read = Recent.safeParse(JSON.parse(readItem(recentKey) ?? "[]"));
    return read.success ? read.data : [];
  } catch {
    return [];
  }
}

export function rememberRange(range: TimeRange): void {
  if (range.from.startsWith("now") || range.to.startsWith("now")) return;
  const { from, to } = range;
  const others = recentRanges().filter((each) => each.from !== from || each.to !== to);
  writeItem(recentKey, JSON.stringify([{ from, to }, ...others].slice(0, recentMax)));
}
