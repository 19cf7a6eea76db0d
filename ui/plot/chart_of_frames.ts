import type { Frame } from "../frames/frame.ts";
import type { Window } from "../state/time_range.ts";
import type { ChartData } from "./chart_data.ts";
import { seriesStyles } from "./palette.ts";

/** Series over the times that any of them has. */
export function chartOfFrames(frames: readonly Frame[], window: Window, dark: boolean): ChartData {
  const shown = frames.filter(({ fields }) => fields.length > 1);
  const labels = shown.map(({ fields }) => fields[1]?.labels ?? {});
  const styles = seriesStyles(labels, dark);
  const all = new Set(shown.flatMap(({ fields }) => numbersOf(fields[0])));
  const timesMs = Float64Array.from(all.values()).toSorted();
  const place = new Map(Array.from(timesMs, (timeMs, i) => [timeMs, i]));
  const series = shown.map(({ name, fields }, i) => {
    const values = new Float64Array(timesMs.length).fill(Number.NaN);
    const times = numbersOf(fields[0]);
    numbersOf(fields[1]).forEach((value, j) => {
      const at = place.get(times[j] ?? Number.NaN);
      if (at !== undefined) values[at] = value;
    });
    const { color = "", dash = [] } = styles[i] ?? {};
    return { key: name, name, color, dash, values };
  });
  return { window, timesMs, series };
}

function numbersOf(field: Frame["fields"][number] | undefined): number[] {
  return Array.from(field?.values ?? [], Number);
}
