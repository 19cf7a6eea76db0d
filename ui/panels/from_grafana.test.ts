import { expect, test } from "bun:test";
import {
  axis,
  hideFrom,
  legend,
  lines,
  read,
  reduceOptions,
  states,
  type Members,
} from "./from_grafana_fixture.ts";

type Case = {
  readonly type: string;
  readonly options: Members;
  readonly custom?: Members;
  readonly made: Members;
  readonly field?: Members;
  readonly notes: readonly string[];
};

/** Panels as people have set them up: what becomes of them, and what the report names. */
const changed: readonly Case[] = [
  {
    type: "timeseries",
    options: {
      legend: {
        ...legend,
        calcs: ["max", "nope"],
        displayMode: "table",
        placement: "right",
        width: 200,
      },
      tooltip: { mode: "multi", sort: "desc", hideZeros: true, maxHeight: 300 },
    },
    custom: {
      ...lines,
      drawStyle: "bars",
      lineStyle: { fill: "dash", dash: [10, 40] },
      insertNulls: 60_000,
      axisBorderShow: true,
      thresholdsStyle: { mode: "dashed+area" },
      spanNulls: 3_600_000,
      scaleDistribution: { type: "log", log: 2 },
    },
    made: {
      legend: "table",
      legend_at: "right",
      tooltip: "all",
      tooltip_sort: "down",
      tooltip_zeros: false,
    },
    field: {
      draw: "bars",
      dash: "dashed",
      nulls: "connect_below",
      nulls_below_ms: 3_600_000,
      scale: "log",
      log_base: 2,
      thresholds: "dashed_area",
    },
    notes: [
      "custom.axisBorderShow",
      "custom.insertNulls",
      "custom.lineStyle.dash",
      "options.legend.calcs",
      "options.legend.width",
      "options.tooltip.maxHeight",
    ],
  },
  {
    type: "stat",
    options: {
      graphMode: "line",
      reduceOptions: { calcs: ["mean", "max"], fields: "/^cpu.*/", limit: 3, values: true },
      text: { titleSize: 14, valueSize: 40, percentSize: 20 },
      wideLayout: false,
    },
    made: {
      graph: "area",
      title_px: 14,
      value_px: 40,
      reduce: { each_row: true, reducer: "mean" },
    },
    notes: [
      "options.graphMode",
      "options.reduceOptions.calcs",
      "options.reduceOptions.fields",
      "options.reduceOptions.limit",
      "options.text.percentSize",
      "options.wideLayout",
    ],
  },
  {
    type: "gauge",
    options: { reduceOptions, shape: "circle", sparkline: false, text: { valueSize: 30 } },
    made: {},
    notes: ["options.shape", "options.sparkline", "options.text"],
  },
  {
    type: "bargauge",
    options: { displayMode: "lcd", reduceOptions, sizing: "manual", minVizWidth: 40 },
    made: { mode: "lcd" },
    notes: ["options.minVizWidth", "options.sizing"],
  },
  {
    type: "table",
    options: {
      footer: { show: true, reducer: ["sum"], countRows: true, enablePagination: true },
      sortBy: [{ displayName: "Value", desc: true }, { displayName: "Host" }],
      frozenColumns: { left: 1 },
    },
    custom: { cellOptions: { type: "gauge", mode: "lcd" }, width: 120 },
    made: {
      footer: ["sum"],
      pinned: 1,
      sort_field: "Value",
      sort_down: true,
      then_by: [{ field: "Host", down: false }],
    },
    field: { cell: "gauge", width: 120 },
    notes: [
      "custom.cellOptions.mode",
      "options.footer.countRows",
      "options.footer.enablePagination",
    ],
  },
  {
    type: "barchart",
    options: { xTickLabelSpacing: 100, stacking: "percent", legend: { ...legend, calcs: ["sum"] } },
    custom: { ...axis, axisSoftMin: 5, hideFrom: { ...hideFrom, legend: true } },
    made: { stacking: "percent" },
    notes: [
      "custom.axisSoftMin",
      "custom.hideFrom.legend",
      "options.legend.calcs",
      "options.xTickLabelSpacing",
    ],
  },
  {
    type: "piechart",
    options: {
      displayLabels: ["percent"],
      legend: { ...legend, displayMode: "table", values: ["percent"] },
      pieType: "donut",
      tooltip: { mode: "none", sort: "none" },
    },
    made: { shape: "donut", labels: ["percent"], legend_values: ["percent"] },
    notes: ["options.tooltip.mode"],
  },
  {
    type: "heatmap",
    options: {
      calculate: true,
      calculation: {
        xBuckets: { mode: "size", value: "1m" },
        yBuckets: { mode: "count", value: "24", scale: { type: "log", log: 2 } },
      },
      cellValues: { unit: "s" },
      color: { scheme: "Turbo", mode: "scheme", steps: 128, scale: "linear" },
      showValue: "always",
      yAxis: { axisPlacement: "right", reverse: true, unit: "s" },
    },
    made: { calculate: true, buckets: 24, scale: "viridis", unit: "s" },
    notes: [
      "options.calculation.xBuckets",
      "options.calculation.yBuckets.scale",
      "options.cellValues",
      "options.color.scale",
      "options.color.scheme",
      "options.color.steps",
      "options.showValue",
      "options.yAxis.axisPlacement",
      "options.yAxis.reverse",
    ],
  },
  {
    type: "histogram",
    options: { bucketSize: 5, stacking: { mode: "percent", group: "A" } },
    made: { bucket_size: 5, stack: true },
    notes: ["options.stacking.mode"],
  },
  {
    type: "logs",
    options: { sortOrder: "Ascending", wrapLogMessage: true, displayedFields: ["level"] },
    made: { order: "oldest", wrap: true },
    notes: ["options.displayedFields"],
  },
  {
    type: "state-timeline",
    options: { alignValue: "center", perPage: 50, tooltip: { mode: "multi", sort: "desc" } },
    custom: { ...states, fillOpacity: 20 },
    made: { align: "center" },
    notes: [
      "custom.fillOpacity",
      "options.perPage",
      "options.tooltip.mode",
      "options.tooltip.sort",
    ],
  },
  {
    type: "text",
    options: { mode: "code", content: "a: 1", code: { language: "yaml", showLineNumbers: true } },
    made: { mode: "code", content: "a: 1", line_numbers: true },
    notes: ["options.code.language"],
  },
  {
    type: "xychart",
    options: {
      mapping: "manual",
      series: [
        {
          x: { matcher: { id: "byName", options: "a" } },
          y: { matcher: { id: "byName", options: "b" } },
          frame: { matcher: { id: "byIndex", options: 1 } },
        },
      ],
    },
    custom: { pointShape: "square", lineStyle: { fill: "dash" }, pointSize: { fixed: 8 } },
    made: { series: [{ name: "", x: "a", y: "b", size: "", color: "" }], point_size: 8 },
    notes: ["custom.lineStyle", "custom.pointShape", "options.series.0.frame"],
  },
  {
    type: "candlestick",
    options: {
      candleStyle: "ohlcbars",
      includeAllFields: true,
      colors: { up: "blue", down: "red" },
    },
    made: { style: "bars", up: "blue" },
    notes: ["options.candleStyle", "options.includeAllFields"],
  },
  {
    type: "geomap",
    options: {
      basemap: { type: "carto", config: { theme: "dark" } },
      layers: [
        {
          type: "heatmap",
          location: { mode: "coords", latitude: "lat", longitude: "lon" },
          config: { weight: { field: "count" } },
        },
        { type: "route" },
      ],
      view: { id: "coords", lat: 50, lon: 10, zoom: 4 },
    },
    made: { location: "coordinates", latitude: "lat", longitude: "lon" },
    notes: [
      "options.basemap.config",
      "options.basemap.type",
      "options.layers",
      "options.layers.0.config.weight.field",
      "options.layers.0.type",
      "options.view.id",
      "options.view.lat",
      "options.view.lon",
      "options.view.zoom",
    ],
  },
  {
    type: "alertlist",
    options: { groupMode: "custom", groupBy: ["team"], sortOrder: 3, maxItems: 9 },
    made: { sort: "importance", limit: 9 },
    notes: ["options.groupBy", "options.groupMode"],
  },
  {
    type: "annolist",
    options: { navigateToPanel: false, showUser: true, navigateBefore: "1h", limit: 5 },
    made: { limit: 5 },
    notes: ["options.navigateBefore", "options.navigateToPanel", "options.showUser"],
  },
  {
    type: "dashlist",
    options: { showRecentlyViewed: true, folderUID: "abc", includeVars: true, keepTime: true },
    made: { recent: true, keep_time: true },
    notes: ["options.folderUID", "options.includeVars", "options.showRecentlyViewed"],
  },
  {
    type: "netsage-sankey-panel",
    options: { monochrome: true, color: "red", nodeColor: "grey", nodeWidth: 30, nodePadding: 80 },
    made: { node_width: 30, node_gap: 60 },
    notes: ["options.color", "options.monochrome", "options.nodePadding"],
  },
];

