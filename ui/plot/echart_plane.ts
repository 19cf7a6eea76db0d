import type { ECharts } from "echarts/core";
import { useCallback, useState } from "react";
import { columnPlane, type TimePlane } from "./time_plane.ts";

/**
 * The time axis of a chart whose horizontal axis has a category for each of `timesMs`; undefined until it is laid out, and where the
 * categories are no times. `onLayout` is what the chart is to be given.
 */
export function useEchartPlane(
  timesMs: readonly number[] | undefined,
): readonly [TimePlane | undefined, (chart: ECharts) => void] {
  const [plane, setPlane] = useState<TimePlane>();
  const onLayout = useCallback(
    (chart: ECharts) => setPlane(timesMs === undefined ? undefined : planeOf(chart, timesMs)),
    [timesMs],
  );
  return [plane, onLayout];
}

function planeOf(chart: ECharts, timesMs: readonly number[]): TimePlane | undefined {
  const first = chart.convertToPixel({ xAxisIndex: 0 }, 0);
  const second = chart.convertToPixel({ xAxisIndex: 0 }, 1);
  const [top, bottom] = [edgeOf(chart, first, 1), edgeOf(chart, first, -1)];
  if (top === undefined || bottom === undefined) return undefined;
  return columnPlane(timesMs, first, second - first, { top, bottom });
}

/** The first pixel from above or below that lies in one of the chart's grids: what its labels take is known to nobody else. */
function edgeOf(chart: ECharts, x: number, direction: 1 | -1): number | undefined {
  const height = chart.getHeight();
  const start = direction === 1 ? 0 : height;
  for (let y = start; y >= 0 && y <= height; y += direction) {
    if (chart.containPixel({ gridIndex: "all" }, [x, y])) return y;
  }
  return undefined;
}
