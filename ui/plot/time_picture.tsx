import { useCallback, useEffect, useRef, useState, type MouseEvent, type ReactNode } from "react";
import { onPointed, pointAt } from "./crosshair.ts";
import { isSeen } from "./in_window.ts";
import type { Tip } from "./tip.ts";
import { TipBox } from "./tip_box.tsx";
import { TimeMarks } from "./time_marks.tsx";
import type { TimePlane } from "./time_plane.ts";
import type { TimeShared } from "./time_shared.ts";

/** Shorter pulls are clicks. */
const pullPx = 5;

type Props = TimeShared & {
  /** Undefined until the picture is laid out. */
  readonly plane: TimePlane | undefined;
  /** All values of a moment, shown while the pointer is in another panel. */
  readonly tipAt: (ms: number) => Tip | undefined;
  readonly children: ReactNode;
};

type Pull = { readonly from: number; readonly to: number; readonly isNote: boolean };

/**
 * A picture over time that is no graph of uPlot's, with what those have: the crosshair that panels share, annotations, stretches known to
 * be incomplete; a pull zooms, a double click zooms out, Ctrl-click and Ctrl-pull annotate.
 */
export function TimePicture(props: Props) {
  const { plane, crosshair, onAnnotate, onZoom, onZoomOut, children } = props;
  const host = useRef<HTMLDivElement>(null);
  const [pull, setPull] = useState<Pull>();
  const [line, place] = useLine(plane);
  const pointedMs = usePointed(host, props, place);
  const tell = useTell(crosshair, host, place);
  const shared =
    plane === undefined || pointedMs === undefined ? undefined : props.tipAt(pointedMs);
  const insideOf = (event: MouseEvent): number | undefined => {
    // What lies over the page, such as a tooltip that stays, is a child and yet elsewhere.
    const isOwn = event.target instanceof Node && event.currentTarget.contains(event.target);
    if (plane === undefined || !isOwn) return undefined;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const [x, y] = [event.clientX - left, event.clientY - top];
    const isIn = x >= plane.left && x <= plane.right && y >= plane.top && y <= plane.bottom;
    return isIn ? x : undefined;
  };
  const end = (): void => {
    setPull(undefined);
    if (plane === undefined || pull === undefined) return;
    const [a, b] = [Math.min(pull.from, pull.to), Math.max(pull.from, pull.to)];
    const isClick = b - a < pullPx;
    if (pull.isNote) {
      onAnnotate?.(Math.round(plane.msOf(a)), isClick ? undefined : Math.round(plane.msOf(b)));
    } else if (!isClick) {
      onZoom(plane.msOf(a), plane.msOf(b));
    }
  };
  return (
    <div
      ref={host}
      className="time-picture"
      onPointerMove={(event) => {
        const x = insideOf(event);
        tell(x === undefined ? undefined : plane?.msOf(x));
        if (x !== undefined) setPull((now) => (now === undefined ? now : { ...now, to: x }));
      }}
      onPointerLeave={() => {
        tell(undefined);
        setPull(undefined);
      }}
      onPointerDown={(event) => {
        const x = insideOf(event);
        const isNote = (event.ctrlKey || event.metaKey) && onAnnotate !== undefined;
        if (event.button === 0 && x !== undefined) setPull({ from: x, to: x, isNote });
      }}
      onPointerUp={end}
      onDoubleClick={(event) => {
        if (insideOf(event) !== undefined) onZoomOut();
      }}
    >
      {children}
      {plane !== undefined && <Overlay {...props} plane={plane} pull={pull} />}
      <i
        ref={line}
        className="time-crosshair"
        style={{ display: "none", top: plane?.top, height: plane && plane.bottom - plane.top }}
      />
      {shared !== undefined && plane !== undefined && pointedMs !== undefined && (
        <SharedTip host={host} tip={shared} x={plane.xOf(pointedMs)} y={plane.top} />
      )}
    </div>
  );
}

