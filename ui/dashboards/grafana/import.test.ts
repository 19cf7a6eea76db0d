import { expect, test } from "bun:test";
import { Board } from "#shared/dashboards/board.ts";
import { toGrafana } from "#shared/dashboards/to_grafana.ts";
import { importGrafana } from "./import.ts";

const prometheus = { type: "prometheus", uid: "p" };
const panel = (more: Record<string, unknown>) => ({
  id: 1,
  type: "timeseries",
  title: "CPU",
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  datasource: prometheus,
  targets: [{ refId: "A", expr: "up" }],
  ...more,
});
const importOf = (dashboard: Record<string, unknown>) =>
  importGrafana({ title: "T", panels: [], ...dashboard });
test("importGrafana() reads the classic form, one wrapped by the API, and one with inputs", () => {
  const classic = {
    uid: "u1",
    title: "Nodes",
    tags: ["a", "a", "b"],
    time: { from: "now-6h", to: "now" },
    refresh: "1m",
    timezone: "utc",
    graphTooltip: 2,
    links: [
      { type: "link", title: "Docs", url: "https://x/y", targetBlank: true, icon: "external link" },
    ],
    panels: [panel({})],
  };
  const { dashboard, uid, notes } = importGrafana({ meta: { slug: "nodes" }, dashboard: classic });
  expect({ uid, notes: notes.filter(({ path }) => !path.includes("type")) }).toEqual({
    uid: "u1",
    notes: [],
  });
  expect(dashboard).toMatchObject({
    title: "Nodes",
    tags: ["a", "b"],
    time: { from: "now-6h", to: "now" },
    refresh: "1m",
    time_zone: "utc",
    crosshair: "tooltip",
    links: [{ title: "Docs", kind: "url", url: "https://x/y", new_tab: true }],
    rows: [
      {
        title: "",
        panels: [{ id: 1, title: "CPU", queries: [{ ref: "A", source: "metrics", expr: "up" }] }],
      },
    ],
  });
  const inputs = importOf({
    __inputs: [{ name: "DS_LOKI", type: "datasource", pluginId: "loki" }],
    panels: [
      panel({ datasource: "${DS_LOKI}", targets: [{ refId: "A", expr: '{a="b"}', maxLines: 50 }] }),
    ],
  });
  expect(inputs.dashboard.rows[0]?.panels[0]?.queries[0]).toMatchObject({
    source: "logs",
    limit: 50,
  });
});

const at = (id: number, x: number, y: number) => panel({ id, gridPos: { x, y, w: 12, h: 4 } });

test("importGrafana() puts panels into the rows they stand below, closed ones included", () => {
  const { dashboard } = importOf({
    panels: [
      at(1, 0, 0),
      {
        id: 2,
        type: "row",
        title: "Open",
        collapsed: false,
        gridPos: { x: 0, y: 4, w: 24, h: 1 },
        panels: [],
      },
      at(4, 12, 5),
      at(3, 0, 5),
      {
        id: 5,
        type: "row",
        title: "Closed",
        collapsed: true,
        repeat: "host",
        gridPos: { x: 0, y: 9, w: 24, h: 1 },
        panels: [at(6, 0, 10), at(7, 0, 14)],
      },
    ],
  });
  expect(
    dashboard.rows.map(({ title, closed, repeat, panels }) => [
      title,
      closed,
      repeat,
      panels.map(({ id, place: { x, y } }) => [id, x, y]),
    ]),
  ).toEqual([
    ["", false, undefined, [[1, 0, 0]]],
    [
      "Open",
      false,
      undefined,
      [
        [3, 0, 0],
        [4, 12, 0],
      ],
    ],
    [
      "Closed",
      true,
      "host",
      [
        [6, 0, 0],
        [7, 0, 4],
      ],
    ],
  ]);
});

