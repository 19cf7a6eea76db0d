import { useCallback, useEffect, useMemo, useRef, useState, type RefObject } from "react";
import uPlot from "uplot";
import { axisColors } from "../chart_theme.ts";
import type { Drawn } from "./graph_columns.ts";
import type { GraphChartProps } from "./graph_chart_props.ts";
import { followTouch, graphCursor, zoomTo } from "./graph_cursor.ts";
import { axisKey } from "./graph_axes.ts";
import { overlayHooks } from "./graph_overlays.ts";
import type { Graph } from "./graph_model.ts";
import { graphSetup } from "./graph_setup.ts";
import type { TooltipPlace } from "./graph_tooltip.tsx";
import { isSeen } from "../in_window.ts";
import { shareCursor, type CursorOwner, type SharedCursor } from "./shared_cursor.ts";

type Props = GraphChartProps & {
  readonly drawn: Drawn;
  readonly hidden: ReadonlySet<string>;
  readonly dark: boolean;
};

type Live = {
  readonly chart: RefObject<uPlot | undefined>;
  /** Counts the drawings, for annotations that lie over the chart; without them nothing needs to follow. */
  readonly draws: number;
  readonly place: TooltipPlace | undefined;
  readonly pin: () => void;
  readonly close: () => void;
};

/** A uPlot in the element. New data redraw it; another set of series, style or theme builds it anew. */
export function useGraph(host: RefObject<HTMLDivElement | null>, props: Props): Live {
  const { graph, drawn, hidden, dark, timeZone, crosshair } = props;
  const { isTime } = graph;
  // The one in the document: what changes while another is built is drawn by that one alone.
  const chart = useRef<uPlot>(undefined);
  const drawnLast = useRef<Columns>(undefined);
  const [draws, setDraws] = useState(0);
  const [place, setPlace] = useState<TooltipPlace>();
  const pinned = useRef(false);
  // The chart outlives renders: it reads what is current through this.
  const latest = useRef(props);
  latest.current = props;
  const close = useCallback(() => {
    pinned.current = false;
    setPlace(undefined);
  }, []);
  const pin = useCallback(() => {
    pinned.current = !pinned.current;
    setPlace((now) => (now === undefined ? now : { ...now, pinned: pinned.current }));
  }, []);
  const spanMs = props.window.endMs - props.window.startMs;
  const identity = useMemo(
    () => identityOf(graph, drawn, hidden, spanMs),
    [graph, drawn, hidden, spanMs],
  );

  useEffect(() => {
    const root = host.current;
    if (root === null) return;
    // The chart tells of its cursor while it is made, too.
    let shared: SharedCursor | undefined;
    const placeIn = (shown: uPlot) => placeOf(shown, latest.current, shared?.owner() ?? "none");
    const frames = oncePerFrame((shown: uPlot) => {
      if (!pinned.current) setPlace(placeIn(shown));
    });
    const made = build(root, latest, {
      follow: (told) => {
        shared?.told();
        frames.run(told);
      },
      pin: () => {
        // A quick click comes before the frame that would show where the pointer is.
        if (!pinned.current) setPlace(placeIn(made));
        pin();
      },
      drawn: () => {
        if (latest.current.annotations.length > 0) setDraws((count) => count + 1);
      },
    });
    if (isTime && crosshair !== "") shared = shareCursor(made, crosshair);
    const endTouch = followTouch(made);
    chart.current = made;
    drawnLast.current = partsOf(latest.current);
    return () => {
      endTouch();
      shared?.end();
      frames.cancel();
      pinned.current = false;
      setPlace(undefined);
      chart.current = undefined;
      made.destroy();
    };
  }, [host, identity, dark, timeZone, crosshair, isTime, pin]);

  useCurrent(chart, drawnLast, props);
  useEscape(place?.pinned === true, close);

  return { chart, draws, place, pin, close };
}

/** Keeps the chart at what is asked for. Runs after it was built: the chart of these very props stands. */
function useCurrent(
  chart: RefObject<uPlot | undefined>,
  last: RefObject<Columns | undefined>,
  { graph, drawn, hidden, width, height, window: { startMs, endMs } }: Props,
): void {
  useEffect(() => {
    const { current } = chart;
    if (current !== undefined && (current.width !== width || current.height !== height)) {
      current.setSize({ width, height });
    }
  }, [width, height]);

  useEffect(() => {
    const before = last.current;
    const isShown =
      before?.graph === graph &&
      before.drawn === drawn &&
      before.startMs === startMs &&
      before.endMs === endMs;
    if (isShown) return;
    last.current = { graph, drawn, startMs, endMs };
    chart.current?.setData(columnsOf(graph.positions, drawn));
  }, [graph, drawn, startMs, endMs]);

  useEffect(() => {
    graph.series.forEach(({ key }, i) => {
      const show = !hidden.has(key);
      if (chart.current?.series[i + 1]?.show !== show) chart.current?.setSeries(i + 1, { show });
    });
  }, [graph, hidden]);
}

/** What a chart was last given to draw. */
type Columns = {
  readonly graph: Graph;
  readonly drawn: Drawn;
  readonly startMs: number;
  readonly endMs: number;
};

