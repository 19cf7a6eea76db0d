import { expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import { fromCode, toCode } from "./dashboard_code.ts";
import { changesOf, textDifference } from "./difference.ts";

const dashboard = Dashboard.parse({
  title: "Nodes",
  tags: ["a"],
  variables: [{ kind: "query", name: "job", query: "label_values(up, job)" }],
  rows: [
    {
      id: 1,
      panels: [
        {
          id: 2,
          kind: "timeseries",
          title: "CPU",
          place: { x: 0, y: 0, w: 12, h: 8 },
          queries: [{ ref: "A", expr: 'up{job=~"$job"}' }],
          options: { mode: "x" },
        },
      ],
    },
  ],
});

test("toCode() leaves defaults out, and fromCode() reads the same dashboard back", () => {
  expect(toCode(dashboard, "yaml")).toBe(`title: Nodes
tags:
  - a
variables:
  - kind: query
    name: job
    query: label_values(up, job)
rows:
  - id: 1
    panels:
      - id: 2
        kind: timeseries
        title: CPU
        place:
          x: 0
          y: 0
          w: 12
          h: 8
        queries:
          - ref: A
            expr: up{job=~"$job"}
        options:
          mode: x
`);
  for (const format of ["json", "yaml"] as const)
    expect(fromCode(toCode(dashboard, format)).dashboard).toEqual(dashboard);
});

test("fromCode() tells every mistake with its line", () => {
  const text = toCode(dashboard, "yaml")
    .replace("w: 12", "w: 99")
    .replace("kind: query", "kind: guess");
  const { mistakes } = fromCode(text);
  expect(mistakes.map(({ line }) => line)).toEqual([5, 17]);
  expect(mistakes[1]?.message).toStartWith("rows[0].panels[0].place.w: ");
  const broken = fromCode("title: x\nrows: [");
  expect(broken.mistakes[0]?.line).toBe(2);
  expect(fromCode('{\n"title": "x",\n"unknown": 1}').mistakes[0]?.message).toContain("unknown");
});

test("changesOf() says what is other, and textDifference() shows it", () => {
  const json = structuredClone(dashboard);
  const [row] = json.rows;
  const [panel] = row?.panels ?? [];
  if (row === undefined || panel === undefined) throw new Error("the dashboard has a panel");
  const after = Dashboard.parse({
    ...json,
    title: "All nodes",
    variables: [],
    rows: [
      {
        ...row,
        panels: [
          { ...panel, place: { ...panel.place, x: 12 }, queries: [{ ref: "A", expr: "up" }] },
        ],
      },
      { id: 5, title: "New", panels: [{ ...panel, id: 6, title: "Disk" }] },
    ],
  });
  expect(changesOf(dashboard, after)).toEqual([
    { kind: "changed", what: "title", details: ['"Nodes" → "All nodes"'] },
    { kind: "removed", what: 'variable "job"', details: [] },
    { kind: "added", what: 'row "New"', details: [] },
    {
      kind: "changed",
      what: 'panel "CPU"',
      details: ['queries[0].expr: "up{job=~\\"$job\\"}" → "up"'],
    },
    { kind: "added", what: 'panel "Disk"', details: [] },
    { kind: "moved", what: 'panel "CPU"', details: ["from 0, 0 to 12, 0"] },
  ]);
  expect(changesOf(dashboard, dashboard)).toEqual([]);
  const lines = textDifference(dashboard, after);
  expect(lines.slice(0, 2)).toEqual([
    { kind: "removed", text: "title: Nodes", before: 1, after: undefined },
    { kind: "added", text: "title: All nodes", before: undefined, after: 1 },
  ]);
  expect(textDifference(dashboard, dashboard)).toEqual([]);
});
