import { panel, type Given } from "./parts.ts";

const cpu = "rate(node_cpu_seconds_total[1m])";
const byMode = `sum by (mode) (${cpu})`;
const named = { A: "open", B: "high", C: "low", D: "close" };

/** One query a word, each with the word as its legend. */
const queries = (words: Readonly<Record<string, string>>, of: (word: string) => string) =>
  Object.entries(words).map(([ref, word]) => ({ ref, expr: of(word), legend: word }));

const table = (expr: string, instant = true) => [{ ref: "A", expr, instant, format: "table" }];

/** A series with these labels and this value, told apart by the labels alone. */
const row = (labels: Readonly<Record<string, string>>, value: number): string =>
  Object.entries(labels).reduce(
    (expr, [name, text]) => `label_replace(${expr}, "${name}", "${text}", "", "")`,
    `vector(${value})`,
  );

const states = {
  mappings: [
    { kind: "value", value: "0", result: { text: "Calm", color: "green" } },
    { kind: "value", value: "1", result: { text: "Busy", color: "red" } },
  ],
};
const isBusy = [{ ref: "A", expr: `${byMode} > bool 0.2`, legend: "{{mode}}" }];
const places = [
  row({ country: "DE" }, 840),
  row({ country: "US" }, 1_250),
  row({ country: "BR" }, 190),
  row({ country: "AU" }, 260),
];
const calls = [
  row({ level: "0", label: "main" }, 12),
  row({ level: "1", label: "serve" }, 8),
  row({ level: "2", label: "query" }, 5),
];

const overTime = [
  panel(1, "timeseries", "Time series", [0, 0, 12, 8], "", {
    queries: [{ ref: "A", expr: byMode, legend: "{{mode}}" }],
    field: { unit: "s" },
  }),
  panel(2, "heatmap", "Heatmap", [12, 0, 12, 8], cpu, {
    options: { calculate: true },
  }),
  panel(3, "state_timeline", "State timeline", [0, 8, 8, 7], "", {
    queries: isBusy,
    field: states,
  }),
  panel(4, "status_history", "Status history", [8, 8, 8, 7], "", {
    queries: isBusy.map((query) => ({ ...query, step_min: "1m" })),
    field: states,
  }),
  panel(5, "candlestick", "Candlestick", [16, 8, 8, 7], "", {
    queries: queries(named, (word) => {
      const of = { open: "first", high: "max", low: "min", close: "last" }[word];
      return `${of}_over_time(node_load1[1m])`;
    }).map((query) => ({ ...query, step_min: "1m" })),
  }),
];

const values = [
  panel(11, "stat", "Stat", [0, 0, 4, 6], "node_load1"),
  panel(12, "gauge", "Gauge", [4, 0, 4, 6], `100 * avg(${cpu})`, {
    field: { unit: "percent", min: 0, max: 100 },
  }),
  panel(13, "bargauge", "Bar gauge", [8, 0, 8, 6], "", {
    queries: [{ ref: "A", expr: byMode, legend: "{{mode}}", instant: true }],
  }),
  panel(14, "piechart", "Pie chart", [16, 0, 8, 6], "", {
    queries: [{ ref: "A", expr: byMode, legend: "{{mode}}", instant: true }],
  }),
  panel(15, "barchart", "Bar chart", [0, 6, 8, 7], "", { queries: table(byMode) }),
  panel(16, "histogram", "Histogram", [8, 6, 8, 7], cpu),
  panel(17, "treemap", "Treemap", [16, 6, 8, 7], "", {
    queries: [{ ref: "A", expr: byMode, legend: "{{mode}}", instant: true }],
  }),
];

const twoColumns = {
  queries: [
    { ref: "A", expr: "node_load1", legend: "load" },
    { ref: "B", expr: `sum(rate(node_cpu_seconds_total{mode!="idle"}[1m]))`, legend: "busy" },
  ],
  transformations: [
    { id: "joinByField", options: { byField: "Time", mode: "outer" } },
    { id: "organize", options: { excludeByName: { Time: true } } },
    { id: "sortBy", options: { sort: [{ field: "load" }] } },
  ],
};

const shapes = [
  panel(21, "xychart", "Scatter", [0, 0, 8, 7], "", twoColumns),
  panel(22, "trend", "Trend", [8, 0, 8, 7], "", twoColumns),
  panel(23, "sankey", "Sankey", [16, 0, 8, 7], "", {
    queries: table(`sum by (cpu, mode) (${cpu}) > 0`),
  }),
  panel(24, "node_graph", "Node graph", [0, 7, 8, 8], "", {
    queries: table(
      ["cart", "search"]
        .flatMap((target) => ["web", "mobile"].map((source) => row({ source, target }, 7)))
        .join(" or "),
    ),
  }),
  panel(25, "geomap", "Geomap", [8, 7, 8, 8], "", { queries: table(places.join(" or ")) }),
  panel(26, "flame_graph", "Flame graph", [16, 7, 8, 8], "", {
    queries: table(calls.join(" or ")),
    transformations: [
      {
        id: "convertFieldType",
        options: { conversions: [{ targetField: "level", destinationType: "number" }] },
      },
      { id: "organize", options: { renameByName: { Value: "value" } } },
      { id: "sortBy", options: { sort: [{ field: "level" }] } },
    ],
  }),
];

const lists = [
  panel(31, "table", "Table", [0, 0, 12, 9], "", { queries: table(byMode) }),
  panel(32, "logs", "Logs", [12, 0, 12, 9], "", {
    queries: [{ ref: "A", source: "logs", expr: `{filename=~".+"}`, limit: 100 }],
  }),
  panel(33, "text", "Text", [0, 9, 6, 7], "", {
    options: {
      content: "# A heading\nSome *words*, a [link](/hosts), and `code`.\n\n1. one\n2. two",
    },
  }),
  panel(34, "alert_list", "Alert list", [6, 9, 6, 7]),
  panel(35, "annotation_list", "Annotation list", [12, 9, 6, 7], "", {
    options: { scope: "all" },
  }),
  panel(36, "dashboard_list", "Dashboard list", [18, 9, 6, 7], "", {
    options: { starred: true, recent: true, limit: 4 },
  }),
];

/** Each kind of panel with what a host sends. */
export const kinds: Given = {
  uid: "screens-kinds",
  folder: "Screens",
  document: {
    title: "Every kind",
    tags: ["screens"],
    time: { from: "now-15m", to: "now" },
    rows: [
      { id: 101, title: "Over time", panels: overTime },
      { id: 102, title: "Values", panels: values },
      { id: 103, title: "Shapes", panels: shapes },
      { id: 104, title: "Lists", panels: lists },
    ],
  },
};