/** The crosshair's line, and what puts it at a moment: without a render, as it follows the pointer. */
function useLine(plane: TimePlane | undefined) {
  const line = useRef<HTMLElement>(null);
  const place = useCallback(
    (ms: number | undefined): void => {
      const element = line.current;
      if (element === null) return;
      const isIn =
        plane !== undefined && ms !== undefined && ms >= plane.startMs && ms <= plane.endMs;
      element.style.display = isIn ? "" : "none";
      if (isIn) element.style.transform = `translateX(${plane.xOf(ms)}px)`;
    },
    [plane],
  );
  return [line, place] as const;
}

function Overlay({
  plane,
  annotations,
  incomplete = [],
  timeZone,
  onAnnotate,
  pull,
}: TimeShared & { readonly plane: TimePlane; readonly pull: Pull | undefined }) {
  const { left, right, top, bottom, xOf } = plane;
  const box = (from: number, to: number) => {
    const [a, b] = [Math.max(left, from), Math.min(right, to)];
    return { left: a, width: Math.max(0, b - a), top, height: bottom - top };
  };
  return (
    <>
      {incomplete.map(({ startMs, endMs }) => (
        <i
          key={startMs}
          className="time-incomplete"
          style={box(xOf(startMs), xOf(Math.min(endMs, plane.endMs)))}
        />
      ))}
      {annotations.length > 0 && (
        <TimeMarks {...{ plane, annotations, timeZone }} onChange={onAnnotate} />
      )}
      {pull !== undefined && Math.abs(pull.to - pull.from) >= pullPx && (
        <i
          className="canvas-pull"
          style={box(Math.min(pull.from, pull.to), Math.max(pull.from, pull.to))}
        />
      )}
    </>
  );
}

/** The moment that another panel points at, where its values are to be shown here; the line follows without a render. */
function usePointed(
  host: React.RefObject<HTMLDivElement | null>,
  { crosshair, hasSharedTooltip = false }: TimeShared,
  place: (ms: number | undefined) => void,
): number | undefined {
  const [pointedMs, setPointedMs] = useState<number>();
  useEffect(() => {
    if (crosshair === "") return undefined;
    const end = onPointed(crosshair, host, (ms) => {
      place(ms);
      if (hasSharedTooltip) setPointedMs(isSeen(host.current) ? ms : undefined);
    });
    return () => {
      end();
      setPointedMs(undefined);
    };
  }, [crosshair, hasSharedTooltip, host, place]);
  return pointedMs;
}

/** Tells the others of the pointer, once a frame; and that it left, if it was here. */
function useTell(
  group: string,
  from: object,
  place: (ms: number | undefined) => void,
): (ms: number | undefined) => void {
  const state = useRef<{ ms: number | undefined; frame: number | undefined }>({
    ms: undefined,
    frame: undefined,
  });
  useEffect(() => {
    const now = state.current;
    return () => {
      // Who is gone points nowhere.
      if (now.frame !== undefined) cancelAnimationFrame(now.frame);
      if (now.ms !== undefined) pointAt(group, from, undefined);
      state.current = { ms: undefined, frame: undefined };
    };
  }, [group, from]);
  return useCallback(
    (ms) => {
      const now = state.current;
      if (ms === undefined && now.ms === undefined) return;
      now.ms = ms;
      now.frame ??= requestAnimationFrame(() => {
        now.frame = undefined;
        place(now.ms);
        pointAt(group, from, now.ms);
      });
    },
    [group, from, place],
  );
}

function SharedTip({
  host,
  tip,
  x,
  y,
}: {
  readonly host: React.RefObject<HTMLDivElement | null>;
  readonly tip: Tip;
  readonly x: number;
  readonly y: number;
}) {
  const box = host.current?.getBoundingClientRect();
  if (box === undefined) return null;
  return <TipBox tip={tip} x={box.left + x} y={box.top + y + 12} />;
}
