import { expect, test } from "bun:test";
import { z } from "zod";
import { controlsOf, grouped, isShown, wordsOf } from "./control.ts";

const controls = new Map(
  controlsOf(
    z.strictObject({
      on: z.boolean().default(true).meta({ title: "Is on", group: "First" }),
      mode: z
        .enum(["x", "y_z"])
        .default("x")
        .meta({ title: "Mode", names: { x: "An x" }, when: { option: "on", is: [true] } }),
      points: z.int().min(0).max(10).default(3).meta({ title: "Points" }),
      size: z.number().min(0).default(3),
      count: z.int().default(3),
      calcs: z.array(z.string()).default([]).meta({ title: "Calcs", editor: "reducers" }),
      calc: z.string().default("last").meta({ title: "Calc", editor: "reducers" }),
      axis: z.strictObject({ low: z.number().nullable().default(null) }).prefault({}),
      steps: z.union([z.literal(1), z.literal(2)]).default(1),
      rows: z.array(z.strictObject({ name: z.string().default("") })).default([]),
      either: z.union([z.literal("auto"), z.number()]).default("auto"),
    }),
  ),
);
const shape = (name: string) => controls.get(name)?.shape;

test("each option of a schema becomes the control that fits it", () => {
  expect(shape("on")).toEqual({ kind: "switch" });
  expect(shape("mode")).toEqual({
    kind: "choice",
    choices: [
      { value: "x", label: "An x" },
      { value: "y_z", label: "Y z" },
    ],
  });
  expect(shape("points")).toMatchObject({ kind: "number", slider: true, bounds: { max: 10 } });
  expect(shape("size")).toMatchObject({ slider: false, bounds: { min: 0, max: undefined } });
  expect(shape("count")).toMatchObject({ slider: false, bounds: { min: undefined, whole: true } });
  expect([shape("calcs")?.kind, shape("calc")?.kind]).toEqual(["reducers", "reducer"]);
  expect(shape("axis")).toMatchObject({ kind: "object", members: [["low", { title: "Low" }]] });
  expect(shape("steps")).toMatchObject({ kind: "choice", choices: [{ value: 1 }, { value: 2 }] });
  expect(shape("rows")).toMatchObject({ kind: "list", item: { shape: { kind: "object" } } });
  expect(shape("either")).toEqual({ kind: "json" });
});

test("an option is shown where the one it depends on has the value, also by default", () => {
  const members = [...controls];
  const mode = controls.get("mode");
  if (mode === undefined) throw new Error("the schema has a mode");
  expect(isShown(mode, members, {})).toBe(true);
  expect(isShown(mode, members, { on: false })).toBe(false);
});

test("groups keep the order of their first option, and names become words", () => {
  expect(grouped([...controls]).map(([name, some]) => [name, some.length])).toEqual([
    ["First", 1],
    ["", 10],
  ]);
  expect([wordsOf("lineWidth"), wordsOf("line_width"), wordsOf("")]).toEqual([
    "Line width",
    "Line width",
    "",
  ]);
});