test("importGrafana() reads rows as they were before the grid, and the panels of that time", () => {
  const { dashboard, notes } = importGrafana({
    title: "Old",
    schemaVersion: 12,
    rows: [
      {
        title: "Row",
        showTitle: true,
        height: "250px",
        panels: [
          {
            id: 1,
            type: "graph",
            span: 6,
            title: "Traffic",
            datasource: "Prometheus",
            yaxes: [{ format: "bps", min: 0 }, { format: "short" }],
            aliasColors: { in: "#00ff00" },
            seriesOverrides: [{ alias: "/out/", yaxis: 2 }],
            thresholds: [{ value: 5, colorMode: "critical", op: "gt" }],
            targets: [{ refId: "A", expr: "x", intervalFactor: 1 }],
          },
          {
            id: 2,
            type: "singlestat",
            span: 6,
            format: "percent",
            thresholds: "50,80",
            colorValue: true,
            colors: ["green", "orange", "red"],
            valueMaps: [{ value: "null", op: "=", text: "N/A" }],
            datasource: "Prometheus",
            targets: [{ refId: "A", expr: "y" }],
          },
        ],
      },
    ],
  });
  const [graph, single] = dashboard.rows[0]?.panels ?? [];
  expect(dashboard.rows[0]?.title).toBe("Row");
  expect(graph).toMatchObject({
    place: { x: 0, y: 0, w: 12, h: 7 },
    field: {
      unit: "bps",
      min: 0,
      thresholds: { steps: [{ value: null }, { value: 5, color: "red" }] },
    },
    overrides: [
      { match: { by: "name", value: "in" }, set: { color: { mode: "fixed", fixed: "#00ff00" } } },
      { match: { by: "regex", value: "/out/" }, set: { unit: "short" } },
    ],
  });
  expect(single).toMatchObject({
    place: { x: 12, w: 12 },
    field: {
      unit: "percent",
      thresholds: {
        steps: [{ color: "green" }, { value: 50, color: "orange" }, { value: 80, color: "red" }],
      },
      mappings: [{ kind: "special", match: "null", result: { text: "N/A" } }],
    },
  });
  expect(notes.filter(({ path }) => !/type|options/.test(path))).toEqual([]);
});

test("importGrafana() reads the resource form with its elements and layout", () => {
  const { dashboard, uid } = importGrafana({
    apiVersion: "dashboard.grafana.app/v2beta1",
    kind: "Dashboard",
    metadata: { name: "res-1" },
    spec: {
      title: "Resource",
      cursorSync: "Crosshair",
      timeSettings: { from: "now-2h", to: "now", autoRefresh: "10s", timezone: "utc" },
      variables: [
        {
          kind: "QueryVariable",
          spec: {
            name: "job",
            multi: true,
            hide: "hideLabel",
            sort: "naturalAsc",
            query: {
              kind: "DataQuery",
              group: "prometheus",
              spec: { query: "label_values(up, job)" },
            },
          },
        },
      ],
      annotations: [],
      elements: {
        "panel-1": {
          kind: "Panel",
          spec: {
            id: 7,
            title: "Up",
            data: {
              kind: "QueryGroup",
              spec: {
                queries: [
                  {
                    kind: "PanelQuery",
                    spec: {
                      refId: "A",
                      hidden: false,
                      query: { kind: "DataQuery", group: "prometheus", spec: { expr: "up" } },
                    },
                  },
                ],
                transformations: [
                  { kind: "limit", spec: { id: "limit", options: { limitField: 3 } } },
                ],
                queryOptions: { maxDataPoints: 50 },
              },
            },
            vizConfig: {
              kind: "VizConfig",
              group: "stat",
              spec: { options: {}, fieldConfig: { defaults: { unit: "s" }, overrides: [] } },
            },
          },
        },
      },
      layout: {
        kind: "RowsLayout",
        spec: {
          rows: [
            {
              kind: "RowsLayoutRow",
              spec: {
                title: "R",
                collapse: true,
                layout: {
                  kind: "GridLayout",
                  spec: {
                    items: [
                      {
                        kind: "GridLayoutItem",
                        spec: {
                          x: 0,
                          y: 0,
                          width: 8,
                          height: 5,
                          element: { kind: "ElementReference", name: "panel-1" },
                        },
                      },
                    ],
                  },
                },
              },
            },
          ],
        },
      },
    },
  });
  expect(uid).toBe("res-1");
  expect(dashboard).toMatchObject({
    crosshair: "line",
    time_zone: "utc",
    refresh: "10s",
    variables: [
      {
        kind: "query",
        name: "job",
        hide: "label",
        sort: "nat_asc",
        query: "label_values(up, job)",
        source: "metrics",
      },
    ],
    rows: [
      {
        title: "R",
        closed: true,
        panels: [
          {
            id: 7,
            title: "Up",
            place: { w: 8, h: 5 },
            points_max: 50,
            field: { unit: "s" },
            queries: [{ expr: "up" }],
            transformations: [{ id: "limit" }],
          },
        ],
      },
    ],
  });
});

test("importGrafana() takes what its own exports say without a note on queries, variables and places", () => {
  const board = Board.parse({
    title: "App",
    variables: [{ name: "instance", query: "label_values(up, instance)" }],
    rows: [
      {
        title: "Now",
        panels: [
          { title: "Up", type: "text", text: "**x**" },
          { title: "Lines", type: "logs", queries: [{ expr: '{a="b"}', datasource: "logs" }] },
        ],
      },
    ],
  });
  const { dashboard, notes } = importGrafana(toGrafana(board, "app"));
  expect(notes).toEqual([]);
  expect(
    dashboard.rows.map(({ title, panels }) => [title, panels.map(({ kind }) => kind)]),
  ).toEqual([["Now", ["text", "logs"]]]);
});