function partsOf({ graph, drawn, window }: Props): Columns {
  return { graph, drawn, startMs: window.startMs, endMs: window.endMs };
}

function useEscape(isPinned: boolean, close: () => void): void {
  useEffect(() => {
    if (!isPinned) return;
    const leave = (event: KeyboardEvent): void => {
      if (event.key === "Escape") close();
    };
    addEventListener("keydown", leave);
    return () => removeEventListener("keydown", leave);
  }, [isPinned, close]);
}

/** A pointer moves more often than a screen is drawn: of the calls before one frame only the first is made, in it. */
function oncePerFrame(call: (chart: uPlot) => void) {
  let frame: number | undefined;
  return {
    run: (chart: uPlot): void => {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        call(chart);
      });
    },
    cancel: (): void => {
      if (frame !== undefined) cancelAnimationFrame(frame);
    },
  };
}

/** What a chart can't change once it is made. */
function identityOf(
  graph: Graph,
  drawn: Drawn,
  hidden: ReadonlySet<string>,
  spanMs: number,
): string {
  const span = graph.isTime ? Math.round(spanMs / 1_000) : 0;
  const stacks = drawn.below.some((one) => one !== undefined) ? [...hidden].join() : "";
  // Thousands of series may share one style.
  const written = new Map<object, string>();
  const textOf = (value: object): string => {
    let text = written.get(value);
    if (text === undefined) written.set(value, (text = JSON.stringify(value)));
    return text;
  };
  return [
    span,
    stacks,
    ...graph.series.map((one) => {
      const { thresholds } = one.field.options;
      const limits = thresholds === undefined ? "" : textOf(thresholds);
      return `${one.key}${one.color}${one.dash.join()}${axisKey(one)}${textOf(one.style)}${limits}`;
    }),
  ].join("\u0001");
}

type Callbacks = {
  readonly follow: (chart: uPlot) => void;
  readonly pin: () => void;
  readonly drawn: () => void;
};

function build(root: HTMLDivElement, latest: RefObject<Props>, callbacks: Callbacks): uPlot {
  const { graph, drawn, dark } = latest.current;
  const overlays = overlayHooks(graph, dark, () => latest.current.incomplete ?? []);
  const options = graphSetup({
    graph,
    drawn,
    hidden: latest.current.hidden,
    dark,
    width: latest.current.width,
    height: latest.current.height,
    timeZone: latest.current.timeZone,
    unit: latest.current.unit ?? "short",
    colors: axisColors(dark),
    rangeOf: () => rangeOf(latest.current),
    cursor: graphCursor(graph.series.length, () => ({
      onZoom: latest.current.onZoom,
      onZoomOut: latest.current.onZoomOut,
      onPin: callbacks.pin,
      onAnnotate: latest.current.graph.isTime ? latest.current.onAnnotate : undefined,
    })),
    hooks: {
      drawClear: [overlays.under],
      draw: [overlays.over, callbacks.drawn],
      setCursor: [callbacks.follow],
      setSelect: [
        (chart) => {
          if (latest.current.graph.isTime) zoomTo(chart, latest.current.onZoom);
        },
      ],
    },
  });
  return new uPlot(options, columnsOf(graph.positions, drawn), root);
}

function rangeOf({ graph, window }: Props): [number, number] {
  if (graph.isTime) return [window.startMs, window.endMs];
  const first = graph.positions[0] ?? 0;
  const last = graph.positions.at(-1) ?? 1;
  return last > first ? [first, last] : [first - 1, first + 1];
}

function columnsOf(positions: Float64Array, { columns }: Drawn): uPlot.AlignedData {
  return [Array.from(positions), ...columns.map((column) => [...column])];
}

/** Of the crosshair: this chart's own, or that of another where the tooltip is shared, too. */
function placeOf(
  chart: uPlot,
  { graph, hasSharedTooltip = false }: Props,
  owner: CursorOwner,
): TooltipPlace | undefined {
  const { idx, left = -1, top = -1 } = chart.cursor;
  if (idx === null || idx === undefined || left < 0) return undefined;
  const box = chart.over.getBoundingClientRect();
  if (owner === "other") {
    if (!hasSharedTooltip || !isSeen(chart.over)) return undefined;
    const within = { left: box.left, right: box.right };
    return { idx, x: box.left + left, y: box.top + 12, nearest: undefined, pinned: false, within };
  }
  const isOwn =
    chart.over.matches(":hover") || chart.root.parentElement?.matches(":focus") === true;
  if (!isOwn) return undefined;
  let nearest: number | undefined;
  let distance = Number.POSITIVE_INFINITY;
  graph.series.forEach((series, i) => {
    const value = chart.data[i + 1]?.[idx];
    if (value === null || value === undefined || chart.series[i + 1]?.show === false) return;
    const away = Math.abs(chart.valToPos(value, axisKey(series)) - top);
    if (away < distance) {
      distance = away;
      nearest = i;
    }
  });
  return { idx, x: box.left + left, y: box.top + top, nearest, pinned: false };
}
