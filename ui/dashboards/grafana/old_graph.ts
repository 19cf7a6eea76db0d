import { noteRest, type Note } from "./notes.ts";
import { listOf, numberOr, recordOf, recordsOf, textOr, type Source } from "./read.ts";

/** Options of fields as newer panels have them, made of what older kinds of panels had of their own. */
export type LegacyFields = {
  readonly defaults: Source;
  readonly overrides: readonly unknown[];
  /** Members of the panel that are carried over here, or by the kind that the panel becomes. */
  readonly known: readonly string[];
};

/** Members that only the graph before Grafana 8 had. */
export const graphKnown = [
  "lines",
  "linewidth",
  "fill",
  "fillGradient",
  "points",
  "pointradius",
  "bars",
  "stack",
  "percentage",
  "steppedLine",
  "nullPointMode",
  "legend",
  "tooltip",
  "yaxes",
  "xaxis",
  "yaxis",
  "seriesOverrides",
  "aliasColors",
  "thresholds",
  "dashes",
  "dashLength",
  "spaceLength",
  "renderer",
  "decimals",
  "hiddenSeries",
  "timeRegions",
  "grid",
  "y_formats",
  "leftYAxisLabel",
  "rightYAxisLabel",
  "x-axis",
  "y-axis",
  "y_axis",
  "scale",
  "zerofill",
];

/** Members of a graph's override of a series that became options of fields. */
const seriesKnown = [
  "alias",
  "bars",
  "color",
  "dashes",
  "fill",
  "fillBelowTo",
  "fillGradient",
  "hideTooltip",
  "legend",
  "lines",
  "linewidth",
  "nullPointMode",
  "pointradius",
  "points",
  "stack",
  "steppedLine",
  "transform",
  "yaxis",
];

/**
 * A graph of the first versions as those after them have it: two axes as `yaxes`, and the two thresholds of the grid in a list.
 * Others as they are.
 */
export function withAxes(panel: Source): Source {
  const type = textOr(panel["type"]);
  const hasOld = ["grid", "y_formats", "leftYAxisLabel", "rightYAxisLabel"].some(
    (key) => panel[key] !== undefined,
  );
  if (type !== "graph" || !hasOld) return panel;
  const grid = recordOf(panel["grid"]);
  const formats = listOf(panel["y_formats"]);
  const axis = (side: "left" | "right") => ({
    format: formats[side === "left" ? 0 : 1],
    label: panel[`${side}YAxisLabel`],
    min: grid[`${side}Min`],
    max: grid[`${side}Max`],
    logBase: grid[`${side}LogBase`],
    ...(panel["y-axis"] === false ? { show: false } : {}),
  });
  return {
    ...panel,
    yaxes: panel["yaxes"] ?? [axis("left"), axis("right")],
    thresholds: panel["thresholds"] ?? gridThresholds(grid),
  };
}

/** Each a ground in its colour, or a line; where the second is the smaller one they count downwards. */
function gridThresholds(grid: Source): unknown[] {
  const [first, second] = [numberOr(grid["threshold1"]), numberOr(grid["threshold2"])];
  const op = first !== undefined && second !== undefined && first > second ? "lt" : "gt";
  const isLine = grid["thresholdLine"] === true;
  return [first, second].flatMap((value, i) => {
    const color = grid[`threshold${i + 1}Color`];
    if (value === undefined) return [];
    return [{ value, op, colorMode: "custom", fillColor: color, line: isLine, fill: !isLine }];
  });
}

/** What a graph had of its own of units, bounds, colours and thresholds. */
export function graphFields(panel: Source): LegacyFields {
  const [left, right] = recordsOf(panel["yaxes"]);
  const axis = left ?? {};
  const steps = thresholdSteps(recordsOf(panel["thresholds"]));
  return {
    known: graphKnown,
    defaults: {
      unit: axis["format"],
      min: axis["min"],
      max: axis["max"],
      decimals: panel["decimals"] ?? axis["decimals"],
      color: { mode: "palette-classic" },
      ...(steps.length === 0 ? {} : { thresholds: { mode: "absolute", steps } }),
    },
    overrides: [...colorOverrides(panel["aliasColors"]), ...seriesOverrides(panel, right)],
  };
}

/** Colours from a value on; one that says "less than" colours what lies below it, down to the threshold before. */
function thresholdSteps(thresholds: readonly Source[]): Source[] {
  const sorted = thresholds
    .flatMap((each) => {
      const value = numberOr(each["value"]);
      return value === undefined
        ? []
        : [{ value, isBelow: each["op"] === "lt", color: thresholdColor(each) }];
    })
    .toSorted((a, b) => a.value - b.value);
  const from = (value: number | null, i: number): Source => {
    const [before, after] = [sorted[i], sorted[i + 1]];
    const color =
      after?.isBelow === true ? after.color : before?.isBelow === false ? before.color : undefined;
    return { value, color: color ?? "transparent" };
  };
  return sorted.length === 0
    ? []
    : [from(null, -1), ...sorted.map(({ value }, i) => from(value, i))];
}

