import { expect, test } from "bun:test";
import { formatUnit } from "../../units/units.ts";
import { distinctLabels, stepFor } from "./axis_step.ts";

test("stepFor() is round in the words of the labels: seconds to years, and binary prefixes", () => {
  const [day, year] = [86_400, 31_556_952];
  expect(stepFor(130, "s", 700)).toBe(300);
  expect(stepFor(0.9 * day, "s", 4 * day)).toBe(day);
  expect(stepFor(1.7 * day, "s", 9 * day)).toBe(3.5 * day);
  expect(stepFor(5 * day, "s", 25 * day)).toBe(7 * day);
  expect(stepFor(0.4 * year, "s", 2 * year)).toBe(year);
  expect(stepFor(2.1 * year, "s", 10 * year)).toBe(2.5 * year);
  expect(stepFor(180 * 1_024 ** 2, "bytes", 1_024 ** 3)).toBe(0.2 * 1_024 ** 3);
  expect(stepFor(180, "short", 900)).toBe(200);
});

const labelsOf = (values: readonly number[], unit: string) =>
  distinctLabels((places) => values.map((value) => formatUnit(value, unit, places)));

test("distinctLabels() gives decimals to labels that would read the same, and to others of their unit", () => {
  expect(labelsOf([990, 995, 1_000, 1_005], "short")).toEqual(["990", "995", "1.000 k", "1.005 k"]);
  expect(labelsOf([126, 126.5, 127], "short")).toEqual(["126.0", "126.5", "127.0"]);
  expect(labelsOf([0, 500, 1_000], "short")).toEqual(["0", "500", "1 k"]);
});
