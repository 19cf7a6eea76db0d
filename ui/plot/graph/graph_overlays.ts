import type uPlot from "uplot";
import type { Incomplete } from "../time_plane.ts";
import { resolveColor, withAlpha } from "../colors.ts";
import { shadeIncomplete } from "../shades/incomplete_shade.ts";
import { axisKey, axisThresholds } from "./graph_axes.ts";
import type { Graph } from "./graph_model.ts";

type Band = { readonly from: number; readonly to: number; readonly color: string };

/** Draws thresholds and incomplete ranges: areas under the lines of the series, threshold lines over them. */
export function overlayHooks(
  graph: Graph,
  dark: boolean,
  incompleteOf: () => readonly Incomplete[],
): { readonly under: (chart: uPlot) => void; readonly over: (chart: uPlot) => void } {
  return {
    under: (chart) => {
      shadeIncomplete(chart, incompleteOf(), dark);
      eachThreshold(chart, graph, dark, (style, scale, { from, to, color }) => {
        if (style.includes("area")) area(chart, scale, from, to, withAlpha(color, 0.12));
      });
    },
    over: (chart) => {
      eachThreshold(chart, graph, dark, (style, scale, { from, color }) => {
        if (style === "area" || !Number.isFinite(from)) return;
        line(chart, scale, from, color, style.startsWith("dashed"));
      });
    },
  };
}

/** Thresholds of the first series of each axis that shows some: those of a panel are the same for all. */
function eachThreshold(
  chart: uPlot,
  graph: Graph,
  dark: boolean,
  draw: (style: string, scale: string, band: Band) => void,
): void {
  const seen = new Set<string>();
  for (const series of graph.series) {
    const scale = axisKey(series);
    if (series.style.thresholds === "off" || seen.has(scale)) continue;
    seen.add(scale);
    const { min = 0, max = 1 } = chart.scales[scale] ?? {};
    for (const { from, to, color } of axisThresholds(series, { min, max })) {
      const resolved = resolveColor(color, dark);
      if (resolved !== undefined)
        draw(series.style.thresholds, scale, { from, to, color: resolved });
    }
  }
}

function area(chart: uPlot, scale: string, from: number, to: number, color: string): void {
  const { min, max } = chart.scales[scale] ?? {};
  if (min === undefined || max === undefined) return;
  const top = chart.valToPos(Math.min(max, to), scale, true);
  const bottom = chart.valToPos(Math.max(min, from), scale, true);
  if (!(bottom > top)) return;
  chart.ctx.save();
  chart.ctx.fillStyle = color;
  chart.ctx.fillRect(chart.bbox.left, top, chart.bbox.width, bottom - top);
  chart.ctx.restore();
}

function line(chart: uPlot, scale: string, at: number, color: string, dashed: boolean): void {
  const { min, max } = chart.scales[scale] ?? {};
  if (min === undefined || max === undefined || at < min || at > max) return;
  const y = Math.round(chart.valToPos(at, scale, true));
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.strokeStyle = color;
  ctx.lineWidth = devicePixelRatio;
  if (dashed) ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
