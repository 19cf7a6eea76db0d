import type uPlot from "uplot";

export type Gestures = {
  readonly onZoom: (from: number, to: number) => void;
  readonly onZoomOut: () => void;
  /** A click or tap that was no drag. */
  readonly onPin: () => void;
  /** With Ctrl (or Command): of a moment, or of a stretch that was dragged over. */
  readonly onAnnotate: ((fromMs: number, toMs: number | undefined) => void) | undefined;
};

/** A drag shorter than this is a click. */
const dragMinPx = 6;
/** Each series has a point at the crosshair, an element of its own: of more than these, moving them all stops the page. */
const pointsMax = 60;

/** Crosshair and gestures: drag zooms, Shift-drag pans, a double click zooms out, a click pins, Ctrl-click and Ctrl-drag annotate. */
export function graphCursor(seriesCount: number, gesturesOf: () => Gestures): uPlot.Cursor {
  return {
    y: false,
    points: { size: 7, width: 1, ...(seriesCount > pointsMax ? { show: false } : {}) },
    focus: { prox: -1 },
    drag: { x: true, y: false, setScale: false, dist: dragMinPx },
    bind: {
      dblclick: () => () => {
        gesturesOf().onZoomOut();
        return null;
      },
      mousedown: (chart, _target, handle) => (event) => {
        if (event.button !== 0) return null;
        if (event.shiftKey) {
          pan(chart, event, gesturesOf().onZoom);
          return null;
        }
        const { onAnnotate, onPin } = gesturesOf();
        if ((event.ctrlKey || event.metaKey) && onAnnotate !== undefined) {
          annotate(chart, event, onAnnotate);
          return null;
        }
        watchClick(event, onPin);
        return handle(event);
      },
    },
  };
}

/** What was dragged over becomes the range; the mark goes. */
export function zoomTo(chart: uPlot, onZoom: Gestures["onZoom"]): void {
  const { left, width } = chart.select;
  if (width < dragMinPx) return;
  onZoom(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
}

function watchClick(down: MouseEvent, onClick: () => void): void {
  const up = (event: MouseEvent): void => {
    if (Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) < dragMinPx)
      onClick();
  };
  addEventListener("mouseup", up, { once: true });
}

/** Marks what the pointer passes over until it is let go, then hands on the moment or the stretch. */
function annotate(
  chart: uPlot,
  down: MouseEvent,
  onDone: (fromMs: number, toMs: number | undefined) => void,
): void {
  const { over } = chart;
  const { left: origin, width: most } = over.getBoundingClientRect();
  const placeOf = ({ clientX }: MouseEvent): number =>
    Math.min(most, Math.max(0, clientX - origin));
  const begin = placeOf(down);
  const move = (event: MouseEvent): void => {
    const left = Math.min(begin, placeOf(event));
    const width = Math.abs(placeOf(event) - begin);
    chart.setSelect({ left, top: 0, width, height: over.clientHeight }, false);
  };
  const up = (event: MouseEvent): void => {
    removeEventListener("mousemove", move);
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const [from, to] = [begin, placeOf(event)].toSorted((a, b) => a - b);
    const isClick = Math.abs(placeOf(event) - begin) < dragMinPx;
    const startMs = Math.round(chart.posToVal(from ?? begin, "x"));
    onDone(startMs, isClick ? undefined : Math.round(chart.posToVal(to ?? begin, "x")));
  };
  addEventListener("mousemove", move);
  addEventListener("mouseup", up, { once: true });
}

/** Follows the pointer until it is let go, then hands on the range that was panned to. */
function pan(chart: uPlot, down: MouseEvent, onDone: Gestures["onZoom"]): void {
  const min = chart.scales["x"]?.min ?? 0;
  const max = chart.scales["x"]?.max ?? 0;
  const perPx = (max - min) / Math.max(1, chart.over.clientWidth);
  const canvas = chart.ctx.canvas;
  let shift = 0;
  const move = (event: MouseEvent): void => {
    shift = (down.clientX - event.clientX) * perPx;
    canvas.style.transform = `translateX(${event.clientX - down.clientX}px)`;
  };
  const up = (): void => {
    removeEventListener("mousemove", move);
    canvas.style.transform = "";
    if (shift !== 0) onDone(min + shift, max + shift);
  };
  addEventListener("mousemove", move);
  addEventListener("mouseup", up, { once: true });
}

/** A finger moves the crosshair; up and down still scroll the page. Answers what takes the listeners away. */
export function followTouch(chart: uPlot): () => void {
  const { over } = chart;
  over.style.touchAction = "pan-y";
  const move = (event: PointerEvent): void => {
    if (event.pointerType !== "touch") return;
    const box = over.getBoundingClientRect();
    chart.setCursor({ left: event.clientX - box.left, top: event.clientY - box.top });
  };
  over.addEventListener("pointerdown", move);
  over.addEventListener("pointermove", move);
  return () => {
    over.removeEventListener("pointerdown", move);
    over.removeEventListener("pointermove", move);
  };
}

/** Left and right move the crosshair by a sample, with Shift by ten. Answers whether the key was one of them. */
export function moveByKey(chart: uPlot, key: string, shift: boolean): boolean {
  const length = chart.data[0].length;
  const ends: Readonly<Record<string, number>> = { Home: -length, End: length };
  const by = key === "ArrowLeft" ? -1 : key === "ArrowRight" ? 1 : ends[key];
  if (by === undefined || length === 0) return false;
  const step = Math.abs(by) === 1 && shift ? by * 10 : by;
  const now = chart.cursor.idx ?? (by > 0 ? -1 : length);
  const next = Math.max(0, Math.min(length - 1, now + step));
  const left = chart.valToPos(chart.data[0][next] ?? 0, "x");
  chart.setCursor({ left, top: chart.over.clientHeight / 2 });
  return true;
}
