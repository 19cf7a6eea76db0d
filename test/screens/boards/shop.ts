import { panel, type Given } from "./parts.ts";

const red = { value: 80, color: "red" };
const steps = [{ value: null, color: "green" }, { value: 60, color: "orange" }, red];

const variables = [
  {
    kind: "query",
    name: "host",
    label: "Host",
    query: "label_values(node_load1, instance)",
    current: [],
  },
  {
    kind: "query",
    name: "mode",
    label: "CPU mode",
    description: "What the processors spend their time with.",
    multi: true,
    include_all: true,
    query: "label_values(node_cpu_seconds_total, mode)",
    sort: "asc",
    current: ["user", "system", "iowait"],
  },
  {
    kind: "custom",
    name: "service",
    label: "Service",
    options: ["cart", "checkout", "search", "payment"].map((text) => ({ text, value: text })),
    current: ["cart"],
  },
  {
    kind: "interval",
    name: "window",
    label: "Window",
    options: ["1m", "5m", "15m"],
    current: "1m",
  },
  { kind: "text", name: "words", label: "Line holds", value: "job" },
  { kind: "constant", name: "site", value: "fra-1" },
  { kind: "datasource", name: "source", type: "prometheus" },
  {
    kind: "filters",
    name: "filters",
    label: "Only",
    current: [{ label: "env", op: "=", value: "prod" }],
  },
];

const annotations = [
  { name: "Deployments", source: "stored", color: "accent" },
  {
    name: "Backups",
    source: "metrics",
    color: "orange",
    expr: "(minute() % 10) == 3",
    step: "1m",
    title: "Backup",
    // Away from marks made by hand, which may be of the same minute.
    panels: [15],
  },
  {
    name: "Failed requests",
    source: "logs",
    enabled: false,
    color: "red",
    expr: '{job="files"} |= "error"',
  },
];

const links = [
  { title: "Run book", url: "https://example.org/run-book", new_tab: true, tooltip: "What to do" },
  {
    title: "Lapwing's own",
    kind: "dashboards",
    tags: ["lapwing"],
    dropdown: true,
    keep_time: true,
  },
];

const cpu = (mode: string) =>
  `sum(rate(node_cpu_seconds_total{instance="$host", mode="${mode}"}[$window]))`;
const busy = `100 * (1 - avg(rate(node_cpu_seconds_total{instance="$host", mode="idle"}[$window])))`;
const free = `node_memory_MemAvailable_bytes{instance="$host"}`;

const first = [
  panel(10, "stat", "CPU busy", [0, 0, 6, 5], busy, {
    description: "Of all processors of $host.",
    field: { unit: "percent", decimals: 0, thresholds: { steps } },
    links: [{ title: "The host", url: "/hosts" }],
  }),
  panel(11, "gauge", "Memory", [6, 0, 6, 5], `100 - 100 * ${free} / node_memory_MemTotal_bytes`, {
    field: { unit: "percent", decimals: 0, min: 0, max: 100, thresholds: { steps } },
  }),
  panel(12, "stat", "Load of $service", [12, 0, 6, 5], `node_load1{instance="$host"}`, {
    field: { decimals: 2, thresholds: { steps: [{ value: null, color: "blue" }] } },
    links: [
      { title: "Run book", url: "https://example.org/load", new_tab: true },
      { title: "Explore", url: "/explore" },
    ],
  }),
  panel(13, "text", "", [18, 0, 6, 5], "", {
    options: {
      content:
        "### Web shop\nService **$service** at `$site`.\n\n- [Run book](https://example.org)\n- on call: team web",
    },
  }),
  panel(14, "timeseries", "CPU by mode", [0, 5, 12, 9], "", {
    queries: [
      {
        ref: "A",
        expr: `sum by (mode) (rate(node_cpu_seconds_total{instance="$host", mode=~"$mode"}[$window]))`,
        legend: "{{mode}}",
      },
    ],
    field: { unit: "s", custom: { fill: 20, stack: "normal" } },
  }),
  panel(15, "timeseries", "Memory available", [12, 5, 12, 9], free, {
    field: {
      unit: "bytes",
      thresholds: {
        steps: [
          { value: null, color: "red" },
          { value: 2e9, color: "green" },
        ],
      },
    },
    time: { shift: "1m" },
  }),
];

/** What a person makes of a dashboard: variables of each kind, marks, links, thresholds, repeated rows and panels. */
export const shop: Given = {
  uid: "screens-shop",
  folder: "Screens/Shop",
  document: {
    title: "Web shop",
    description: "How the shop's hosts are.",
    tags: ["screens", "shop", "web"],
    time: { from: "now-15m", to: "now" },
    crosshair: "tooltip",
    variables,
    annotations,
    links,
    rows: [
      { id: 1, title: "", panels: first },
      {
        id: 2,
        title: "By mode",
        panels: [
          panel(20, "timeseries", "CPU $mode", [0, 0, 24, 7], cpu("$mode"), {
            repeat: { variable: "mode", direction: "across", per_row: 3 },
            field: { unit: "s" },
          }),
        ],
      },
      {
        id: 3,
        title: "Mode $mode",
        repeat: "mode",
        panels: [panel(30, "stat", "Seconds in $mode", [0, 0, 8, 4], cpu("$mode"))],
      },
      {
        id: 4,
        title: "Closed at first",
        closed: true,
        panels: [panel(40, "timeseries", "Load", [0, 0, 24, 7], "node_load1")],
      },
    ],
  },
};
