import { expect, test } from "bun:test";
import { frameOf, numbers, timeField } from "../parts/sample_frames.ts";
import { heatOf } from "./cells.ts";
import { HeatmapOptions } from "./options.ts";

const options = HeatmapOptions.parse({});
const bucket = (gt: string, le: string, values: readonly number[]) =>
  numbers(le, values, {}, { gt, le });

test("heatOf() takes buckets from the lowest to the highest, whatever their order", () => {
  const frame = frameOf("", [timeField(2), bucket("1", "+Inf", [0, 3]), bucket("0", "1", [5, 1])]);
  const { rows, min, max } = heatOf([frame], options, 60_000);
  expect(rows.map(({ lower, upper }) => [lower, upper])).toEqual([
    [0, 1],
    [1, Number.POSITIVE_INFINITY],
  ]);
  expect([...(rows[0]?.counts ?? [])]).toEqual([5, 1]);
  expect([min, max]).toEqual([1, 5]);
});

test("heatOf() joins frames of one series each, and takes plain names as rows in their order", () => {
  const frames = ["b", "a"].map((name) => frameOf(name, [timeField(2), numbers(name, [1, 2])]));
  expect(heatOf(frames, options, 60_000).rows.map(({ name }) => name)).toEqual(["b", "a"]);
});

test("heatOf() counts the series in each range where asked", () => {
  const frames = [1, 1, 9].map((value) =>
    frameOf("", [timeField(2), numbers("v", [value, Number.NaN])]),
  );
  const { rows } = heatOf(frames, HeatmapOptions.parse({ calculate: true, buckets: 10 }), 60_000);
  expect(rows.map(({ counts }) => counts[0])).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 1]);
  expect(rows.every(({ counts }) => counts[1] === 0)).toBe(true);
});

test("heatOf() has no more columns than a picture can show", () => {
  const values = Array.from({ length: 50_000 }, () => 1);
  const { timesMs, rows } = heatOf(
    [frameOf("", [timeField(50_000), numbers("a", values)])],
    options,
    60_000,
  );
  expect(timesMs.length).toBeLessThanOrEqual(2_001);
  expect(rows[0]?.counts.reduce((sum, count) => sum + count, 0)).toBe(50_000);
});
