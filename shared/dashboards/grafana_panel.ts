import type { Board } from "./board.ts";

type Panel = Board["rows"][number]["panels"][number];

/** What Grafana calls a kind of panel, how it is drawn, and how its values are. */
type PanelBody = {
  readonly type: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly fieldConfig: Readonly<Record<string, unknown>>;
  readonly transformations?: readonly unknown[];
};

const colors = { ok: "green", info: "blue", warning: "orange", critical: "red" } as const;
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

/** The answers of several queries are joined by their labels; the moment, which is the same in all rows, is left out. */
function tableBody(panel: Panel): PanelBody {
  const hasMany = panel.queries.length > 1;
  return {
    type: "table",
    options: { cellHeight: "sm", showHeader: true },
    fieldConfig: fields(panel),
    transformations: [
      ...(hasMany ? [{ id: "merge", options: {} }] : []),
      {
        id: "organize",
        options: { excludeByName: { Time: true }, indexByName: {}, renameByName: {} },
      },
    ],
  };
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
      color: { mode: isJudged ? "thresholds" : "palette-classic" },
      custom,
      mappings: [],
      thresholds: { mode: "absolute", steps: steps(panel) },
    },
    overrides: [],
  };
}

/** The first step has no beginning: what lies below the least threshold is well, or else what that says the opposite of. */
function steps({ thresholds }: Panel) {
  const sorted = thresholds.toSorted((a, b) => a.value - b.value);
  const rises = sorted.at(-1)?.level !== "ok";
  const below = rises ? colors.ok : colors[sorted[0]?.level ?? "ok"];
  return [
    { color: below, value: null },
    ...sorted.map(({ value, level }) => ({ color: colors[level], value })),
  ];
}
