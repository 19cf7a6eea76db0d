import uPlot from "uplot";
import { gradientStops, type ValueRange } from "../color_modes.ts";
import { mixed, withAlpha } from "../colors.ts";
import { timeAxis, zoneOption } from "../time_axis.ts";
import { axisKey, axesOf, numberAxis, scaleOf, valueAxis, type AxisColors } from "./graph_axes.ts";
import { barPlaces } from "./bar_places.ts";
import type { Drawn } from "./graph_columns.ts";
import type { Graph, GraphSeries } from "./graph_model.ts";

export type GraphSetup = {
  readonly graph: Graph;
  readonly drawn: Drawn;
  readonly hidden: ReadonlySet<string>;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  readonly colors: AxisColors;
  readonly timeZone: string;
  /** Of the horizontal axis, where it is not time. */
  readonly unit: string;
  readonly cursor: uPlot.Cursor;
  readonly hooks: uPlot.Hooks.Arrays;
  readonly rangeOf: () => [number, number];
};

/** uPlot's options for a graph. */
export function graphSetup(setup: GraphSetup): uPlot.Options {
  const { graph, colors, timeZone } = setup;
  const axes = axesOf(graph);
  const horizontal = graph.isTime
    ? timeAxis(colors, timeZone)
    : numberAxis(graph, setup.unit, colors);
  return {
    width: setup.width,
    height: setup.height,
    ms: 1,
    legend: { show: false },
    padding: [8, axes.some(({ side }) => side === "right") ? 0 : 18, 0, 0],
    cursor: setup.cursor,
    ...zoneOption(timeZone),
    scales: {
      x: { time: graph.isTime, range: setup.rangeOf },
      ...Object.fromEntries(axes.map((axis) => [axis.key, scaleOf(axis)])),
    },
    axes: [horizontal, ...axes.map((axis, i) => valueAxis(axis, i === 0, colors))],
    series: [{}, ...graph.series.map((series, i) => seriesOptions(series, i, setup))],
    bands: bandsOf(setup),
    hooks: setup.hooks,
  };
}

const { linear, spline, stepped, bars, points } = uPlot.paths;

function seriesOptions(series: GraphSeries, i: number, setup: GraphSetup): uPlot.Series {
  const { style, dash, name, key } = series;
  const isPoints = style.draw === "points";
  const isBars = style.draw === "bars";
  const stacked = setup.drawn.below[i] !== undefined;
  const opacity = (isBars && style.fill_opacity === 0 ? 60 : style.fill_opacity) / 100;
  // The filling of a stack's upper series is the band to the one below it.
  const isFilled = opacity > 0 && !isPoints && (!stacked || isBars) && style.fill_below_to === "";
  const paths = isPoints ? points?.() : pathsOf(series, setup.graph.series);
  return {
    label: name,
    scale: axisKey(series),
    show: !setup.hidden.has(key),
    width: isPoints ? 0 : widthOf(style.line_width, setup.graph),
    stroke: strokeOf(series, setup.dark),
    ...(isFilled ? { fill: fillOf(series, opacity, setup.dark) } : {}),
    ...(dash.length > 0 && !isBars ? { dash: [...dash] } : {}),
    ...(paths === undefined || isPoints ? {} : { paths }),
    ...(isPoints ? { paths: () => null } : {}),
    points: pointsOf(series),
    spanGaps: style.nulls === "connect",
  };
}

/** Among so many lines none is read by its width, and a wider one is far more work without a GPU: 178 ms for a thousand, of a pixel 34 ms. */
const thinFrom = 200;

function widthOf(width: number, { series }: Graph): number {
  return series.length < thinFrom ? width : Math.min(1, width);
}

function pointsOf({ style, color }: GraphSeries): uPlot.Series.Points {
  const isDrawn = style.draw === "points" || style.points === "always";
  if (style.draw === "bars" || (style.points === "never" && style.draw === "lines"))
    return { show: false };
  return isDrawn
    ? { show: true, size: style.point_size, fill: color, width: 0 }
    : { show: false, size: 4, fill: color, filter: loneSamples };
}

/** A lone sample between gaps has no line to be seen by. */
function loneSamples(chart: uPlot, at: number, _show: boolean, gaps?: null | number[][]): number[] {
  if (!gaps?.length) return [];
  const column = chart.data[at] ?? [];
  const found: number[] = [];
  for (let i = 0; i < column.length; i++) {
    if (column[i] == null) continue;
    if (column[i - 1] === null && column[i + 1] === null) found.push(i);
  }
  return found;
}

