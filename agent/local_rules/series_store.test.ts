import { expect, test } from "bun:test";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import { evaluate } from "./evaluate.ts";
import { parseExpression } from "./parse.ts";
import { SeriesStore } from "./series_store.ts";

const schemaOf = (...series: Labels[]) => ({ series, families: [] });
const row = (timestampMs: number, ...values: number[]) => ({
  timestampMs,
  values: Float64Array.from(values),
});

function watching(text: string, limits: ConstructorParameters<typeof SeriesStore>[0] = {}) {
  const expression = parseExpression(text);
  const store = new SeriesStore(limits);
  store.watch([expression]);
  return { store, at: (ms: number) => evaluate(expression, store, ms) };
}

test("SeriesStore takes rows, sparse samples and further parts, and knows columns that come later", () => {
  const { store, at } = watching("x > 0");
  const schema = schemaOf({ __name__: "x", a: "1" }, { __name__: "y", a: "1" });
  const other = schemaOf({ __name__: "x", a: "3" });
  const batch: MetricsBatch = { schema, rows: [row(1_000, 5, 6)] };
  store.add({ ...batch, also: [{ schema: other, rows: [row(1_000, 7)] }] });
  schema.series.push({ __name__: "x", a: "2" });
  store.add({
    schema,
    rows: [],
    sparse: {
      columns: Uint32Array.of(2, 1),
      timestampsMs: Float64Array.of(1_500, 1_500),
      values: Float64Array.of(8, 9),
    },
  });
  expect(at(2_000)).toEqual([
    { labels: { a: "1" }, value: 5 },
    { labels: { a: "3" }, value: 7 },
    { labels: { a: "2" }, value: 8 },
  ]);
  expect(store.seriesCount).toBe(3);
});

test("a series has no value after its stale marker, or five minutes after its last sample", () => {
  const { store, at } = watching("x >= 0");
  const schema = schemaOf({ __name__: "x", a: "1" }, { __name__: "x", a: "2" });
  store.add({ schema, rows: [row(1_000, 1, 2)] });
  const ended = row(2_000, 0, 0);
  setStale(wordsOf(ended.values), 0);
  setAbsent(wordsOf(ended.values), 1);
  store.add({ schema, rows: [ended] });
  expect(at(1_500)).toHaveLength(2);
  expect(at(2_000)).toEqual([{ labels: { a: "2" }, value: 2 }]);
  expect(at(300_999)).toHaveLength(1);
  expect(at(301_000)).toHaveLength(0);
  store.sweep(400_000);
  expect(store.seriesCount).toBe(0);
  store.add({ schema, rows: [row(410_000, 3, 4)] });
  expect(at(410_000)).toHaveLength(2);
  expect(store.seriesCount).toBe(2);
});

test("a late or repeated sample changes nothing", () => {
  const { store, at } = watching("sum_over_time(x[1m]) > 0");
  const schema = schemaOf({ __name__: "x" });
  for (const [ms, value] of [
    [1_000, 1],
    [3_000, 2],
    [2_000, 10],
    [3_000, 20],
  ] as const)
    store.add({ schema, rows: [row(ms, value)] });
  expect(at(3_000)).toEqual([{ labels: {}, value: 3 }]);
});

test("SeriesStore refuses series over its limit, counts them, and takes others when there is room again", () => {
  const { store, at } = watching("x >= 0", { seriesMax: 2 });
  const schema = schemaOf(...["1", "2", "3"].map((a) => ({ __name__: "x", a })));
  store.add({ schema, rows: [row(1_000, 1, 2, 3)] });
  store.add({ schema, rows: [row(2_000, 1, 2, 3)] });
  expect(at(2_000)).toHaveLength(2);
  expect(store.counts.refusedSeries).toBe(1);
  const third = row(400_000, 0, 0, 3);
  setAbsent(wordsOf(third.values), 0);
  setAbsent(wordsOf(third.values), 1);
  store.sweep(400_000);
  store.add({ schema, rows: [third] });
  expect(at(400_000)).toEqual([{ labels: { a: "3" }, value: 3 }]);
});

test("SeriesStore holds no more samples than it may: the oldest go, counted", () => {
  const { store, at } = watching("count_over_time(x[1h]) > 0", { samplesMax: 16 });
  const schema = schemaOf({ __name__: "x" });
  for (let i = 1; i <= 100; i++) store.add({ schema, rows: [row(i * 1_000, i)] });
  const [counted] = at(100_000);
  expect(counted?.value).toBeGreaterThan(6);
  expect(counted?.value).toBeLessThanOrEqual(16);
  expect(store.counts.cutSamples).toBe(100 - (counted?.value ?? 0));
});

test("a window forgets what its range has left behind, and keeps it over a change of rules", () => {
  const { store, at } = watching("count_over_time(x[10s]) > 0", { samplesMax: 64 });
  const schema = schemaOf({ __name__: "x" });
  for (let i = 1; i <= 1_000; i++) store.add({ schema, rows: [row(i * 1_000, i)] });
  expect(at(1_000_000)).toEqual([{ labels: {}, value: 10 }]);
  store.watch(["count_over_time(x[10s]) > 0", "z > 1"].map(parseExpression));
  expect(at(1_000_000)).toEqual([{ labels: {}, value: 10 }]);
  expect(store.counts.cutSamples).toBe(0);
  store.watch([]);
  expect(store.seriesCount).toBe(0);
});

test("series that cannot be matched one to one are an error that says so", () => {
  const { store, at } = watching("x / on (b) y > 0");
  const schema = schemaOf(
    { __name__: "x", a: "1", b: "1" },
    { __name__: "x", a: "2", b: "1" },
    { __name__: "y", b: "1" },
  );
  store.add({ schema, rows: [row(1_000, 1, 2, 3)] });
  expect(() => at(1_000)).toThrow("name more labels in on (...)");
});

test("a rate goes by the interval of the source, whatever fine samples lie between", () => {
  const { store, at } = watching("rate(x[1m]) > 0");
  const schema = schemaOf({ __name__: "x" });
  for (let second = 0; second <= 180; second++) {
    const isFine = second % 15 > 0;
    if (!isFine || (second > 45 && second < 75))
      store.add({ schema, rows: [{ ...row(1_000 * second, second), isFine }] });
    if (second >= 60) expect(at(1_000 * second)[0]?.value, `at ${second}`).toBeCloseTo(1, 9);
  }
});
