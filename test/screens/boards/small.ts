import { panel, type Given } from "./parts.ts";

const load = panel(2, "timeseries", "Load", [0, 0, 12, 8], "node_load1");
const memory = panel(3, "timeseries", "Memory", [12, 0, 12, 8], "node_memory_MemFree_bytes", {
  field: { unit: "bytes" },
});
const base = { tags: ["screens"], time: { from: "now-15m", to: "now" } };

/** Two versions of one dashboard, the older first. */
export const edited: readonly Given[] = [
  {
    uid: "screens-edited",
    folder: "Screens",
    document: { ...base, title: "Edited", rows: [{ id: 1, panels: [load] }] },
  },
  {
    uid: "screens-edited",
    folder: "Screens",
    document: {
      ...base,
      title: "Edited twice",
      description: "With the memory.",
      rows: [{ id: 1, title: "Host", panels: [{ ...load, title: "Load, 1 minute" }, memory] }],
    },
  },
];

export const empty: Given = {
  uid: "screens-empty",
  folder: "Screens",
  document: { ...base, title: "Empty", rows: [] },
};

/** Everything that keeps a panel from showing what was asked for. */
export const faults: Given = {
  uid: "screens-faults",
  folder: "Screens",
  document: {
    ...base,
    title: "Faults",
    variables: [{ kind: "query", name: "broken", query: "label_values(node_load1{, instance)" }],
    annotations: [{ name: "Broken", source: "metrics", expr: "node_load1{" }],
    rows: [
      {
        id: 1,
        panels: [
          load,
          panel(3, "timeseries", "A query that is none", [12, 0, 12, 8], "rate(node_load1"),
          panel(4, "timeseries", "One of two", [0, 8, 8, 7], "", {
            queries: [
              { ref: "A", expr: "node_load1" },
              { ref: "B", expr: "sum by (node_load5" },
            ],
          }),
          panel(5, "timeseries", "No data", [8, 8, 8, 7], "no_such_metric"),
          panel(6, "no_such_kind", "A kind that is none", [16, 8, 8, 7], "node_load1"),
          panel(7, "stat", "A stat without data", [0, 15, 6, 4], "no_such_metric"),
          panel(8, "stat", "A stat that fails", [6, 15, 6, 4], "rate(node_load1"),
          panel(9, "table", "A table without data", [12, 15, 6, 4], "no_such_metric"),
          panel(10, "timeseries", "A source that is none", [18, 15, 6, 4], "", {
            queries: [
              { ref: "A", source: "unsupported", expr: "SELECT 1", options: { type: "mysql" } },
            ],
          }),
        ],
      },
    ],
  },
};

/** A dashboard of Grafana's with what has no counterpart here. */
export const foreign: Given = {
  uid: "screens-foreign",
  folder: "Screens",
  document: {
    uid: "screens-foreign",
    title: "From Grafana",
    schemaVersion: 39,
    tags: ["screens"],
    time: { from: "now-15m", to: "now" },
    templating: {
      list: [
        {
          name: "region",
          type: "query",
          datasource: { type: "cloudwatch", uid: "aws" },
          query: "regions()",
        },
      ],
    },
    panels: [
      {
        id: 1,
        type: "timeseries",
        title: "Load",
        gridPos: { x: 0, y: 0, w: 12, h: 8 },
        datasource: { type: "prometheus", uid: "prom" },
        targets: [{ refId: "A", expr: "node_load1" }],
        alert: { name: "High load" },
      },
      {
        id: 2,
        type: "canvas",
        title: "Plant",
        gridPos: { x: 12, y: 0, w: 12, h: 8 },
        targets: [],
      },
      {
        id: 3,
        type: "table",
        title: "Orders",
        gridPos: { x: 0, y: 8, w: 24, h: 6 },
        datasource: { type: "mysql", uid: "shop" },
        targets: [{ refId: "A", rawSql: "SELECT * FROM orders" }],
      },
    ],
  },
};
