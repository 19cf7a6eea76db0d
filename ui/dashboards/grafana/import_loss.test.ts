import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { importGrafana } from "./import.ts";
import { losses } from "./loss_walk.ts";
import { recordOf } from "./read.ts";

const folder = join(
  process.env["LAPWING_SHARED"] ?? join(import.meta.dir, "../../../../shared"),
  "conformance/grafana-dashboards",
);
const files = existsSync(folder)
  ? readdirSync(folder).filter((file) => file.endsWith(".json"))
  : [];

describe.skipIf(files.length === 0)(
  "dashboards that people use (needs LAPWING_SHARED/conformance/grafana-dashboards)",
  () => {
    test.each(files)(
      "%s: nothing is lost that the report does not name",
      async (file) => {
        const json: unknown = await Bun.file(join(folder, file)).json();
        const source = recordOf(recordOf(json)["dashboard"] ?? json);
        const { dashboard, notes } = importGrafana(json);
        expect(losses(source, dashboard, notes)).toEqual([]);
      },
      30_000,
    );
  },
);

const panel = {
  id: 1,
  type: "timeseries",
  title: "CPU",
  gridPos: { x: 0, y: 0, w: 12, h: 8 },
  datasource: { type: "prometheus", uid: "p" },
  targets: [{ refId: "A", expr: "up" }],
  fieldConfig: {
    defaults: {
      unit: "bytes",
      custom: { lineWidth: 7 },
      thresholds: { mode: "absolute", steps: [{ color: "#123456", value: 91 }] },
    },
    overrides: [],
  },
};

test("the walk finds what is lost without a word", () => {
  const source = { title: "T", panels: [panel] };
  const { dashboard, notes } = importGrafana(source);
  expect(losses(source, dashboard, notes)).toEqual([]);
  const rows = dashboard.rows.map((row) => ({
    ...row,
    panels: row.panels.map((each) => ({ ...each, field: {} })),
  }));
  expect(losses(source, { ...dashboard, rows }, notes)).toEqual([
    'panel 1 timeseries.fieldConfig.defaults.unit = "bytes"',
    "panel 1 timeseries.fieldConfig.defaults.custom.lineWidth = 7",
    'panel 1 timeseries.fieldConfig.defaults.thresholds.steps[0].color = "#123456"',
    "panel 1 timeseries.fieldConfig.defaults.thresholds.steps[0].value = 91",
  ]);
});

test("members of queries, annotations, links, variables and the page are named unless they are defaults", () => {
  const { notes } = importGrafana({
    title: "Of ${__user.login}",
    hideControls: true,
    time: { from: "yesterday-ish", to: "now" },
    timepicker: { refresh_intervals: ["5s", "7s"], time_options: ["5m", "1h"] },
    templating: {
      list: [
        {
          type: "datasource",
          name: "ds",
          query: "prometheus",
          regex: "/prod/",
          allowCustomValue: false,
        },
      ],
    },
    annotations: { list: [{ name: "A", datasource: "Prometheus", expr: "up", showIn: 3 }] },
    links: [{ title: "L", url: "https://x/${__org.id}", icon: "bolt" }],
    panels: [
      {
        ...panel,
        queryCachingTTL: 60_000,
        targets: [{ refId: "A", expr: "up", step: 40, adhocFilters: [{ key: "a" }] }],
      },
      { id: 2, type: "row", title: "R", gridPos: { x: 0, y: 9, w: 24, h: 1 }, hideHeader: true },
    ],
  });
  expect(notes.map(({ path }) => path).toSorted()).toEqual(
    [
      'annotation "A": showIn',
      "hideControls",
      "links[0]: icon",
      "links[0]: url",
      'panel 1 "CPU": queryCachingTTL',
      'panel 1 "CPU": query A: adhocFilters',
      'panel 1 "CPU": query A: step',
      'row "R": hideHeader',
      "time.from",
      "timepicker: refresh_intervals",
      "title",
      'variable "ds": allowCustomValue',
      'variable "ds": regex',
    ].toSorted(),
  );
});

test("steps of many queries are one note", () => {
  const targets = [10, 20].map((step) => ({ refId: String(step), expr: "up", step }));
  const { notes } = importGrafana({ title: "T", panels: [{ ...panel, targets }] });
  expect(notes).toEqual([
    {
      path: "queries: step",
      why: "that of 2 queries is not kept: Grafana itself tells it from the range",
    },
  ]);
});
