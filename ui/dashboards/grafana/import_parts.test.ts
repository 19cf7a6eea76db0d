import { expect, test } from "bun:test";
import { importGrafana } from "./import.ts";
import { importOf, importPanel, prometheus } from "./import.fixture.ts";

test("importGrafana() carries queries of every kind, and says which can't be asked", () => {
  const { panel: made, notes } = importPanel({
    datasource: { type: "datasource", uid: "-- Mixed --" },
    targets: [
      {
        refId: "A",
        expr: "a",
        datasource: prometheus,
        legendFormat: "__auto",
        interval: "1m",
        instant: true,
        range: true,
        exemplar: true,
      },
      {
        refId: "B",
        expr: '{a="b"}',
        datasource: { type: "loki", uid: "l" },
        queryType: "range",
        hide: true,
      },
      {
        refId: "C",
        type: "math",
        expression: "$A * 2",
        datasource: { type: "__expr__", uid: "__expr__" },
      },
      { refId: "D", rawSql: "select 1", datasource: { type: "mysql", uid: "m" } },
      { refId: "E", panelId: 4, datasource: { type: "datasource", uid: "-- Dashboard --" } },
      { refId: "A", expr: "twice", datasource: prometheus },
    ],
  });
  expect(made?.queries).toMatchObject([
    { ref: "A", source: "metrics", expr: "a", step_min: "1m", instant: true, range: true },
    { ref: "B", source: "logs", hidden: true },
    { ref: "C", source: "expression", expr: "$A * 2", options: { type: "math" } },
    { ref: "D", source: "unsupported", expr: "select 1", options: { type: "mysql" } },
    { ref: "E", source: "panel", options: { panel: 4 } },
    { ref: "F", source: "metrics", expr: "twice" },
  ]);
  expect(made?.queries[0]?.legend).toBeUndefined();
  expect(notes.filter((each) => each.includes("query"))).toEqual([
    'panel 1 "CPU": query A: exemplar exemplars are not drawn',
    'panel 1 "CPU": query D: datasource "mysql" is a data source that Lapwing has not: the query is kept, and not asked',
  ]);
});

test("importGrafana() carries field options, mappings old and new, and overrides", () => {
  const { panel: made, notes } = importPanel({
    fieldConfig: {
      defaults: {
        unit: "bytes",
        decimals: 2,
        displayName: "${__field.labels.x}",
        color: { mode: "fixed", fixedColor: "red", seriesBy: "max" },
        mappings: [
          {
            type: "value",
            options: { b: { text: "B", index: 1 }, a: { text: "A", color: "green", index: 0 } },
          },
          { type: "range", options: { from: 1, to: null, result: { text: "r" } } },
          { type: "special", options: { match: "null+nan", result: { text: "none" } } },
          { id: 1, type: 1, value: "3", text: "three" },
        ],
        links: [
          { title: "Go", url: "/d/x?var-a=${__field.labels.a}" },
          { title: "Bad", url: "javascript:alert(1)" },
        ],
        newOption: { x: 1 },
      },
      overrides: [
        {
          matcher: { id: "byName", options: "up" },
          properties: [
            { id: "unit", value: "s" },
            { id: "color", value: { mode: "fixed", fixedColor: "blue" } },
          ],
        },
        {
          matcher: { id: "byValue", options: { reducer: "max", op: "gte", value: 5 } },
          properties: [{ id: "noValue", value: "-" }],
        },
        {
          matcher: { id: "byNames", options: { mode: "exclude", names: ["a"], readOnly: true } },
          properties: [],
        },
      ],
    },
  });
  expect(made?.field).toMatchObject({
    unit: "bytes",
    decimals: 2,
    display_name: "${__field.labels.x}",
    color: { mode: "fixed", fixed: "red", by: "max" },
    mappings: [
      { kind: "value", value: "a", result: { text: "A", color: "green" } },
      { kind: "value", value: "b", result: { text: "B" } },
      { kind: "range", from: 1, to: null },
      { kind: "special", match: "null+nan" },
      { kind: "value", value: "3", result: { text: "three" } },
    ],
    links: [{ title: "Go", url: "/d/x?var-a=${__field.labels.a}" }],
  });
  expect(made?.overrides).toMatchObject([
    { match: { by: "name", value: "up" }, set: { unit: "s", color: { fixed: "blue" } } },
    { match: { by: "value", value: "max >= 5" }, set: { no_value: "-" } },
    { match: { by: "others", value: "a" }, set: {} },
  ]);
  expect(notes.join("\n")).toContain("links[1].url is not an address that is safe");
  expect(notes.join("\n")).toContain("newOption is not known here");
});

