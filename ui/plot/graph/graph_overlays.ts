import type uPlot from "uplot";
import type { Incomplete } from "../time_plane.ts";
import { resolveColor, withAlpha } from "../colors.ts";
import { axisKey, axisThresholds } from "./graph_axes.ts";
import type { Graph } from "./graph_model.ts";

type Band = { readonly from: number; readonly to: number; readonly color: string };

/** Draws thresholds and what is not complete: areas under the lines of the series, threshold lines over them. */
export function overlayHooks(
  graph: Graph,
  dark: boolean,
  incompleteOf: () => readonly Incomplete[],
): { readonly under: (chart: uPlot) => void; readonly over: (chart: uPlot) => void } {
  return {
    under: (chart) => {
      for (const { startMs, endMs } of incompleteOf()) shade(chart, startMs, endMs, dark);
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

/** Thin slanted lines: seen in both themes, and not taken for a threshold. */
function shade(chart: uPlot, startMs: number, endMs: number, dark: boolean): void {
  const { ctx, bbox } = chart;
  const left = Math.max(bbox.left, chart.valToPos(startMs, "x", true));
  const right = Math.min(bbox.left + bbox.width, chart.valToPos(endMs, "x", true));
  if (!(right > left)) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, bbox.top, right - left, bbox.height);
  ctx.fillStyle = dark ? "#95a4b218" : "#66747f18";
  ctx.fill();
  ctx.clip();
  ctx.strokeStyle = dark ? "#95a4b230" : "#66747f30";
  ctx.lineWidth = devicePixelRatio;
  const gap = 8 * devicePixelRatio;
  ctx.beginPath();
  for (let x = left - bbox.height; x < right; x += gap) {
    ctx.moveTo(x, bbox.top + bbox.height);
    ctx.lineTo(x + bbox.height, bbox.top);
  }
  ctx.stroke();
  ctx.restore();
}
