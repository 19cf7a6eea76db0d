import uPlot from "uplot";
import { reduceNumber } from "../../frames/reduce.ts";
import { formatUnit } from "../../units/units.ts";
import { thresholdValue } from "../color_modes.ts";
import { distinctLabels, stepFor } from "./axis_step.ts";
import type { Graph, GraphSeries } from "./graph_model.ts";
import { axisFont } from "../time_axis.ts";

/** A vertical axis: series of one unit and scale share it. */
export type GraphAxis = {
  readonly key: string;
  readonly side: "left" | "right" | "hidden";
  readonly unit: string;
  readonly decimals: number | undefined;
  readonly series: readonly GraphSeries[];
};

/** Axes in order of their first series: the first at the left, further ones at the right unless a series says so. */
export function axesOf({ series }: Graph): readonly GraphAxis[] {
  const groups = new Map<string, GraphSeries[]>();
  for (const one of series) {
    const key = axisKey(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups].map(([key, members], i): GraphAxis => {
    const first = members[0];
    const place = first?.style.axis ?? "auto";
    return {
      key,
      side: place === "auto" ? (i === 0 ? "left" : "right") : place,
      unit: first === undefined ? "short" : unitOf(first),
      decimals: first?.field.options.decimals,
      series: members,
    };
  });
}

const axisKeys = new WeakMap<GraphSeries, string>();

/** The key of uPlot's scale that the series belongs to. Asked for at every move of the pointer: written once. */
export function axisKey(series: GraphSeries): string {
  let key = axisKeys.get(series);
  if (key === undefined) axisKeys.set(series, (key = writtenAxisKey(series)));
  return key;
}

function writtenAxisKey(series: GraphSeries): string {
  const { style, field } = series;
  const { min, max } = field.options;
  return `y\u0000${[
    unitOf(series),
    style.axis,
    style.axis_label,
    style.scale,
    style.log_base,
    style.centered_zero,
    style.soft_min,
    style.soft_max,
    min,
    max,
  ].join("\u0000")}`;
}

function unitOf({ style, field }: GraphSeries): string {
  return style.stack === "percent" ? "percentunit" : (field.options.unit ?? "short");
}

const shrinkAfter = 5;

/** uPlot's scale of an axis. It grows at once, and shrinks only when several refreshes in a row needed less than half of it. */
export function scaleOf(axis: GraphAxis): uPlot.Scale {
  const first = axis.series[0];
  if (first === undefined) return {};
  const { style, field } = first;
  const fixedMin = field.options.min;
  const fixedMax = style.stack === "percent" ? 1 : field.options.max;
  let current: [number, number] | undefined;
  let small = 0;
  const range = (_chart: uPlot, dataMin: number | null, dataMax: number | null) => {
    const wanted = wantedRange(axis, dataMin ?? 0, dataMax ?? 0);
    const span = wanted[1] - wanted[0];
    if (current === undefined) current = wanted;
    const held = current[1] - current[0];
    small = span < held / 2 ? small + 1 : 0;
    if (small >= shrinkAfter) current = wanted;
    else current = [Math.min(current[0], wanted[0]), Math.max(current[1], wanted[1])];
    if (small >= shrinkAfter) small = 0;
    const low = fixedMin ?? current[0];
    const high = fixedMax ?? current[1];
    const pair: uPlot.Range.MinMax = high > low ? [low, high] : [low, low + 1];
    return pair;
  };
  // uPlot declares its numbers as enums that no module exports.
  // eslint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
  if (style.scale === "log") return { distr: 3, log: style.log_base, range };
  // eslint-disable-next-line typescript/no-unsafe-enum-assignment -- see above
  if (style.scale === "symlog") return { distr: 4, asinh: style.symlog_threshold, range };
  return { range };
}

function wantedRange(axis: GraphAxis, dataMin: number, dataMax: number): [number, number] {
  const [first] = axis.series;
  const style = first?.style;
  let low = Math.min(dataMin, style?.soft_min ?? dataMin);
  let high = Math.max(dataMax, style?.soft_max ?? dataMax);
  for (const threshold of shownThresholds(axis)) {
    low = Math.min(low, threshold);
    high = Math.max(high, threshold);
  }
  if (style?.scale === "log") return logRange(low, high, style.log_base);
  if (style?.scale === "symlog") {
    const [min, max] = uPlot.rangeAsinh(low, high, 10, true);
    return [min ?? low, max ?? high];
  }
  // A chart of amounts begins at zero; one of a narrow band far from it does not.
  if (low > 0 && low < high * 0.7 && style?.soft_min === null) low = 0;
  if (style?.centered_zero === true) {
    high = Math.max(Math.abs(low), Math.abs(high));
    low = -high;
  }
  return roundedRange(low, high, axis.unit, style?.soft_min ?? null);
}

function logRange(low: number, high: number, base: 2 | 10): [number, number] {
  if (!(high > 0)) return [1, base];
  const from = base ** Math.floor(Math.log(low > 0 ? low : high / 1_000) / Math.log(base));
  const to = base ** Math.ceil(Math.log(high) / Math.log(base) + 1e-9);
  return [from, to > from ? to : from * base];
}

/** Ends on multiples of the step of the axis, with a little air above. */
function roundedRange(
  low: number,
  high: number,
  unit: string,
  softMin: number | null,
): [number, number] {
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  if (low === high) {
    if (low === 0) return [0, 1];
    const pad = Math.abs(low) * 0.5;
    return low > 0 ? [0, high + pad] : [low - pad, 0];
  }
  const air = (high - low) * 0.04;
  const step = stepFor((high - low + 2 * air) / 5, unit, Math.max(Math.abs(low), Math.abs(high)));
  const bottom = low === 0 || low === softMin ? low : Math.floor((low - air) / step) * step;
  const top = high === 0 ? 0 : Math.ceil((high + air) / step) * step;
  return [bottom, top];
}

/** Values of the thresholds that the axis shows. */
function shownThresholds(axis: GraphAxis): number[] {
  return axis.series.flatMap(({ style, field }) => {
    const { thresholds } = field.options;
    // Percentages are of the range itself; they can't widen it.
    if (style.thresholds === "off" || thresholds === undefined) return [];
    if (thresholds.mode === "percentage") return [];
    return thresholds.steps.flatMap(({ value }) => (value === null ? [] : [value]));
  });
}

/** Thresholds of an axis as places on it. */
export function axisThresholds(
  { style, field }: GraphSeries,
  range: { readonly min: number; readonly max: number },
): readonly { readonly from: number; readonly to: number; readonly color: string }[] {
  const { thresholds } = field.options;
  if (style.thresholds === "off" || thresholds === undefined) return [];
  const bounds = { min: field.options.min ?? range.min, max: field.options.max ?? range.max };
  const places = thresholds.steps.map(({ value }) => thresholdValue(value, thresholds, bounds));
  return thresholds.steps.map(({ color }, i) => ({
    from: places[i] ?? Number.NEGATIVE_INFINITY,
    to: places[i + 1] ?? Number.POSITIVE_INFINITY,
    color,
  }));
}

export type AxisColors = { readonly text: string; readonly grid: string };

/** The vertical axis as uPlot draws it. */
export function valueAxis(axis: GraphAxis, isFirst: boolean, colors: AxisColors): uPlot.Axis {
  const style = axis.series[0]?.style;
  const hasGrid = style?.grid === "on" || (style?.grid !== "off" && isFirst);
  const isLinear = style?.scale === "linear";
  return {
    scale: axis.key,
    // eslint-disable-next-line typescript/no-unsafe-enum-assignment -- 1 is right, 3 is left
    side: axis.side === "right" ? 1 : 3,
    show: axis.side !== "hidden",
    stroke: colors.text,
    font: axisFont,
    gap: 4,
    size: (_chart, labels) => axisWidth(labels, style?.axis_width ?? 0),
    ...(style?.axis_label ? { label: style.axis_label, labelFont: axisFont, labelSize: 18 } : {}),
    grid: { show: hasGrid, stroke: colors.grid, width: 1 },
    ticks: { show: false },
    ...(isLinear ? { splits: (_chart, _i, min, max) => linearSplits(min, max, axis.unit) } : {}),
    values: (_chart, splits) => axisLabels(splits, axis),
  };
}

function axisWidth(labels: readonly string[] | null, fixed: number): number {
  if (fixed > 0) return fixed;
  const longest = (labels ?? []).reduce((most, label) => Math.max(most, (label ?? "").length), 0);
  return Math.max(36, Math.ceil(longest * 6.3) + 14);
}

/** Multiples of the step within the range; the chart's own ends need not be among them where they are fixed. */
function linearSplits(min: number, max: number, unit: string): number[] {
  const step = stepFor((max - min) / 5 / 1.0001, unit, Math.max(Math.abs(min), Math.abs(max)));
  const first = Math.ceil(min / step - 1e-6);
  const last = Math.floor(max / step + 1e-6);
  return Array.from({ length: Math.max(0, last - first) + 1 }, (_, i) => (first + i) * step);
}

/** Words of the ticks; with more decimals where two would read the same. */
function axisLabels(splits: readonly number[], { unit, decimals }: GraphAxis): string[] {
  // Logarithmic axes leave out splits that are too close: those are null.
  const write = (places: number | undefined): string[] =>
    splits.map((value) => (value === null ? "" : formatUnit(tidy(value), unit, places)));
  return decimals === undefined ? distinctLabels(write) : write(decimals);
}

/** Sums of steps have rounding errors in their last digits. */
function tidy(value: number): number {
  return Math.abs(value) < 1e-12 ? 0 : Number(value.toPrecision(12));
}

/** The horizontal axis over numbers. */
export function numberAxis(graph: Graph, unit: string, colors: AxisColors): uPlot.Axis {
  const max = reduceNumber(graph.positions, "max");
  return {
    stroke: colors.text,
    font: axisFont,
    size: 26,
    gap: 4,
    space: 72,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 4 },
    values: (_chart, splits) =>
      splits.map((value) => formatUnit(tidy(value), Math.abs(max) < 1 ? "none" : unit)),
  };
}
