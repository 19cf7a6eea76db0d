import { useEffect, useLayoutEffect, useRef, useState, type PointerEvent } from "react";
import { createPortal } from "react-dom";
import { useChartTheme, type ChartTheme } from "./chart_theme.ts";
import type { Tip } from "./tip.ts";

const tipRowsMax = 12;
/** Shorter pulls are clicks. */
const pullPx = 5;

type Props = {
  /** What it shows, read out in place of the picture. */
  readonly label: string;
  readonly width: number;
  readonly height: number;
  /** Draws everything; the context is scaled to CSS pixels and cleared. */
  readonly draw: (context: CanvasRenderingContext2D, theme: ChartTheme) => void;
  readonly tip?: (x: number, y: number) => Tip | undefined;
  readonly onClick?: (x: number, y: number) => void;
  /** Pulling over this stretch marks a part of it. */
  readonly pull?: {
    readonly left: number;
    readonly right: number;
    readonly onPull: (from: number, to: number) => void;
    readonly onReset: () => void;
  };
};

/** A canvas as sharp as the screen, drawn anew when what it shows or the theme changes, with a tooltip and a stretch to pull. */
export function CanvasPicture({ label, width, height, draw, tip, onClick, pull }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const theme = useChartTheme();
  const [at, setAt] = useState<Place>();
  const [start, setStart] = useState<number>();
  const scale = globalThis.devicePixelRatio || 1;
  useLayoutEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (context === null || context === undefined) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    context.font = `11px ${theme.sans}`;
    draw(context, theme);
  }, [draw, theme, width, height, scale]);
  const end = (event: PointerEvent): void => {
    const { x, y } = place(event);
    if (pull !== undefined && start !== undefined && Math.abs(x - start) >= pullPx) {
      const inside = (px: number): number => Math.max(pull.left, Math.min(pull.right, px));
      pull.onPull(inside(Math.min(start, x)), inside(Math.max(start, x)));
    } else {
      onClick?.(x, y);
    }
    setStart(undefined);
  };
  const said = at === undefined ? undefined : tip?.(at.x, at.y);
  return (
    <div
      className="canvas-picture"
      style={{ width, height }}
      onPointerMove={(event) => setAt(place(event))}
      onPointerLeave={() => {
        setAt(undefined);
        setStart(undefined);
      }}
      onPointerDown={(event) => {
        if (event.button === 0) setStart(place(event).x);
      }}
      onPointerUp={end}
      onDoubleClick={pull?.onReset}
    >
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        width={Math.max(1, Math.round(width * scale))}
        height={Math.max(1, Math.round(height * scale))}
        style={{ width, height, cursor: onClick === undefined ? "default" : "pointer" }}
      />
      {pull !== undefined && start !== undefined && at !== undefined && (
        <div
          className="canvas-pull"
          style={{ left: Math.min(start, at.x), width: Math.abs(at.x - start), height }}
        />
      )}
      {said !== undefined && at !== undefined && <TipBox tip={said} x={at.pageX} y={at.pageY} />}
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

function TipBox({ tip, x, y }: { readonly tip: Tip; readonly x: number; readonly y: number }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const left = x + 14 + element.offsetWidth > innerWidth ? x - 14 - element.offsetWidth : x + 14;
    const top = Math.min(y + 12, innerHeight - element.offsetHeight - 4);
    element.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  });
  return createPortal(
    <div ref={box} className="tooltip floating fixed">
      <div className="tooltip-time">{tip.head}</div>
      {tip.rows.slice(0, tipRowsMax).map(({ color, name, value }, i) => (
        <div key={i} className="tooltip-row">
          {color !== undefined && <span className="swatch block" style={{ background: color }} />}
          <span className="tooltip-name">{name}</span>
          <span className="tooltip-value">{value}</span>
        </div>
      ))}
      {tip.rows.length > tipRowsMax && (
        <div className="tooltip-more">and {tip.rows.length - tipRowsMax} more</div>
      )}
    </div>,
    document.body,
  );
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