test("importGrafana() carries variables and annotations", () => {
  const { dashboard, notes } = importOf({
    templating: {
      list: [
        { type: "datasource", name: "ds", query: "prometheus", current: { value: "abc" } },
        {
          type: "query",
          name: "job",
          datasource: "$ds",
          query: { query: "label_values(up, job)", refId: "x" },
          regex: "/a/",
          sort: 3,
          refresh: 2,
          multi: true,
          includeAll: true,
          allValue: ".*",
          current: { text: ["All"], value: ["$__all"] },
          hide: 1,
          label: "Job",
        },
        { type: "custom", name: "env", query: "a, b : c", current: { value: "a" } },
        {
          type: "interval",
          name: "step",
          query: "1m,5m",
          auto: true,
          auto_count: 20,
          auto_min: "30s",
          current: { value: "$__auto_interval_step" },
        },
        { type: "textbox", name: "q", query: "x" },
        {
          type: "adhoc",
          name: "Filters",
          filters: [
            { key: "a", operator: "=", value: "b" },
            { key: "c", operator: "<", value: "1" },
          ],
        },
        {
          type: "query",
          name: "logs",
          datasource: { type: "loki" },
          query: { label: "app", stream: '{a="b"}', type: 1 },
        },
        { type: "query", name: "sql", datasource: { type: "mysql" }, query: "select 1" },
        { type: "switch", name: "sw" },
        { type: "custom", name: "env", query: "again" },
      ],
    },
    annotations: {
      list: [
        {
          builtIn: 1,
          name: "By hand",
          enable: true,
          hide: true,
          iconColor: "blue",
          datasource: { type: "grafana", uid: "-- Grafana --" },
          type: "dashboard",
        },
        {
          name: "Deploys",
          enable: true,
          datasource: "$ds",
          expr: "changes(x[1m]) > 0",
          titleFormat: "{{app}}",
          tagKeys: "app,env",
          step: "60s",
          iconColor: "red",
          filter: { ids: [3] },
        },
      ],
    },
  });
  expect(dashboard.variables).toMatchObject([
    { kind: "datasource", name: "ds", type: "prometheus" },
    {
      kind: "query",
      name: "job",
      source: "metrics",
      query: "label_values(up, job)",
      regex: "/a/",
      sort: "num_asc",
      refresh: "range",
      multi: true,
      include_all: true,
      all_value: ".*",
      current: ["$__all"],
      hide: "label",
      label: "Job",
    },
    {
      kind: "custom",
      options: [
        { text: "a", value: "a" },
        { text: "b", value: "c" },
      ],
      current: ["a"],
    },
    { kind: "interval", options: ["1m", "5m"], auto: { steps: 20, min: "30s" } },
    { kind: "text", value: "x" },
    { kind: "filters", current: [{ label: "a", op: "=", value: "b" }] },
    { kind: "query", source: "logs", query: 'label_values({a="b"}, app)' },
    { kind: "query", source: "unsupported", query: "select 1" },
  ]);
  expect(dashboard.annotations).toMatchObject([
    { name: "By hand", source: "stored", hidden: true, color: "blue" },
    {
      name: "Deploys",
      source: "metrics",
      expr: "changes(x[1m]) > 0",
      title: "{{app}}",
      tags: ["app", "env"],
      step: "60s",
      panels: [3],
    },
  ]);
  expect(notes.map(({ path }) => path)).toEqual([
    'variable "Filters": filters[1]',
    'variable "sql": datasource',
    'variable "sw": type',
    'variable "env"',
  ]);
});

test("a series that an override keeps out of the stack by a group of its own stays out", () => {
  const total = {
    matcher: { id: "byName", options: "Total" },
    properties: [{ id: "custom.stacking", value: { group: false, mode: "normal" } }],
  };
  const custom = { stacking: { group: "A", mode: "normal" } };
  const { dashboard, notes } = importGrafana({
    title: "T",
    panels: [
      { id: 1, type: "timeseries", fieldConfig: { defaults: { custom }, overrides: [total] } },
    ],
  });
  const [made] = dashboard.rows[0]?.panels ?? [];
  expect(made?.overrides[0]?.set.custom).toEqual({ stack_group: "false" });
  expect(notes).toEqual([]);
});
