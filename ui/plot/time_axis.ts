import uPlot from "uplot";
import { dateText } from "../units/date_text.ts";
import { browserZone, zoneName } from "../units/time_zones.ts";

const dayMs = 86_400_000;

type AxisLook = { readonly text: string; readonly grid: string };

export const axisFont = "11px system-ui, sans-serif";

/** The horizontal axis over time, in a zone. */
export function timeAxis({ text, grid }: AxisLook, timeZone: string): uPlot.Axis {
  return {
    stroke: text,
    font: axisFont,
    size: 26,
    gap: 4,
    space: 72,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
    values: (_chart, splits, _axis, _space, incrementMs) =>
      splits.map((ms) => tickText(ms, incrementMs, timeZone)),
  };
}

/** What makes uPlot lay its ticks on the zone's full hours and days. */
export function zoneOption(timeZone: string): Pick<uPlot.Options, "tzDate"> {
  if (timeZone === browserZone) return {};
  const name = timeZone === "utc" ? "Etc/UTC" : zoneName(timeZone);
  return { tzDate: (ms) => uPlot.tzDate(new Date(ms), name) };
}

/** A tick's words: as short as the distance of ticks allows, the day at midnight. */
export function tickText(ms: number, incrementMs: number, timeZone: string): string {
  if (incrementMs >= 28 * dayMs) return dateText(ms, "YYYY-MM", timeZone);
  if (incrementMs >= dayMs) return dateText(ms, "MM-DD", timeZone);
  const clock = dateText(ms, incrementMs >= 60_000 ? "HH:mm" : "HH:mm:ss", timeZone);
  return clock === "00:00" ? dateText(ms, "MM-DD", timeZone) : clock;
}
