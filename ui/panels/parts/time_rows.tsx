import type { ChartTheme } from "../../plot/chart_theme.ts";
import { clipped } from "../../plot/canvas_picture.tsx";
import { axisMoment, axisTicks } from "./moment.ts";

const axisPx = 18;
const nameMaxPx = 160;

/** Where things stand in a picture of rows over time. */
export type RowsFrame = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly rowPx: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly xOf: (ms: number) => number;
  readonly msOf: (x: number) => number;
  /** Undefined outside of all rows. */
  readonly rowAt: (y: number) => number | undefined;
};

/** Names stand left of the rows where the picture is wide enough for both. */
export function rowsFrame(
  names: readonly string[],
  width: number,
  height: number,
  { startMs, endMs }: { readonly startMs: number; readonly endMs: number },
): RowsFrame {
  const longest = names.reduce((most, { length }) => Math.max(most, length), 0);
  const left = width < 240 ? 0 : Math.min(nameMaxPx, width * 0.3, longest * 7 + 14);
  const bottom = height < 90 ? height : height - axisPx;
  const rowPx = bottom / Math.max(1, names.length);
  const spanMs = Math.max(1, endMs - startMs);
  const right = width - 2;
  return {
    left,
    right,
    top: 0,
    bottom,
    rowPx,
    startMs,
    endMs,
    xOf: (ms) => left + ((ms - startMs) / spanMs) * (right - left),
    msOf: (x) => startMs + ((x - left) / (right - left)) * spanMs,
    rowAt: (y) => {
      const row = Math.floor(y / rowPx);
      return y >= 0 && y < bottom && row < names.length ? row : undefined;
    },
  };
}

/** Names at the left and the time below. */
export function drawFrame(
  context: CanvasRenderingContext2D,
  theme: ChartTheme,
  frame: RowsFrame,
  names: readonly string[],
  timeZone: string,
): void {
  context.fillStyle = theme.textQuiet;
  context.textBaseline = "middle";
  context.textAlign = "right";
  if (frame.left > 0 && frame.rowPx >= 10) {
    for (const [i, name] of names.entries()) {
      const text = clipped(context, name, frame.left - 8);
      context.fillText(text, frame.left - 6, (i + 0.5) * frame.rowPx);
    }
  }
  drawTimeAxis(context, theme, frame, timeZone);
}

export function drawTimeAxis(
  context: CanvasRenderingContext2D,
  theme: ChartTheme,
  { left, right, bottom, startMs, endMs, xOf }: Omit<RowsFrame, "rowAt" | "rowPx" | "top" | "msOf">,
  timeZone: string,
): void {
  if (context.canvas.clientHeight - bottom < axisPx - 2) return;
  const spanMs = endMs - startMs;
  context.fillStyle = theme.textQuiet;
  context.strokeStyle = theme.line;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  const room = spanMs < 86_400_000 ? 64 : 96;
  for (const ms of axisTicks(startMs, endMs, Math.floor((right - left) / room), timeZone)) {
    const x = Math.round(xOf(ms)) + 0.5;
    context.beginPath();
    context.moveTo(x, bottom);
    context.lineTo(x, bottom + 4);
    context.stroke();
    const text = axisMoment(ms, spanMs, timeZone);
    const half = context.measureText(text).width / 2;
    if (x - half >= 0 && x + half <= right + 2) context.fillText(text, x, bottom + 14);
  }
}
