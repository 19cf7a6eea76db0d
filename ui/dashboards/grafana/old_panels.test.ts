import { expect, test } from "bun:test";
import { importGrafana } from "./import.ts";

const importPanel = (panel: Record<string, unknown>) => {
  const { dashboard, notes } = importGrafana({ title: "T", panels: [{ id: 1, ...panel }] });
  return { panel: dashboard.rows[0]?.panels[0], notes: notes.map(({ path }) => path) };
};
const up = [{ refId: "A", expr: "up" }];

test("a graph of the first versions keeps its axes' units, bounds and label, and the grid's thresholds", () => {
  const { panel, notes } = importPanel({
    type: "graph",
    datasource: "Prometheus",
    targets: up,
    y_formats: ["bytes", "percent"],
    leftYAxisLabel: "Memory",
    grid: {
      leftMin: 0,
      rightMax: 100,
      leftLogBase: 2,
      threshold1: 10,
      threshold1Color: "#aa0000",
      threshold2: 20,
      threshold2Color: "#bb0000",
    },
    seriesOverrides: [{ alias: "busy", yaxis: 2 }],
  });
  expect(panel?.field).toMatchObject({
    unit: "bytes",
    min: 0,
    thresholds: {
      steps: [
        { value: null, color: "transparent" },
        { value: 10, color: "#aa0000" },
        { value: 20, color: "#bb0000" },
      ],
    },
    custom: { axis_label: "Memory", scale: "log", log_base: 2, thresholds: "area" },
  });
  expect(panel?.overrides).toEqual([
    {
      match: { by: "name", value: "busy" },
      set: { unit: "percent", max: 100, custom: { axis: "right" } },
    },
  ]);
  expect(notes).toEqual([]);
});

test("a graph's thresholds of less than a value colour what lies below it", () => {
  const { panel } = importPanel({
    type: "graph",
    targets: up,
    thresholds: [
      { value: 90, op: "gt", colorMode: "critical", line: true, fill: true },
      { value: 5, op: "lt", colorMode: "warning", line: true, fill: true },
    ],
  });
  expect(panel?.field.thresholds?.steps).toEqual([
    { value: null, color: "orange" },
    { value: 5, color: "transparent" },
    { value: 90, color: "red" },
  ]);
  expect(panel?.field.custom?.["thresholds"]).toBe("line_area");
});

test("a graph's overrides of series carry how each is drawn, and name the rest", () => {
  const { panel, notes } = importPanel({
    type: "graph",
    datasource: "Prometheus",
    targets: up,
    fill: 1,
    seriesOverrides: [
      { alias: "limit", fill: 0, dashes: true, legend: false, zindex: -2 },
      { alias: "/out/", stack: "B", steppedLine: true, points: true, pointradius: 1 },
      { alias: "gone", lines: false },
    ],
    yaxes: [
      { format: "short", logBase: 32 },
      { label: "R", logBase: 10 },
    ],
  });
  expect(panel?.overrides.map(({ set }) => set.custom)).toEqual([
    { fill_opacity: 0, dash: "dashed", hidden_in_legend: true },
    { stack: "normal", stack_group: "B", line: "step_after", points: "always", point_size: 2 },
  ]);
  expect(notes.map((path) => path.replace("panel 1: ", ""))).toEqual([
    "seriesOverrides[0].zindex",
    "seriesOverrides[2].lines",
    "panel.yaxes",
  ]);
});

test("what is left over from the kind that a panel was before is one note", () => {
  const { notes } = importPanel({
    type: "stat",
    datasource: "Prometheus",
    targets: up,
    fill: 1,
    valueName: "max",
    seriesOverrides: [],
  });
  expect(notes).toEqual(["panel 1: fill, valueName"]);
});

test("a single stat with a dial becomes a gauge, an old heatmap keeps what it counts", () => {
  const { panel: gauge, notes } = importPanel({
    type: "singlestat",
    datasource: "Prometheus",
    targets: up,
    format: "percent",
    valueName: "current",
    postfix: "of all",
    thresholds: "70,90",
    colors: ["#00ff00", "#ffff00", "#ff0000"],
    gauge: { show: true, minValue: 0, maxValue: 100, thresholdMarkers: true },
  });
  expect(gauge).toMatchObject({
    kind: "gauge",
    field: { unit: "percent", min: 0, max: 100, thresholds: { steps: { length: 3 } } },
    options: { reduce: { reducer: "lastNotNull" }, threshold_markers: true },
  });
  expect(notes).toEqual(["panel 1: postfix"]);
  const heat = (dataFormat: string) =>
    importPanel({
      type: "heatmap",
      datasource: "Prometheus",
      targets: up,
      dataFormat,
      color: { mode: "spectrum", colorScheme: "interpolateMagma", max: 9 },
      hideZeroBuckets: true,
      yAxis: { format: "s" },
    });
  expect(heat("timeseries").panel?.options).toMatchObject({
    calculate: true,
    scale: "magma",
    color_max: 9,
    unit: "s",
  });
  expect(heat("tsbuckets").panel?.options["calculate"]).toBe(false);
  expect(heat("tsbuckets").notes).toEqual(["panel 1: panel.hideZeroBuckets"]);
});

const sourceOf = (expr: string) =>
  importPanel({ type: "graph", datasource: "Metrics", targets: [{ refId: "A", expr }] }).panel
    ?.queries[0]?.source;
test("a language is told from the expression where no data source tells it", () => {
  expect(sourceOf('build_info{version=~"8.*"} != 1')).toBe("metrics");
  expect(sourceOf('sum({job="x"}) != 1')).toBe("metrics");
  expect(sourceOf('count_over_time({__name__="up"}[5m])')).toBe("metrics");
  expect(sourceOf('{job="x"} != "debug"')).toBe("logs");
  expect(sourceOf('sum by (level) (rate({job="x"} | json | level="error" [5m]))')).toBe("logs");
  expect(sourceOf('count_over_time({job="x"}[5m])')).toBe("logs");
});

test("texts of an old table's columns are value or range mappings, as the style says which", () => {
  const valueMaps = [{ value: "1", text: "ONLINE" }];
  const rangeMaps = [{ from: "1", to: "3", text: "few" }];
  const styles = [
    { pattern: "State", type: "string", mappingType: 1, valueMaps, rangeMaps },
    { pattern: "Count", type: "string", mappingType: 2, valueMaps, rangeMaps },
    { pattern: "Number", type: "number", unit: "s", mappingType: 1, valueMaps },
  ];
  const panel = { id: 1, type: "table-old", title: "Servers", styles };
  const { dashboard, notes } = importGrafana({ title: "T", panels: [panel] });
  expect(notes).toEqual([]);
  const overrides = dashboard.rows[0]?.panels[0]?.overrides ?? [];
  const mappings = overrides.map(({ match, set }) => [match.value, set.mappings]);
  expect(mappings).toEqual([
    ["Number", undefined],
    ["Count", [expect.objectContaining({ kind: "range", from: 1, to: 3 })]],
    ["State", [expect.objectContaining({ kind: "value" })]],
  ]);
});
