import { expect, test } from "bun:test";
import { frameOf, numbers, timeField } from "../parts/sample_frames.ts";
import { bucketsMax, histogramOf } from "./buckets.ts";
import { HistogramOptions } from "./options.ts";

const given = (values: readonly number[]) => [
  frameOf("", [timeField(values.length), numbers("v", values)]),
];

test("histogramOf() counts values in round buckets, each in the one that begins at or below it", () => {
  const options = HistogramOptions.parse({ bucket_size: 10 });
  const { bounds, series } = histogramOf(given([0, 9.9, 10, 25, Number.NaN, 30]), options);
  expect(bounds).toEqual([0, 10, 20, 30, 40]);
  expect(series[0]?.counts).toEqual([2, 1, 1, 1]);
  expect([0, 1, 2, 3].map((bucket) => series[0]?.sourceOf(bucket)?.row)).toEqual([1, 2, 3, 5]);
});

test("histogramOf() takes the number of buckets as a wish for a round size", () => {
  const values = Array.from({ length: 101 }, (_, i) => i / 10);
  const { bounds } = histogramOf(given(values), HistogramOptions.parse({ buckets: 10 }));
  expect(bounds).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
});

test("histogramOf() never makes more buckets than its limit", () => {
  const { bounds, isCoarser } = histogramOf(
    given([0, 1e9]),
    HistogramOptions.parse({ bucket_size: 1 }),
  );
  expect(bounds.length).toBeLessThanOrEqual(bucketsMax + 1);
  expect(isCoarser).toBe(true);
});

test("histogramOf() has nothing for nothing, and one bucket for one value", () => {
  expect(histogramOf(given([Number.NaN]), HistogramOptions.parse({})).bounds).toEqual([]);
  expect(histogramOf(given([5]), HistogramOptions.parse({})).series[0]?.counts).toEqual([1]);
});

test("histogramOf() adds series together where asked", () => {
  const frames = [...given([1, 1]), ...given([1, 2])];
  const options = HistogramOptions.parse({ combine: true, bucket_size: 1 });
  const { series } = histogramOf(frames, options);
  expect(series.map(({ counts }) => counts)).toEqual([[3, 1]]);
  expect(series[0]?.sourceOf(1)).toEqual({ field: expect.objectContaining({ name: "v" }), row: 1 });
});
