import { expect, test } from "bun:test";
import { Board } from "./board.ts";
import { toGrafana } from "./to_grafana.ts";

const board = Board.parse({
  title: "App",
  tags: ["app"],
  variables: [{ name: "instance", query: "label_values(app_up, instance)" }],
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
        {
          title: "Next line",
          type: "gauge",
          max: 1,
          unit: "percentunit",
          queries: [{ expr: "b" }],
        },
      ],
    },
    {
      title: "More",
      panels: [
        {
          title: "Requests",
          type: "timeseries",
          stack: true,
          queries: [
            { expr: "rate(a[$__rate_interval])", legend: "{{code}}" },
            { expr: "b", instant: true },
          ],
          thresholds: [{ value: 0.8, level: "warning" }],
        },
        { title: "Top", type: "table", queries: [{ expr: "topk(5, a)" }, { expr: "b" }] },
        { title: "Lines", type: "logs", queries: [{ expr: '{job="app"}', datasource: "logs" }] },
        { title: "Note", type: "text", text: "**Read** this." },
      ],
    },
  ],
});

test("toGrafana() places rows and panels on the grid, a new line where one is full", () => {
  const { panels } = toGrafana(board, "app");
  expect(panels.map(({ type, gridPos: { x, y, w, h } }) => [type, x, y, w, h])).toEqual([
    ["row", 0, 0, 24, 1],
    ["stat", 0, 1, 4, 4],
    ["timeseries", 4, 1, 20, 6],
    ["gauge", 0, 7, 4, 4],
    ["row", 0, 11, 24, 1],
    ["timeseries", 0, 12, 12, 8],
    ["table", 12, 12, 12, 8],
    ["logs", 0, 20, 12, 8],
    ["text", 12, 20, 12, 8],
  ]);
  expect(panels.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

function variables(one: Board): unknown {
  return JSON.parse(JSON.stringify(toGrafana(one, "app"))).templating.list;
}

test("toGrafana() lets people choose the data sources, logs only where there are some", () => {
  expect(variables(board)).toMatchObject([
    { name: "datasource", type: "datasource", query: "prometheus" },
    { name: "logs", type: "datasource", query: "loki" },
    { name: "instance", type: "query", includeAll: true, multi: true },
  ]);
  const [first] = board.rows;
  const withoutLogs = { ...board, rows: first === undefined ? [] : [first] };
  expect(variables(withoutLogs)).toHaveLength(2);
});

test("toGrafana() keeps queries as they are, each with its source and form", () => {
  const { panels } = toGrafana(board, "app");
  const metrics = { type: "prometheus", uid: "${datasource}" };
  expect(panels[5]).toMatchObject({
    datasource: metrics,
    targets: [
      {
        refId: "A",
        datasource: metrics,
        expr: "rate(a[$__rate_interval])",
        legendFormat: "{{code}}",
        range: true,
        format: "time_series",
      },
      { refId: "B", expr: "b", instant: true, range: false },
    ],
    fieldConfig: {
      defaults: {
        unit: "short",
        custom: { stacking: { mode: "normal" }, thresholdsStyle: { mode: "dashed" } },
        thresholds: {
          steps: [
            { color: "green", value: null },
            { color: "orange", value: 0.8 },
          ],
        },
      },
    },
  });
  expect(panels[6]).toMatchObject({
    targets: [{ format: "table", instant: true }, { refId: "B" }],
    transformations: [{ id: "merge" }, { id: "organize" }],
  });
  expect(panels[7]).toMatchObject({
    datasource: { type: "loki", uid: "${logs}" },
    targets: [{ queryType: "range", expr: '{job="app"}' }],
  });
  expect(panels[8]).toMatchObject({ targets: [], options: { content: "**Read** this." } });
});

test("toGrafana(): a threshold that makes well what was not begins in the other colour", () => {
  const { panels } = toGrafana(board, "app");
  expect(panels[1]).toMatchObject({
    options: { colorMode: "value" },
    fieldConfig: {
      defaults: {
        color: { mode: "thresholds" },
        thresholds: {
          steps: [
            { color: "red", value: null },
            { color: "red", value: 0 },
            { color: "green", value: 1 },
          ],
        },
      },
    },
  });
});
