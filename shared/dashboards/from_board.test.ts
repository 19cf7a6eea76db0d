import { expect, test } from "bun:test";
import { Board } from "./board.ts";
import { Dashboard } from "./dashboard.ts";
import { fromBoard } from "./from_board.ts";

const board = Board.parse({
  title: "App",
  description: "What it does.",
  tags: ["app"],
  variables: [{ name: "instance", query: "label_values(app_up, instance)", label: "Instance" }],
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Answering",
          type: "stat",
          queries: [{ expr: 'app_up{instance=~"$instance"}' }],
          thresholds: [
            { value: 0, level: "critical" },
            { value: 1, level: "ok" },
          ],
        },
        { title: "Wide", type: "timeseries", width: 20, height: 6, queries: [{ expr: "a" }] },
        { title: "Next line", type: "gauge", max: 1, queries: [{ expr: "b" }] },
      ],
    },
    {
      title: "More",
      panels: [
        { title: "Top", type: "table", queries: [{ expr: "topk(5, a)" }, { expr: "b" }] },
        { title: "Lines", type: "logs", queries: [{ expr: '{job="app"}', datasource: "logs" }] },
        { title: "Note", type: "text", text: "**Read** this." },
        { title: "Spread", type: "heatmap", unit: "s", queries: [{ expr: "h" }] },
      ],
    },
  ],
});
const dashboard = fromBoard(board);

test("fromBoard() gives a dashboard that is one, places and ids included", () => {
  expect(Dashboard.parse(JSON.parse(JSON.stringify(dashboard)))).toBeDefined();
  expect(
    dashboard.rows.map(({ title, panels }) => [
      title,
      ...panels.map(({ kind, place: { x, y, w, h } }) => [kind, x, y, w, h]),
    ]),
  ).toEqual([
    ["Now", ["stat", 0, 0, 4, 4], ["timeseries", 4, 0, 20, 6], ["gauge", 0, 6, 4, 4]],
    [
      "More",
      ["table", 0, 0, 12, 8],
      ["logs", 12, 0, 12, 8],
      ["text", 0, 8, 12, 8],
      ["heatmap", 12, 8, 12, 8],
    ],
  ]);
});

test("fromBoard() keeps queries, variables, units and what is judged", () => {
  expect(dashboard.variables).toMatchObject([
    { kind: "query", name: "instance", multi: true, include_all: true, current: ["$__all"] },
  ]);
  const [now, more] = dashboard.rows;
  expect(now?.panels[0]).toMatchObject({
    queries: [{ ref: "A", source: "metrics", expr: 'app_up{instance=~"$instance"}' }],
    field: {
      unit: "short",
      color: { mode: "thresholds" },
      thresholds: {
        steps: [
          { color: "red", value: null },
          { color: "red", value: 0 },
          { color: "green", value: 1 },
        ],
      },
    },
  });
  expect(now?.panels[2]?.field.max).toBe(1);
  expect(more?.panels).toMatchObject([
    {
      queries: [
        { ref: "A", format: "table", instant: true },
        { ref: "B", format: "table", instant: true },
      ],
      transformations: [{ id: "merge" }, { id: "organize" }],
    },
    { queries: [{ source: "logs", expr: '{job="app"}' }] },
    { queries: [], options: { content: "**Read** this." } },
    { queries: [{ format: "heatmap" }], field: { unit: "s" } },
  ]);
});

const judged = Board.parse({
  title: "App",
  rows: [
    {
      title: "Now",
      panels: [
        {
          title: "Answering",
          type: "state_timeline",
          words: { 0: "down", 1: "up" },
          none: "Nobody answers",
          levels: { main: "critical" },
          queries: [{ expr: "app_up" }],
        },
        {
          title: "Shards",
          type: "table",
          unit: "s",
          thresholds: [{ value: 9, level: "warning" }],
          columns: [
            { from: "shard", title: "Shard", width: 90 },
            { from: "Value #A", title: "Lag" },
            { from: "Value #B", title: "State", unit: "none", words: { 2: "sealed" } },
          ],
          queries: [{ expr: "lag" }, { expr: "state" }],
        },
      ],
    },
  ],
});

test("fromBoard() puts words for values, and chooses, orders, names and colours the columns of a table", () => {
  const [answering, shards] = fromBoard(judged).rows.flatMap(({ panels }) => panels);
  expect(answering?.field.mappings).toEqual([
    { kind: "value", value: "0", result: { text: "down" } },
    { kind: "value", value: "1", result: { text: "up" } },
  ]);
  expect(answering?.overrides).toEqual([
    { match: { by: "name", value: "main" }, set: { color: { mode: "fixed", fixed: "red" } } },
  ]);
  expect(answering?.field.no_value).toBe("Nobody answers");
  expect(shards?.transformations).toEqual([
    { id: "merge", options: {} },
    {
      id: "filterFieldsByName",
      options: { include: { names: ["shard", "Value #A", "Value #B"] } },
    },
    {
      id: "organize",
      options: {
        excludeByName: {},
        indexByName: { shard: 0, "Value #A": 1, "Value #B": 2 },
        renameByName: { shard: "Shard", "Value #A": "Lag", "Value #B": "State" },
      },
    },
  ]);
  expect(shards?.overrides).toEqual([
    {
      match: { by: "type", value: "number" },
      set: { color: { mode: "thresholds" }, custom: { cell: "color_text" } },
    },
    {
      match: { by: "name", value: "Shard" },
      set: { custom: { width: 90 } },
    },
    {
      match: { by: "name", value: "State" },
      set: {
        unit: "none",
        mappings: [{ kind: "value", value: "2", result: { text: "sealed" } }],
      },
    },
  ]);
});
