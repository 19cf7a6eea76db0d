import { isRecord, listOf, numberOr, recordOf, recordsOf, textOr, type Source } from "./read.ts";

/** Options of fields as newer panels have them, made of what older kinds of panels had of their own. */
type LegacyFields = {
  readonly defaults: Source;
  readonly overrides: readonly unknown[];
  /** Members of the panel that are carried over here, or by the kind that the panel becomes. */
  readonly known: readonly string[];
};

const graphKnown = [
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
const singleKnown = [
  "format",
  "valueName",
  "valueFontSize",
  "prefix",
  "postfix",
  "prefixFontSize",
  "postfixFontSize",
  "colorBackground",
  "colorValue",
  "colorPrefix",
  "colorPostfix",
  "colors",
  "thresholds",
  "sparkline",
  "gauge",
  "nullText",
  "nullPointMode",
  "valueMaps",
  "rangeMaps",
  "mappingType",
  "mappingTypes",
  "decimals",
  "tableColumn",
  "maxDataPoints",
];
const pieKnown = [
  "pieType",
  "legend",
  "legendType",
  "format",
  "valueName",
  "aliasColors",
  "strokeWidth",
  "combine",
  "fontSize",
  "breakPoint",
  "decimals",
];
const tableKnown = [
  "styles",
  "columns",
  "transform",
  "sort",
  "showHeader",
  "scroll",
  "fontSize",
  "pageSize",
  "filterNull",
];

/** Kinds of panels before version 7, by their type and what only they had. */
export function legacyFields(panel: Source): LegacyFields | undefined {
  const type = textOr(panel["type"]);
  if (type === "graph" || (type === "timeseries" && panel["yaxes"] !== undefined))
    return graph(panel);
  if (type === "singlestat" || type === "grafana-singlestat-panel") return singlestat(panel);
  if (type === "grafana-piechart-panel") return pie(panel);
  if (type === "table-old" || (type === "table" && Array.isArray(panel["styles"])))
    return oldTable(panel);
  if (type === "text" && (panel["content"] !== undefined || panel["mode"] !== undefined))
    return { defaults: {}, overrides: [], known: ["content", "mode"] };
  const options = recordOf(panel["options"]);
  if (isRecord(options["fieldOptions"])) return fieldOptions(options["fieldOptions"]);
  return undefined;
}

/** What a legacy type is called now: the kind knows its options by both. */
export const newTypes: Readonly<Record<string, string>> = {
  graph: "timeseries",
  singlestat: "stat",
  "grafana-singlestat-panel": "stat",
  "grafana-piechart-panel": "piechart",
  "table-old": "table",
  "heatmap-new": "heatmap",
};

function graph(panel: Source): LegacyFields {
  const [left, right] = recordsOf(panel["yaxes"]);
  const formats = listOf(panel["y_formats"]);
  const axis = left ?? {};
  const steps = recordsOf(panel["thresholds"]).flatMap((each) => {
    const value = numberOr(each["value"]);
    return value === undefined ? [] : [{ value, color: thresholdColor(each) }];
  });
  return {
    known: graphKnown,
    defaults: {
      unit: axis["format"] ?? formats[0],
      min: axis["min"],
      max: axis["max"],
      decimals: panel["decimals"] ?? axis["decimals"],
      color: { mode: "palette-classic" },
      ...(steps.length === 0
        ? {}
        : {
            thresholds: {
              mode: "absolute",
              steps: [
                { value: null, color: "transparent" },
                ...steps.toSorted((a, b) => a.value - b.value),
              ],
            },
          }),
    },
    overrides: [
      ...colorOverrides(panel["aliasColors"]),
      ...rightAxis(panel["seriesOverrides"], right),
    ],
  };
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

function colorOverrides(colors: unknown): unknown[] {
  return Object.entries(recordOf(colors)).map(([name, color]) => ({
    matcher: { id: "byName", options: name },
    properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
  }));
}

/** Unit and bounds of the right axis, for the series that stand there, and colours and names of all. How lines are drawn is the kind's. */
function rightAxis(overrides: unknown, right: Source | undefined): unknown[] {
  return recordsOf(overrides).flatMap((each) => {
    const alias = textOr(each["alias"]);
    if (alias === undefined) return [];
    const isPattern = alias.startsWith("/");
    const properties = seriesProperties(each, right);
    if (properties.length === 0) return [];
    return [{ matcher: { id: isPattern ? "byRegexp" : "byName", options: alias }, properties }];
  });
}

/** A graph's override of a series in newer ids: the kind reads them as `custom`. */
function seriesProperties(source: Source, right: Source | undefined): unknown[] {
  const properties: { id: string; value: unknown }[] = [];
  const add = (id: string, value: unknown) => {
    if (value !== undefined && value !== null) properties.push({ id, value });
  };
  if (source["color"] !== undefined) add("color", { mode: "fixed", fixedColor: source["color"] });
  if (numberOr(source["yaxis"]) === 2) {
    add("custom.axisPlacement", "right");
    add("unit", right?.["format"]);
    add("min", numberOr(right?.["min"]));
    add("max", numberOr(right?.["max"]));
  }
  const fill = numberOr(source["fill"]);
  if (fill !== undefined) add("custom.fillOpacity", fill * 10);
  add("custom.lineWidth", numberOr(source["linewidth"]));
  if (source["bars"] === true) add("custom.drawStyle", "bars");
  if (source["lines"] === false && source["points"] === true) add("custom.drawStyle", "points");
  if (source["transform"] === "negative-Y") add("custom.transform", "negative-Y");
  if (source["dashes"] === true) add("custom.lineStyle", { fill: "dash", dash: [10, 10] });
  if (source["stack"] === false) add("custom.stacking", { mode: "none", group: "A" });
  if (source["fillBelowTo"] !== undefined) add("custom.fillBelowTo", source["fillBelowTo"]);
  if (source["hideTooltip"] === true) add("custom.hideFrom", { tooltip: true });
  return properties;
}

function singlestat(panel: Source): LegacyFields {
  const gauge = recordOf(panel["gauge"]);
  const colors = listOf(panel["colors"]).flatMap((each) => textOr(each) ?? []);
  const bounds = (textOr(panel["thresholds"]) ?? "")
    .split(",")
    .flatMap((each) => numberOr(each) ?? []);
  const colored =
    panel["colorValue"] === true || panel["colorBackground"] === true || gauge["show"] === true;
  return {
    known: singleKnown,
    overrides: [],
    defaults: {
      unit: panel["format"] === "none" ? undefined : panel["format"],
      decimals: panel["decimals"],
      noValue: panel["nullText"],
      ...(gauge["show"] === true ? { min: gauge["minValue"], max: gauge["maxValue"] } : {}),
      ...(bounds.length > 0 && colored
        ? {
            color: { mode: "thresholds" },
            thresholds: {
              mode: "absolute",
              steps: [
                { value: null, color: colors[0] ?? "green" },
                ...bounds.map((value, i) => ({ value, color: colors[i + 1] ?? "red" })),
              ],
            },
          }
        : {}),
      mappings: oldMappings(panel),
    },
  };
}

/** Those of the chosen kind: 1 values, 2 ranges. */
function oldMappings(panel: Source): unknown[] {
  const isRanges = numberOr(panel["mappingType"]) === 2;
  return isRanges
    ? recordsOf(panel["rangeMaps"]).map((each) => ({ ...each, type: 2 }))
    : recordsOf(panel["valueMaps"]).map((each) => ({ ...each, type: 1 }));
}

function pie(panel: Source): LegacyFields {
  return {
    known: pieKnown,
    defaults: { unit: panel["format"], decimals: panel["decimals"] },
    overrides: colorOverrides(panel["aliasColors"]),
  };
}

/** Styles of columns, by pattern. The last style of all columns is what counts for those that no other matches. */
function oldTable(panel: Source): LegacyFields {
  const styles = recordsOf(panel["styles"]).toReversed();
  return { known: tableKnown, defaults: {}, overrides: styles.flatMap(styleOverride) };
}

function styleOverride(style: Source): unknown[] {
  const pattern = textOr(style["pattern"]);
  if (pattern === undefined) return [];
  const properties: { id: string; value: unknown }[] = [];
  const add = (id: string, value: unknown) => {
    if (value !== undefined && value !== null && value !== "") properties.push({ id, value });
  };
  add("displayName", style["alias"]);
  add("custom.align", style["align"] === "auto" ? undefined : style["align"]);
  if (style["type"] === "number") {
    add("unit", style["unit"]);
    add("decimals", style["decimals"]);
  }
  if (style["type"] === "date")
    add("unit", `time: ${textOr(style["dateFormat"]) ?? "YYYY-MM-DD HH:mm:ss"}`);
  if (style["type"] === "hidden") add("custom.hidden", true);
  if (style["link"] === true)
    add("links", [
      { title: style["linkTooltip"], url: style["linkUrl"], targetBlank: style["linkTargetBlank"] },
    ]);
  colorStyle(style, add);
  const isPattern = pattern.startsWith("/");
  return properties.length === 0
    ? []
    : [{ matcher: { id: isPattern ? "byRegexp" : "byName", options: pattern }, properties }];
}

function colorStyle(style: Source, add: (id: string, value: unknown) => void): void {
  const mode = textOr(style["colorMode"]);
  if (mode === undefined) return;
  const colors = listOf(style["colors"]).flatMap((each) => textOr(each) ?? []);
  const bounds = listOf(style["thresholds"]).flatMap((each) => numberOr(each) ?? []);
  const types: Readonly<Record<string, string>> = {
    cell: "color-background",
    value: "color-text",
    row: "color-background",
  };
  add("custom.cellOptions", { type: types[mode] ?? "auto" });
  add("thresholds", {
    mode: "absolute",
    steps: [
      { value: null, color: colors[0] ?? "green" },
      ...bounds.map((value, i) => ({ value, color: colors[i + 1] ?? "red" })),
    ],
  });
}

/** Gauges, bar gauges and stats of version 6 kept their fields among their options. */
function fieldOptions(source: Source): LegacyFields {
  const defaults = recordOf(source["defaults"]);
  const steps = recordsOf(source["thresholds"]);
  const own = {
    unit: source["unit"],
    min: source["min"],
    max: source["max"],
    decimals: source["decimals"],
    mappings: source["mappings"],
    ...(steps.length === 0 ? {} : { thresholds: { mode: "absolute", steps } }),
  };
  const named = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  return { known: [], defaults: { ...named, ...defaults }, overrides: listOf(source["overrides"]) };
}

/** Members of a graph's override of a series that became options of fields. */
export const oldSeriesKnown = [
  "alias",
  "bars",
  "color",
  "dashes",
  "fill",
  "fillBelowTo",
  "hideTooltip",
  "lines",
  "linewidth",
  "points",
  "stack",
  "transform",
  "yaxis",
];