const thresholdColors: Readonly<Record<string, string>> = {
  critical: "red",
  warning: "orange",
  ok: "green",
};

function thresholdColor(threshold: Source): string {
  const mode = textOr(threshold["colorMode"]) ?? "";
  return thresholdColors[mode] ?? textOr(threshold["lineColor"] ?? threshold["fillColor"]) ?? "red";
}

/** Colours by the names of series. */
export function colorOverrides(colors: unknown): unknown[] {
  return Object.entries(recordOf(colors)).map(([name, color]) => ({
    matcher: { id: "byName", options: name },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
  }));
}

/** Names the unsupported parts of the overrides of a graph's series. */
export function noteSeries(panel: Source, note: Note): void {
  for (const [i, each] of recordsOf(panel["seriesOverrides"]).entries()) {
    const at = `seriesOverrides[${i}]`;
    noteRest(each, seriesKnown, ["$$hashKey"], note, at);
    if (textOr(each["alias"]) === undefined) note(`${at}.alias`, "is missing: it is for no series");
    if (each["nullPointMode"] === "null as zero")
      note(`${at}.nullPointMode`, "gaps are not drawn as zero");
    const isDrawn = [each["points"], each["bars"], panel["points"], panel["bars"]].includes(true);
    if (each["lines"] === false && !isDrawn) note(`${at}.lines`, "the series keeps its line");
  }
}

function seriesOverrides(panel: Source, right: Source | undefined): unknown[] {
  return recordsOf(panel["seriesOverrides"]).flatMap((each) => {
    const alias = textOr(each["alias"]);
    if (alias === undefined) return [];
    const isPattern = alias.startsWith("/");
    const properties = seriesProperties(each, panel, right);
    if (properties.length === 0) return [];
    return [{ matcher: { id: isPattern ? "byRegexp" : "byName", options: alias }, properties }];
  });
}

type Add = (id: string, value: unknown) => void;

/** A graph's override of a series in newer ids: the kind reads them as `custom`. */
function seriesProperties(source: Source, panel: Source, right: Source | undefined): unknown[] {
  const properties: { id: string; value: unknown }[] = [];
  const add: Add = (id, value) => {
    if (value !== undefined && value !== null && value !== "") properties.push({ id, value });
  };
  if (source["color"] !== undefined) add("color", { mode: "fixed", fixedColor: source["color"] });
  if (numberOr(source["yaxis"]) === 2) addAxis(right ?? {}, add);
  const fill = numberOr(source["fill"]);
  if (fill !== undefined) add("custom.fillOpacity", fill * 10);
  const gradient = numberOr(source["fillGradient"]);
  if (gradient !== undefined && gradient > 0) add("custom.gradientMode", "opacity");
  add("custom.lineWidth", numberOr(source["linewidth"]));
  addForm(source, panel, add);
  if (source["transform"] === "negative-Y") add("custom.transform", "negative-Y");
  if (source["dashes"] === true) add("custom.lineStyle", { fill: "dash", dash: [10, 10] });
  if (source["stack"] === false) add("custom.stacking", { mode: "none", group: "A" });
  const group = textOr(source["stack"]);
  if (source["stack"] === true || group !== undefined)
    add("custom.stacking", { mode: "normal", group: group ?? "A" });
  add("custom.fillBelowTo", source["fillBelowTo"]);
  const hidden = { legend: source["legend"] === false, tooltip: source["hideTooltip"] === true };
  if (hidden.legend || hidden.tooltip) add("custom.hideFrom", hidden);
  return properties;
}

/** Lines, bars or points, and what is drawn where there is no value. */
function addForm(source: Source, panel: Source, add: Add): void {
  const hasPoints = (source["points"] ?? panel["points"]) === true;
  if (source["bars"] === true) add("custom.drawStyle", "bars");
  else if (source["lines"] === false && hasPoints) add("custom.drawStyle", "points");
  else if (source["lines"] === true) add("custom.drawStyle", "line");
  if (source["points"] === true && source["lines"] !== false) add("custom.showPoints", "always");
  if (source["points"] === false) add("custom.showPoints", "never");
  const radius = numberOr(source["pointradius"]);
  if (radius !== undefined && hasPoints) add("custom.pointSize", radius * 2);
  if (source["steppedLine"] === true) add("custom.lineInterpolation", "stepAfter");
  if (source["nullPointMode"] === "connected") add("custom.spanNulls", true);
}

/** The right axis has its unit, its bounds, its label and its scale for the series that stand there. */
function addAxis(right: Source, add: Add): void {
  add("custom.axisPlacement", "right");
  add("unit", right["format"]);
  add("decimals", right["decimals"]);
  add("min", numberOr(right["min"]));
  add("max", numberOr(right["max"]));
  add("custom.axisLabel", right["label"]);
  const base = numberOr(right["logBase"]) ?? 1;
  if (base > 1) add("custom.scaleDistribution", { type: "log", log: base });
}
