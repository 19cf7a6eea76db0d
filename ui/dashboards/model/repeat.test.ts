import { expect, test } from "bun:test";
import { Dashboard } from "#shared/dashboards/dashboard.ts";
import type { VariableValue } from "./interpolate.ts";
import { compacted, freePlace, overlap } from "./layout.ts";
import { repeated } from "./repeat.ts";

const hosts = (...values: string[]): ReadonlyMap<string, VariableValue> =>
  new Map([["host", { values, texts: values, all: false, multi: true }]]);
const rowsOf = (rows: unknown) => Dashboard.parse({ title: "x", rows }).rows;
const panel = (id: number, x: number, y: number, more: Record<string, unknown> = {}) => ({
  id,
  kind: "stat",
  place: { x, y, w: 12, h: 4 },
  ...more,
});
const places = (rows: unknown, variables: ReadonlyMap<string, VariableValue>) =>
  repeated(rowsOf(rows), variables).rows.map(({ panels }) =>
    panels.map(({ key, place: { x, y, w, h } }) => [key, x, y, w, h]),
  );

test("repeated() puts copies across, and what stands below further down", () => {
  const rows = [
    {
      id: 9,
      panels: [
        panel(1, 0, 0, { repeat: { variable: "host", direction: "across", per_row: 2 } }),
        panel(2, 0, 4),
      ],
    },
  ];
  expect(places(rows, hosts("a", "b", "c"))).toEqual([
    [
      ["1:a", 0, 0, 12, 4],
      ["1:b", 12, 0, 12, 4],
      ["1:c", 0, 4, 12, 4],
      ["2", 0, 8, 12, 4],
    ],
  ]);
  expect(places(rows, hosts())).toEqual([
    [
      ["1", 0, 0, 12, 4],
      ["2", 0, 4, 12, 4],
    ],
  ]);
});

test("repeated() puts copies down in their column", () => {
  const rows = [
    { id: 9, panels: [panel(1, 12, 0, { repeat: { variable: "host", direction: "down" } })] },
  ];
  expect(places(rows, hosts("a", "b"))).toEqual([
    [
      ["1:a", 12, 0, 12, 4],
      ["1:b", 12, 4, 12, 4],
    ],
  ]);
});

test("repeated() gives each copy of a row its value, and its panels that value only", () => {
  const rows = rowsOf([
    { id: 9, repeat: "host", panels: [panel(1, 0, 0, { repeat: { variable: "host" } })] },
  ]);
  const { rows: shown } = repeated(rows, hosts("a", "b"));
  expect(shown.map(({ key, original }) => [key, original])).toEqual([
    ["9:a", true],
    ["9:b", false],
  ]);
  expect(shown[1]?.panels.map(({ key, scoped }) => [key, scoped.get("host")?.values])).toEqual([
    ["1:b", ["b"]],
  ]);
});

test("repeated() says how many copies it left out", () => {
  const rows = rowsOf([{ id: 9, panels: [panel(1, 0, 0, { repeat: { variable: "host" } })] }]);
  const shown = repeated(rows, hosts(...Array.from({ length: 130 }, (_, i) => `h${i}`)));
  expect([shown.rows[0]?.panels.length, shown.leftOut]).toEqual([100, 30]);
});

test("compacted() closes holes, keeps the order of the list, and lets nothing overlap", () => {
  const items = [panel(1, 0, 20), panel(2, 6, 3), panel(3, 12, 5)];
  const done = compacted(items);
  expect(done.map(({ id, place: { x, y } }) => [id, x, y])).toEqual([
    [1, 0, 4],
    [2, 6, 0],
    [3, 12, 4],
  ]);
  for (const a of done)
    for (const b of done) if (a !== b) expect(overlap(a.place, b.place)).toBe(false);
});

test("freePlace() finds a hole, or the end", () => {
  const taken = [
    { x: 0, y: 0, w: 12, h: 4 },
    { x: 0, y: 4, w: 24, h: 4 },
  ];
  expect(freePlace(taken, 12, 4)).toMatchObject({ x: 12, y: 0 });
  expect(freePlace(taken, 24, 4)).toMatchObject({ x: 0, y: 8 });
});
