import { browserZone } from "../units/time_zones.ts";
import { formatDateTime } from "../units/format.ts";
import { parseMoment } from "./moment.ts";
import type { TimeRange } from "./time_range.ts";

export type QuickRange = { readonly from: string; readonly to: string; readonly label: string };

const last: readonly (readonly [string, string])[] = [
  ["5m", "5 minutes"],
  ["15m", "15 minutes"],
  ["30m", "30 minutes"],
  ["1h", "hour"],
  ["3h", "3 hours"],
  ["6h", "6 hours"],
  ["12h", "12 hours"],
  ["24h", "24 hours"],
  ["2d", "2 days"],
  ["7d", "7 days"],
  ["30d", "30 days"],
  ["90d", "90 days"],
  ["6M", "6 months"],
  ["1y", "year"],
  ["2y", "2 years"],
  ["5y", "5 years"],
];

/** Ranges by name, in the order of the picker. Weeks begin on Monday. */
export const quickRanges: readonly QuickRange[] = [
  ...last.map(([span, words]) => ({ from: `now-${span}`, to: "now", label: `Last ${words}` })),
  { from: "now/d", to: "now", label: "Today so far" },
  { from: "now/d", to: "now/d", label: "Today" },
  { from: "now-1d/d", to: "now-1d/d", label: "Yesterday" },
  { from: "now-2d/d", to: "now-2d/d", label: "Day before yesterday" },
  { from: "now-7d/d", to: "now-7d/d", label: "This day last week" },
  { from: "now/w", to: "now", label: "This week so far" },
  { from: "now/w", to: "now/w", label: "This week" },
  { from: "now-1w/w", to: "now-1w/w", label: "Previous week" },
  { from: "now/M", to: "now", label: "This month so far" },
  { from: "now/M", to: "now/M", label: "This month" },
  { from: "now-1M/M", to: "now-1M/M", label: "Previous month" },
  { from: "now/Q", to: "now", label: "This quarter so far" },
  { from: "now-1Q/Q", to: "now-1Q/Q", label: "Previous quarter" },
  { from: "now/y", to: "now", label: "This year so far" },
  { from: "now-1y/y", to: "now-1y/y", label: "Previous year" },
];

/** A range in words: its name, "Last 200s", or both of its ends. */
export function rangeWords(range: TimeRange, zone: string = browserZone): string {
  const { from, to } = range;
  const quick = quickRanges.find((each) => each.from === from && each.to === to);
  if (quick !== undefined) return quick.label;
  const span = /^now-((?:\d+[smhdwMQy])+)$/.exec(from)?.[1];
  if (to === "now" && span !== undefined) return `Last ${span}`;
  const first = endWords(from, "from", zone);
  const second = endWords(to, "to", zone);
  // Of one day, the second says its time alone.
  const sameDay = /^\d{4}-/.test(first) && first.slice(0, 11) === second.slice(0, 11);
  return `${first} to ${sameDay ? second.slice(11) : second}`;
}

/** An absolute end as its date and time in the zone; a relative one as it is written. */
export function endWords(text: string, end: "from" | "to", zone: string): string {
  if (text.startsWith("now")) return text;
  const ms = parseMoment(text, 0, end, zone);
  return ms === undefined ? text : formatDateTime(ms, zone);
}
