import type uPlot from "uplot";
import type { Incomplete } from "../time_plane.ts";

/** Shades where data are known not to be complete, under what is drawn. */
export function shadeIncomplete(
  chart: uPlot,
  incomplete: readonly Incomplete[],
  dark: boolean,
): void {
  for (const { startMs, endMs } of incomplete) shade(chart, startMs, endMs, dark);
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
