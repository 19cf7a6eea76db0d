import type uPlot from "uplot";

/** A span of time that is shaded over the whole height. Unix milliseconds. */
export type Band = {
  readonly startMs: number;
  readonly endMs: number;
  /** Of the line at its foot; the shade is the same, thinned. As #rrggbb. */
  readonly color: string;
};

/** A band is at least this wide, so that a short one is seen. */
const widthMinPx = 2;

/** Shades spans under what is drawn, with a line at the foot of each. */
export function shadeBands(chart: uPlot, bands: readonly Band[]): void {
  const { ctx, bbox } = chart;
  const [first, last] = [bbox.left, bbox.left + bbox.width];
  ctx.save();
  for (const { startMs, endMs, color } of bands) {
    const from = chart.valToPos(startMs, "x", true);
    const to = Math.max(chart.valToPos(endMs, "x", true), from + widthMinPx * devicePixelRatio);
    const left = Math.max(first, from);
    const width = Math.min(last, to) - left;
    if (!(width > 0)) continue;
    ctx.fillStyle = `${color}24`;
    ctx.fillRect(left, bbox.top, width, bbox.height);
    ctx.fillStyle = color;
    const foot = 3 * devicePixelRatio;
    ctx.fillRect(left, bbox.top + bbox.height - foot, width, foot);
  }
  ctx.restore();
}
