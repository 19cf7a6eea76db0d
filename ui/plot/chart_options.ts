import uPlot from "uplot";
import type { ChartSeries } from "./chart_data.ts";
import { formatValue, type Unit } from "../units/format.ts";
import type { Scale } from "./scale.ts";
import { axisFont, timeAxis, zoneOption } from "./time_axis.ts";

type ChartColours = { readonly text: string; readonly grid: string };

export type ChartSetup = {
  readonly width: number;
  readonly height: number;
  readonly unit: Unit;
  readonly timeZone: string;
  readonly series: readonly ChartSeries[];
  readonly colours: ChartColours;
  /** Charts with one key share their crosshair. */
  readonly crosshair: string;
  readonly scaleOf: (dataMax: number) => Scale;
  readonly windowMs: () => [number, number];
  readonly onZoom: (startMs: number, endMs: number) => void;
  readonly onZoomOut: () => void;
  readonly onCursor: (chart: uPlot) => void;
  /** Draws under the lines. */
  readonly under: (chart: uPlot) => void;
  readonly onDrawn: () => void;
};

/** A drag shorter than this is a click. */
const dragMinPx = 6;

/** uPlot's options for lines over time: axis from zero, gaps kept, drag zooms, double click zooms out, Shift-drag pans. */
export function chartOptions(setup: ChartSetup): uPlot.Options {
  let scale: Scale = { max: 1, step: 0.5 };
  return {
    width: setup.width,
    height: setup.height,
    ms: 1,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: cursorOptions(setup),
    ...zoneOption(setup.timeZone),
    scales: {
      x: { time: true, range: setup.windowMs },
      y: {
        range: (_chart, _min, max) => {
          scale = setup.scaleOf(max ?? 0);
          return [0, scale.max];
        },
      },
    },
    axes: [timeAxis(setup.colours, setup.timeZone), valueAxis(setup, () => scale)],
    series: [
      {},
      ...setup.series.map((line): uPlot.Series => ({
        label: line.name,
        stroke: line.color,
        width: 1.5,
        ...(line.dash.length > 0 ? { dash: [...line.dash] } : {}),
        ...(setup.series.length === 1 ? { fill: `${line.color}1f` } : {}),
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: {
      drawClear: [setup.under],
      draw: [setup.onDrawn],
      setCursor: [setup.onCursor],
      setSelect: [
        (chart) => {
          const { left, width } = chart.select;
          if (width < dragMinPx) return;
          setup.onZoom(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
    },
  };
}

function cursorOptions(setup: ChartSetup): uPlot.Cursor {
  return {
    y: false,
    points: { size: 6 },
    drag: { x: true, y: false, setScale: false, dist: dragMinPx },
    sync: { key: setup.crosshair, setSeries: false },
    bind: {
      dblclick: () => () => {
        setup.onZoomOut();
        return null;
      },
      mousedown: (chart, _target, handle) => (event) => {
        if (!event.shiftKey) return handle(event);
        pan(chart, event, setup.onZoom);
        return null;
      },
    },
  };
}

/** Follows the pointer until it is let go, then hands on the range that was panned to. */
function pan(chart: uPlot, down: MouseEvent, onDone: ChartSetup["onZoom"]): void {
  const min = chart.scales["x"]?.min ?? 0;
  const max = chart.scales["x"]?.max ?? 0;
  const msPerPx = (max - min) / Math.max(1, chart.over.clientWidth);
  let shiftMs = 0;
  const move = (event: MouseEvent): void => {
    shiftMs = (down.clientX - event.clientX) * msPerPx;
    chart.over.style.transform = `translateX(${event.clientX - down.clientX}px)`;
  };
  const up = (): void => {
    removeEventListener("mousemove", move);
    removeEventListener("mouseup", up);
    chart.over.style.transform = "";
    if (shiftMs !== 0) onDone(min + shiftMs, max + shiftMs);
  };
  addEventListener("mousemove", move);
  addEventListener("mouseup", up);
}

function valueAxis({ colours, unit }: ChartSetup, scale: () => Scale): uPlot.Axis {
  return {
    stroke: colours.text,
    font: axisFont,
    size: 68,
    gap: 4,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    splits: () => {
      const { max, step } = scale();
      return Array.from({ length: Math.round(max / step) + 1 }, (_, i) => i * step);
    },
    values: (_chart, splits) => splits.map((value) => formatValue(value, unit)),
  };
}