test.each(changed.map((each) => [each.type, each] as const))(
  "a %s that was set up is carried over, the rest named",
  (type, { options, custom, made, field, notes }) => {
    const result = read(type, options, custom);
    expect(result.options).toMatchObject(made);
    expect(result.custom).toMatchObject(field ?? {});
    expect(result.notes).toEqual([...notes]);
  },
);

test("a graph of before Grafana 8 is read with its legend and tooltip, the rest named", () => {
  const result = read(
    "graph",
    {},
    {},
    {
      lines: true,
      linewidth: 2,
      fill: 3,
      pointradius: 2,
      renderer: "flot",
      dashes: false,
      dashLength: 10,
      fillGradient: 4,
      legend: { show: true, max: true, sort: "max", sortDesc: true, hideZero: true },
      tooltip: { shared: true, sort: 2, value_type: "individual" },
      xaxis: { mode: "series", show: true },
    },
  );
  expect(result.options).toMatchObject({
    legend_calcs: ["max"],
    legend_sort: "max",
    tooltip: "all",
    tooltip_sort: "down",
  });
  expect(result.custom).toMatchObject({ line_width: 2, fill_opacity: 30 });
  expect(result.notes).toEqual(["panel.fillGradient", "panel.legend.hideZero", "panel.xaxis.mode"]);
});

test("a single stat and a table of before are read, and what they alone had is named", () => {
  const stat = read(
    "singlestat",
    {},
    {},
    {
      valueName: "avg",
      prefix: "$",
      postfix: "",
      valueFontSize: "120%",
      sparkline: { show: true, full: false },
      gauge: { show: true, minValue: 0, maxValue: 100 },
    },
  );
  expect(stat.options).toMatchObject({ reduce: { reducer: "mean" }, graph: "area" });
  expect(stat.notes).toEqual(["panel.gauge.show", "panel.prefix", "panel.valueFontSize"]);
  const table = read(
    "table",
    {},
    {},
    {
      styles: [],
      columns: [],
      transform: "timeseries_aggregations",
      sort: { col: 0, desc: true },
      showHeader: true,
      fontSize: "100%",
      pageSize: 20,
    },
  );
  expect(table.notes).toEqual(["panel.pageSize", "panel.transform"]);
});
