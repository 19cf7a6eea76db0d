import { expect, test } from "bun:test";
import { SeriesTable } from "../collect/samples/series_table.ts";
import { gauge } from "../collect/samples/family.ts";
import { OpenLabels } from "./open_labels.ts";

const base = gauge("a", "Help.", ["own"]);

test("OpenLabels keeps a series the same one when later ones bring new names", () => {
  const labels = new OpenLabels(10);
  const table = new SeriesTable({}, 100);
  const tick = (...all: Record<string, string>[]) => {
    table.begin();
    for (const each of all) {
      const values = labels.valuesOf(Object.entries(each)) ?? [];
      table.add(labels.family(base, values.length), 1, "o", ...values);
    }
    return table.finish(0).schema.series.map((series) => ({ ...series }));
  };
  const a = { __name__: "a", own: "o" };
  expect(tick({}, { x: "1" })).toEqual([a, { ...a, x: "1" }]);
  // The same value under another name, and an empty one in between, are series of their own.
  const all = [a, { ...a, x: "1" }, { ...a, y: "1" }, { ...a, x: "1", z: "2" }];
  expect(tick({}, { y: "1" }, { x: "1" }, { z: "2", y: "", x: "1" })).toEqual(all);
  expect(tick({ x: "1", y: "" }, { y: "1", x: "" }, {}, { x: "1", z: "2" })).toEqual(all);
});

test("OpenLabels refuses a name too many, and goes on with those that it has", () => {
  const labels = new OpenLabels(2);
  expect(
    labels.valuesOf([
      ["x", "1"],
      ["y", "2"],
    ]),
  ).toEqual(["1", "2"]);
  expect(labels.valuesOf([["z", "3"]])).toBeUndefined();
  expect(labels.valuesOf([["y", "2"]])).toEqual(["", "2"]);
  expect(labels.family(base, 2).labelNames).toEqual(["own", "x", "y"]);
});
