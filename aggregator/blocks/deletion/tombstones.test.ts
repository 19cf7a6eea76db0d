import { expect, test } from "bun:test";
import type { Histogram } from "#shared/model/histogram.ts";
import { noBuckets } from "#shared/model/histogram.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import { Deleted } from "./tombstones.ts";
import type { Block } from "../../read/store.ts";

const block: Block = {
  id: "1",
  tenant: "t",
  signal: "metrics",
  key: "k",
  items: 4,
  rows: 1,
  bytes: 1,
  minMs: 10,
  maxMs: 40,
  createdMs: 0,
};
const deleted = new Deleted([
  {
    id: "x",
    signal: "metrics",
    tenant: "t",
    selectors: [[{ name: "__name__", op: "=", value: "a" }]],
    startMs: 20,
    endMs: 30,
    createdMs: 0,
    blocks: ["1"],
  },
]);
const times = Float64Array.of(10, 20, 30, 40);

const histogram = (count: number): Histogram => ({
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count,
  sum: 0,
  positive: noBuckets,
  negative: noBuckets,
  customValues: [],
  counterResetHint: "unknown",
});

test("mask() takes both ends of the span, and keeps the bits of what is left", () => {
  const values = Float64Array.of(1, 2, 3, 4);
  setStale(wordsOf(values), 3);
  const [left] = deleted.mask(block, [{ labels: { __name__: "a" }, timestampsMs: times, values }]);
  expect([...(left?.timestampsMs ?? [])]).toEqual([10, 40]);
  const expected = Float64Array.of(1, 0);
  setStale(wordsOf(expected), 1);
  expect([...wordsOf(left?.values ?? new Float64Array(0))]).toEqual([...wordsOf(expected)]);
});

test("mask() leaves other series and other blocks as they are, the same objects", () => {
  const a = { labels: { __name__: "a" }, timestampsMs: times, values: times };
  const b = { labels: { __name__: "b" }, timestampsMs: times, values: times };
  expect(deleted.mask(block, [b])[0]).toBe(b);
  expect(deleted.mask({ ...block, id: "2" }, [a])[0]).toBe(a);
});

test("mask() keeps histograms beside their times", () => {
  const histograms = [histogram(1), histogram(2), undefined, histogram(4)];
  const series = { labels: { __name__: "a" }, timestampsMs: times, values: times, histograms };
  const [left] = deleted.mask(block, [series]);
  expect(left?.histograms?.map((one) => one?.count)).toEqual([1, 4]);
});
