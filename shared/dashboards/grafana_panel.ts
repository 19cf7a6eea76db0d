import type { Board } from "./board.ts";
import { levelColors, stepsOf, tableSteps } from "./board_parts.ts";

type Panel = Board["rows"][number]["panels"][number];

/** What Grafana calls a kind of panel, how it is drawn, and how its values are. */
type PanelBody = {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly fieldConfig: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly unknown[];
};

const lastValue = { calcs: ["lastNotNull"], fields: "", values: false };
const tooltip = { mode: "multi", sort: "desc" };
const legend = { calcs: [], displayMode: "list", placement: "bottom", showLegend: true };

/** Everything of a panel that depends on its kind. */
export function panelBodyOf(panel: Panel): PanelBody {
  switch (panel.type) {
    case "timeseries":
      return body("timeseries", { legend, tooltip }, fields(panel, timeseriesCustom(panel)));
    case "stat":
      return body("stat", statOptions(panel), fields(panel));
    case "gauge":
      return body("gauge", gaugeOptions, fields(panel));
    case "bargauge":
      return body("bargauge", barGaugeOptions, fields(panel));
    case "table":
      return tableBody(panel);
    case "heatmap":
      return body("heatmap", heatmapOptions(panel), { defaults: { custom: {} }, overrides: [] });
    case "logs":
      return body("logs", logsOptions, noFields);
    case "state_timeline":
      return body("state-timeline", timelineOptions, fields(panel, timelineCustom));
    case "text":
      return body("text", { mode: "markdown", content: panel.text ?? "" }, noFields);
  }
}

function body(
  type: string,
  options: PanelBody["options"],
  fieldConfig: PanelBody["fieldConfig"],
): PanelBody {
  return { type, options, fieldConfig };
}

const noFields = { defaults: {}, overrides: [] };
const gaugeOptions = {
  orientation: "auto",
  reduceOptions: lastValue,
  showThresholdLabels: false,
  showThresholdMarkers: true,
};
const barGaugeOptions = {
  displayMode: "gradient",
  orientation: "horizontal",
  reduceOptions: lastValue,
  showUnfilled: true,
  valueMode: "color",
};
const logsOptions = {
  dedupStrategy: "none",
  enableLogDetails: true,
  prettifyLogMessage: false,
  showCommonLabels: false,
  showLabels: false,
  showTime: true,
  sortOrder: "Descending",
  wrapLogMessage: true,
};
const timelineOptions = {
  alignValue: "left",
  legend,
  mergeValues: true,
  rowHeight: 0.9,
  showValue: "auto",
  tooltip: { mode: "single", sort: "none" },
};
const timelineCustom = { fillOpacity: 70, lineWidth: 0 };

function statOptions({ thresholds }: Panel) {
  return {
    colorMode: thresholds.length === 0 ? "none" : "value",
    graphMode: "area",
    justifyMode: "auto",
    orientation: "auto",
    reduceOptions: lastValue,
    textMode: "auto",
  };
}

function timeseriesCustom({ stack, thresholds }: Panel) {
  return {
    drawStyle: "line",
    fillOpacity: stack === true ? 30 : 8,
    lineInterpolation: "linear",
    lineWidth: 1,
    showPoints: "never",
    spanNulls: false,
    stacking: { group: "A", mode: stack === true ? "normal" : "none" },
    thresholdsStyle: { mode: thresholds.length === 0 ? "off" : "dashed" },
  };
}

function tableBody(panel: Panel): PanelBody {
  const { defaults } = fields(panel);
  return {
    type: "table",
    options: { cellHeight: "sm", showHeader: true },
    fieldConfig: { defaults, overrides: columnOverrides(panel) },
    // Loki's data source gives a frame for each series, with its labels beside the value.
    transformations: [
      ...(panel.queries.some(({ datasource }) => datasource === "logs")
        ? [{ id: "labelsToFields", options: { mode: "columns" } }]
        : []),
      ...tableSteps(panel),
    ],
  };
}

/** Numbers of a table that are judged are coloured; a column that is named may have a form of its own. */
function columnOverrides({ thresholds, columns }: Panel) {
  const colored = [
    { id: "custom.cellOptions", value: { type: "color-text" } },
    { id: "color", value: { mode: "thresholds" } },
  ];
  const judged =
    thresholds.length === 0
      ? []
      : [{ matcher: { id: "byType", options: "number" }, properties: colored }];
  const named = columns.map(({ title, unit, decimals, width, words, thresholds: own }) => ({
    matcher: { id: "byName", options: title },
    properties: [
      ...(unit === undefined ? [] : [{ id: "unit", value: unit }]),
      ...(decimals === undefined ? [] : [{ id: "decimals", value: decimals }]),
      ...(width === undefined ? [] : [{ id: "custom.width", value: width }]),
      ...(Object.keys(words).length === 0 ? [] : [{ id: "mappings", value: mappings(words) }]),
      ...(own.length === 0
        ? []
        : [{ id: "thresholds", value: { mode: "absolute", steps: stepsOf(own) } }, ...colored]),
    ],
  }));
  return [...judged, ...named.filter(({ properties }) => properties.length > 0)];
}

function mappings(words: Panel["words"]) {
  const options = Object.entries(words).map(([value, text], index) => [value, { text, index }]);
  return options.length === 0 ? [] : [{ type: "value", options: Object.fromEntries(options) }];
}

/** Of buckets, which Prometheus's data source brings into the form that the panel takes. */
function heatmapOptions({ unit }: Panel) {
  return {
    calculate: false,
    cellGap: 1,
    color: { exponent: 0.5, fill: "dark-orange", mode: "scheme", scheme: "Oranges", steps: 64 },
    filterValues: { le: 1e-9 },
    legend: { show: true },
    rowsFrame: { layout: "auto" },
    tooltip: { mode: "single", showColorScale: false, yHistogram: false },
    yAxis: { axisPlacement: "left", reverse: false, unit },
  };
}

function fields(panel: Panel, custom: Readonly<Record<string, unknown>> = {}) {
  const { unit, min, max, decimals, thresholds, type } = panel;
  const isJudged = thresholds.length > 0 && type !== "timeseries";
  return {
    defaults: {
      unit,
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
      ...(decimals === undefined ? {} : { decimals }),
      ...(panel.none === undefined ? {} : { noValue: panel.none }),
      color: { mode: isJudged ? "thresholds" : "palette-classic" },
      custom,
      mappings: mappings(panel.words),
      thresholds: { mode: "absolute", steps: stepsOf(thresholds) },
    },
    overrides: levelColors(panel).map(({ name, color }) => ({
      matcher: { id: "byName", options: name },
      properties: [{ id: "color", value: { mode: "fixed", fixedColor: color } }],
    })),
  };
}
