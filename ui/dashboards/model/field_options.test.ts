import { expect, test } from "bun:test";
import type { Override } from "#shared/dashboards/dashboard.ts";
import type { Field, Frame } from "../../frames/frame.ts";
import { applyFieldOptions, fieldName } from "./field_options.ts";

const number = (name: string, values: number[], host = ""): Field => ({
  name,
  type: "number",
  labels: { host },
  values: Float64Array.from(values),
  options: {},
});
const frame: Frame = {
  ref: "B",
  name: "one",
  length: 2,
  notices: [],
  fields: [
    { name: "Time", type: "time", labels: {}, values: Float64Array.of(1, 2), options: {} },
    number("cpu", [1, 9], "a"),
    number("disk, used", [3, 4], "b"),
  ],
};
const units = (overrides: readonly Override[]) =>
  applyFieldOptions([frame], { unit: "short" }, overrides)[0]?.fields.map(
    ({ options }) => options.unit,
  );
const bytes = (by: Override["match"]["by"], value: string): Override => ({
  match: { by, value },
  set: { unit: "bytes" },
});

test("applyFieldOptions() knows each way to match", () => {
  expect(units([])).toEqual([undefined, "short", "short"]);
  expect(units([bytes("name", "cpu")])).toEqual([undefined, "bytes", "short"]);
  expect(units([bytes("names", "cpu,Time")])).toEqual(["bytes", "bytes", "short"]);
  expect(units([bytes("names", '["disk, used"]')])).toEqual([undefined, "short", "bytes"]);
  expect(units([bytes("regex", "/^d/")])).toEqual([undefined, "short", "bytes"]);
  expect(units([bytes("regex", "/(/")])).toEqual([undefined, "short", "short"]);
  expect(units([bytes("type", "time")])).toEqual(["bytes", "short", "short"]);
  expect(units([bytes("query", "B")])).toEqual(["bytes", "bytes", "bytes"]);
  expect(units([bytes("value", "last > 5")])).toEqual([undefined, "bytes", "short"]);
  expect(units([bytes("value", "max <= 4")])).toEqual([undefined, "short", "bytes"]);
});

test("applyFieldOptions() lets the last override win, and merges the kind's own options", () => {
  const [shown] = applyFieldOptions([frame], { custom: { width: 1, fill: 2 }, decimals: 1 }, [
    { match: { by: "name", value: "cpu" }, set: { unit: "a", custom: { fill: 3 } } },
    { match: { by: "regex", value: "/.*/" }, set: { unit: "b" } },
  ]);
  expect(shown?.fields[1]?.options).toEqual({
    custom: { width: 1, fill: 3 },
    decimals: 1,
    unit: "b",
  });
});

test("applyFieldOptions() fills names in, and overrides know the new name", () => {
  const [shown] = applyFieldOptions([frame], { display_name: "${__field.labels.host} of x" }, [
    { match: { by: "name", value: "a of x" }, set: { unit: "bytes" } },
  ]);
  expect(shown?.fields.map(fieldName)).toEqual(["Time", "a of x", "b of x"]);
  expect(shown?.fields[1]?.options.unit).toBe("bytes");
});

test("applyFieldOptions() gives the panel's unit to no text, however much it looks like a number, but an override does", () => {
  const le: Field = { name: "le", type: "string", labels: {}, values: ["0.1", "1"], options: {} };
  const labelled = { ...frame, fields: [le, ...frame.fields] };
  const of = (overrides: readonly Override[]) => {
    const base = { unit: "s", decimals: 1, display_name: "x" };
    return applyFieldOptions([labelled], base, overrides)[0]?.fields[0]?.options;
  };
  expect(of([])).toEqual({ display_name: "x" });
  expect(of([bytes("name", "le")])).toEqual({ display_name: "x", unit: "bytes" });
});