function pathsOf(
  series: GraphSeries,
  all: readonly GraphSeries[],
): uPlot.Series.PathBuilder | undefined {
  const { style } = series;
  if (style.draw === "bars") return barsOf(series, all);
  switch (style.line) {
    case "smooth":
      return spline?.();
    case "step_before":
      return stepped?.({ align: -1 });
    case "step_after":
      return stepped?.({ align: 1 });
    case "linear":
      return linear?.();
  }
}

/** Bars of stacks stand on one another, those of other series side by side. */
function barsOf(
  series: GraphSeries,
  all: readonly GraphSeries[],
): uPlot.Series.PathBuilder | undefined {
  const { style } = series;
  const align = style.bar_align === "before" ? -1 : style.bar_align === "after" ? 1 : 0;
  const size: [number, number, number] = [style.bar_width, 120, 1];
  const beside = all.filter((one) => one.style.draw === "bars" && one.style.stack === "none");
  const at = beside.indexOf(series);
  if (at < 0 || beside.length < 2) return bars?.({ size, align });
  // Of the chart's own data: they change while the chart stays.
  const places = (chart: uPlot) =>
    barPlaces(Float64Array.from(chart.data[0]), style.bar_width, align, at, beside.length);
  return bars?.({
    size,
    disp: {
      // eslint-disable-next-line typescript/no-unsafe-enum-assignment -- 1: in the units of the scale
      x0: { unit: 1, values: (chart) => places(chart).lefts },
      // eslint-disable-next-line typescript/no-unsafe-enum-assignment -- as above
      size: { unit: 1, values: (chart) => [places(chart).width] },
    },
  });
}

/** By the colour scheme along the axis, or the series' colour. */
function strokeOf(series: GraphSeries, dark: boolean): uPlot.Series.Stroke {
  const { style, color } = series;
  if (style.gradient !== "scheme") return color;
  return (chart) => schemeGradient(chart, series, 1, dark) ?? color;
}

function fillOf(series: GraphSeries, opacity: number, dark: boolean): uPlot.Series.Fill {
  const { style, color } = series;
  switch (style.gradient) {
    case "none":
      return withAlpha(color, opacity);
    case "scheme":
      return (chart) => schemeGradient(chart, series, opacity, dark) ?? withAlpha(color, opacity);
    case "opacity":
      return (chart) =>
        plotGradient(chart, [
          [0, withAlpha(color, 0.02)],
          [1, withAlpha(color, opacity)],
        ]);
    case "hue": {
      const end = mixed([color, dark ? "#10161d" : "#ffffff"], 0.5);
      return (chart) =>
        plotGradient(chart, [
          [0, withAlpha(end, opacity)],
          [1, withAlpha(color, opacity)],
        ]);
    }
  }
}

type Stops = readonly (readonly [number, string])[];

/** From the bottom of the plot to its top. */
function plotGradient(chart: uPlot, stops: Stops): CanvasGradient {
  const { top, height } = chart.bbox;
  const gradient = chart.ctx.createLinearGradient(0, top + height, 0, top);
  for (const [part, color] of stops) gradient.addColorStop(part, color);
  return gradient;
}

function schemeGradient(
  chart: uPlot,
  series: GraphSeries,
  opacity: number,
  dark: boolean,
): CanvasGradient | undefined {
  const { min, max } = chart.scales[axisKey(series)] ?? {};
  if (min === undefined || max === undefined || chart.bbox.height <= 0) return undefined;
  const range: ValueRange = { min, max };
  const stops = gradientStops(series.field.options, range, series.color, dark);
  return plotGradient(
    chart,
    stops.map(([part, color]) => [part, withAlpha(color, opacity)] as const),
  );
}

/** Fillings between two lines: within stacks, and where a series says to which it fills down. */
function bandsOf({ graph, drawn, hidden }: GraphSetup): uPlot.Band[] {
  const byName = new Map(graph.series.map(({ name }, i) => [name, i]));
  return graph.series.flatMap((series, i): uPlot.Band[] => {
    const { style, color, key } = series;
    if (hidden.has(key)) return [];
    const under = drawn.below[i];
    const target = style.fill_below_to === "" ? undefined : byName.get(style.fill_below_to);
    const opacity = style.fill_opacity / 100;
    if (under !== undefined && style.draw === "lines" && opacity > 0) {
      return [{ series: [i + 1, under + 1], fill: withAlpha(color, opacity) }];
    }
    if (under !== undefined && style.draw === "bars") {
      return [{ series: [i + 1, under + 1], fill: withAlpha(color, opacity || 0.6) }];
    }
    if (target === undefined || target === i) return [];
    return [{ series: [i + 1, target + 1], fill: withAlpha(color, opacity || 0.25) }];
  });
}
