import { useMemo, type RefObject } from "react";
import type uPlot from "uplot";
import type { TimePlane } from "../time_plane.ts";

/** The time axis of a uPlot as it was last drawn; undefined where nothing is to stand on it, for it lays the page out. */
export function useGraphPlane(
  chart: RefObject<uPlot | undefined>,
  draws: number,
  isWanted: boolean,
): TimePlane | undefined {
  return useMemo(() => {
    void draws;
    return chart.current === undefined || !isWanted ? undefined : graphPlane(chart.current);
  }, [chart, draws, isWanted]);
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
