import { useMemo } from "react";
import type uPlot from "uplot";
import type { TimePlane } from "../time_plane.ts";

/** The time axis of a uPlot after its last drawing; undefined before the first, and where the axis is no time. */
export function useGraphPlane(
  chart: uPlot | undefined,
  draws: number,
  isTime: boolean,
): TimePlane | undefined {
  return useMemo(
    () => (chart === undefined || draws === 0 || !isTime ? undefined : graphPlane(chart)),
    [chart, draws, isTime],
  );
}

function graphPlane(chart: uPlot): TimePlane {
  const { min: startMs = 0, max: endMs = 0 } = chart.scales["x"] ?? {};
  const { offsetLeft: left, offsetTop: top, clientWidth, clientHeight } = chart.over;
  return {
    left,
    right: left + clientWidth,
    top,
    bottom: top + clientHeight,
    startMs,
    endMs,
    xOf: (ms) => left + chart.valToPos(ms, "x"),
    msOf: (x) => chart.posToVal(x - left, "x"),
  };
}
