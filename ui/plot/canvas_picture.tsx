import { useCallback, useLayoutEffect, useRef, useState, type PointerEvent } from "react";
import { useChartTheme, type ChartTheme } from "./chart_theme.ts";
import type { Tip } from "./tip.ts";
import { TipBox } from "./tip_box.tsx";

/** A longer way of the pointer is no click. */
const pullPx = 5;

type Props = {
  /** What it shows, read out in place of the picture. */
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** Draws everything; the context is scaled to CSS pixels and cleared. */
  readonly draw: (context: CanvasRenderingContext2D, theme: ChartTheme) => void;
  /** What is at a place; where that leads somewhere, a click keeps it shown. */
  readonly tip?: (x: number, y: number) => Tip | undefined;
  readonly onClick?: (x: number, y: number) => void;
};

/** A canvas as sharp as the screen, drawn anew when what it shows or the theme changes, with a tooltip. */
export function CanvasPicture({ label, width, height, draw, tip, onClick }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useChartTheme();
  const [at, setAt] = useState<Place>();
  const [pinned, setPinned] = useState<Place & { readonly tip: Tip }>();
  const start = useRef<Place>(undefined);
  const scale = globalThis.devicePixelRatio || 1;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `11px ${theme.sans}`;
    draw(context, theme);
  }, [draw, theme, width, height, scale]);
  const said = at === undefined ? undefined : tip?.(at.x, at.y);
  const leads = (said?.links ?? []).length > 0;
  const end = (event: PointerEvent): void => {
    const to = place(event);
    const from = start.current;
    start.current = undefined;
    if (from === undefined || Math.hypot(to.x - from.x, to.y - from.y) >= pullPx) return;
    if (event.ctrlKey || event.metaKey) return;
    // A finger comes without having moved there before.
    const clicked = tip?.(to.x, to.y);
    onClick?.(to.x, to.y);
    if (clicked?.links !== undefined && clicked.links.length > 0)
      setPinned({ ...to, tip: clicked });
  };
  const close = useCallback(() => setPinned(undefined), []);
  return (
    <div className="canvas-picture" style={{ width, height }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        width={Math.max(1, Math.round(width * scale))}
        height={Math.max(1, Math.round(height * scale))}
        style={{ width, height, cursor: onClick === undefined && !leads ? "default" : "pointer" }}
        onPointerMove={(event) => setAt(place(event))}
        onPointerLeave={() => {
          setAt(undefined);
          start.current = undefined;
        }}
        onPointerDown={(event) => {
          if (event.button === 0) start.current = place(event);
        }}
        onPointerUp={end}
      />
      {pinned !== undefined && (
        <TipBox tip={pinned.tip} x={pinned.pageX} y={pinned.pageY} onClose={close} />
      )}
      {pinned === undefined && said !== undefined && at !== undefined && (
        <TipBox tip={said} x={at.pageX} y={at.pageY} />
      )}
    </div>
  );
}

type Place = {
  readonly x: number;
  readonly y: number;
  readonly pageX: number;
  readonly pageY: number;
};

function place(event: PointerEvent): Place {
  const box = event.currentTarget.getBoundingClientRect();
  const { clientX, clientY } = event;
  return { x: clientX - box.left, y: clientY - box.top, pageX: clientX, pageY: clientY };
}

/** The text cut to a width, with an ellipsis; nothing where not even that has room. */
export function clipped(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (width < 8) return "";
  // No text this long fits: measuring it whole would take long for a label of a megabyte.
  const short = text.length > 400 ? text.slice(0, 400) : text;
  if (short.length === text.length && context.measureText(text).width <= width) return text;
  let low = 0;
  let high = short.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${short.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "" : `${short.slice(0, low)}…`;
}
