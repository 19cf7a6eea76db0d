import { oldReducers } from "../../panels/parts/reduce_options.ts";
import { noteUnless, type Note } from "./notes.ts";
import {
  colorOverrides,
  graphFields,
  graphKnown,
  type LegacyFields,
  withAxes,
} from "./old_graph.ts";
import {
  isRecord,
  listOf,
  numberOr,
  recordOf,
  recordsOf,
  saysNothing,
  textOr,
  type Source,
} from "./read.ts";

/** Of heatmaps before Grafana 9; those after kept them beside their options. */
const heatmapKnown = [
  "heatmap",
  "dataFormat",
  "color",
  "cards",
  "legend",
  "tooltip",
  "tooltipDecimals",
  "xAxis",
  "yAxis",
  "xBucketNumber",
  "xBucketSize",
  "yBucketBound",
  "yBucketNumber",
  "yBucketSize",
  "hideZeroBuckets",
  "highlightCards",
  "reverseYBuckets",
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
    return graphFields(panel);
  if (singleTypes.has(type ?? "")) return singlestat(panel);
  if (type === "grafana-piechart-panel") return pie(panel);
  if (type === "table-old" || (type === "table" && Array.isArray(panel["styles"])))
    return oldTable(panel);
  if (type === "text" && (panel["content"] !== undefined || panel["mode"] !== undefined))
    return { defaults: {}, overrides: [], known: ["content", "mode"] };
  if (type === "heatmap") return { defaults: {}, overrides: [], known: heatmapKnown };
  const options = recordOf(panel["options"]);
  if (isRecord(options["fieldOptions"])) return fieldOptions(options["fieldOptions"]);
  return undefined;
}

/** A panel of an older version with the members of a later one that is still read: see old_graph.ts, and a single stat's dial. */
export function upgraded(panel: Source, note: Note): Source {
  const gauge = recordOf(panel["gauge"]);
  if (!singleTypes.has(textOr(panel["type"]) ?? "") || gauge["show"] !== true)
    return withAxes(panel);
  const calc = textOr(panel["valueName"]) ?? "avg";
  noteUnless(panel, { prefix: [], postfix: [], tableColumn: [] }, note, "is not part of a gauge");
  return {
    ...panel,
    type: "gauge",
    options: {
      reduceOptions: { calcs: [Object.hasOwn(oldReducers, calc) ? oldReducers[calc] : calc] },
      showThresholdLabels: gauge["thresholdLabels"] === true,
      showThresholdMarkers: gauge["thresholdMarkers"] !== false,
    },
  };
}

const readElsewhere = new Set([
  "yaxes",
  "aliasColors",
  "seriesOverrides",
  "thresholds",
  "decimals",
]);

/**
 * Members of the kind that a panel was before people changed it: Grafana leaves them in the document and reads them no more. One
 * note names all of them; returned, too.
 */
export function noteLeftOver(panel: Source, note: Note): readonly string[] {
  const type = textOr(panel["type"]) ?? "";
  if (!leavers.has(type) || Array.isArray(panel["styles"])) return [];
  const isCarried = (key: string) => readElsewhere.has(key) && panel["yaxes"] !== undefined;
  const left = [...new Set([...graphKnown, ...singleKnown, ...pieKnown, ...tableKnown])].filter(
    (key) => !saysNothing(panel[key]) && !isCarried(key),
  );
  if (left.length > 0)
    note(left.join(", "), "of a kind that this panel was before: Grafana does not read it either");
  return left;
}

const leavers = new Set([
  "timeseries",
  "stat",
  "gauge",
  "bargauge",
  "barchart",
  "piechart",
  "table",
  "histogram",
  "state-timeline",
  "status-history",
]);

const singleTypes = new Set(["singlestat", "grafana-singlestat-panel"]);

/** What a legacy type is called now: the kind knows its options by both. */
export const newTypes: Readonly<Record<string, string>> = {
  graph: "timeseries",
  singlestat: "stat",
  "grafana-singlestat-panel": "stat",
  "grafana-piechart-panel": "piechart",
  "table-old": "table",
  "heatmap-new": "heatmap",
};

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
  if (style["type"] === "string") add("mappings", textMappings(style));
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

/** Of a column of texts, where its style has any. */
function textMappings(style: Source): unknown[] | undefined {
  const mappings = oldMappings(style);
  return mappings.length === 0 ? undefined : mappings;
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
