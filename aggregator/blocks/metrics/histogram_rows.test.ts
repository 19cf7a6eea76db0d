import { afterAll, expect, test } from "bun:test";
import * as fc from "fast-check";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CounterResetHint,
  customSchema,
  denseBuckets,
  emptyHistogram,
  equalHistograms,
  type Histogram,
} from "#shared/model/histogram.ts";
import { detectReset } from "#shared/model/histogram_resets.ts";
import { setStale, wordsOf } from "#shared/model/special_values.ts";
import { metricsView } from "../../query/sql/views.ts";
import type { SeriesSamples } from "../../read/source.ts";
import { writeMetricsFile } from "../block_writer.ts";
import { cutMetricsOf } from "../../read/cut_metrics.ts";
import { Duckdb } from "../../duckdb/duckdb.ts";
import { KnownTexts } from "../series/labels_text.ts";
import { mergeSeries } from "./merge_series.ts";
import { readSeries } from "./metrics_reader.ts";
import { compileSelector } from "../series/selector.ts";
import { seriesInOrder } from "./series_in_order.ts";
import { cutOf, gauge, openTestStore } from "../../read/store.fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "lapwing-histograms-"));
const duckdb = new Duckdb({
  memoryBytes: 256 * 1_024 ** 2,
  threads: 2,
  connectionsMax: 2,
  temporaryFolder: join(folder, "spill"),
});
afterAll(async () => {
  await duckdb.close();
  rmSync(folder, { recursive: true, force: true });
});

const count = fc.oneof(
  fc.integer({ min: 0, max: 9 }),
  fc.double({ min: 0, max: 9, noNaN: true }),
  fc.constantFrom(2 ** 60, Number.NaN, Infinity, -0, -3),
);
const side = fc
  .record({ first: fc.integer({ min: -20, max: 20 }), counts: fc.array(count, { maxLength: 8 }) })
  .map(({ first, counts }) => denseBuckets(first, counts));
const histogram: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.constantFrom(-4, 0, 0, 0, 8),
    zeroThreshold: fc.constantFrom(0, 0, 0.001, -0),
    zeroCount: count,
    count,
    sum: fc.oneof(count, fc.double()),
    positive: side,
    negative: side,
    counterResetHint: fc.constantFrom<CounterResetHint>("unknown", "unknown", "reset", "gauge"),
    isCustom: fc.boolean(),
    bounds: fc.constantFrom([1, 2], [0.1, 5, 7], []),
  })
  .map(({ isCustom, bounds, ...one }) =>
    isCustom
      ? { ...emptyHistogram, ...one, schema: customSchema, customValues: bounds }
      : { ...emptyHistogram, ...one },
  );
/** A histogram, a number, or a stale marker (7). */
const sample = fc.oneof({ arbitrary: histogram, weight: 4 }, fc.integer({ min: 5, max: 7 }));

function seriesOf(samples: readonly (Histogram | number)[], name = "h"): SeriesSamples {
  const values = Float64Array.from(samples, (one) => (typeof one === "number" ? one : 0));
  const words = wordsOf(values);
  for (const [i, one] of samples.entries()) if (one === 7) setStale(words, i);
  const histograms = samples.map((one) => (typeof one === "number" ? undefined : one));
  return {
    labels: { __name__: name },
    timestampsMs: Float64Array.from(samples, (_, i) => 1_000 + i * 15),
    values,
    histograms,
  };
}

function expectSame(found: SeriesSamples | undefined, wanted: SeriesSamples): void {
  expect([...(found?.timestampsMs ?? [])]).toEqual([...wanted.timestampsMs]);
  expect([...wordsOf(found?.values ?? new Float64Array(0))]).toEqual([...wordsOf(wanted.values)]);
  let before: Histogram | undefined;
  for (let i = 0; i < wanted.values.length; i++) {
    const [one, expected] = [found?.histograms?.[i], wanted.histograms?.[i]];
    expect(one === undefined).toBe(expected === undefined);
    if (one === undefined || expected === undefined) {
      before = undefined;
      continue;
    }
    expect(equalHistograms(one, expected)).toBe(true);
    expect(Object.is(one.sum, expected.sum)).toBe(true);
    expect(one.counterResetHint === "gauge").toBe(expected.counterResetHint === "gauge");
    // What is said of a reset is true.
    if (one.counterResetHint === "not_reset") {
      expect(before).toBeDefined();
      if (before !== undefined) expect(detectReset(expected, before)).toBe(false);
    }
    before = expected;
  }
}

const everything = compileSelector([], "labels");

test("a block gives back every histogram, number and stale marker, and what it says of resets is true", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 40 }), async (samples) => {
      const wanted = seriesOf(samples);
      const plain = gauge("a", [1, 2], [1, 2]);
      const file = await writeMetricsFile(duckdb, folder, cutMetricsOf([plain, wanted]));
      const numbers = await writeMetricsFile(duckdb, folder, cutMetricsOf([gauge("z", [3], [4])]));
      const paths = [numbers.path, file.path];
      await duckdb.use("read", async (connection) => {
        const known = new KnownTexts();
        const files = await readSeries(connection, paths, everything, undefined, 1e6, known);
        const span = { startMs: -Infinity, endMs: Infinity };
        const [first, second, third] = await mergeSeries(files, span, 1e6);
        expectSame(first, plain);
        expect(first?.histograms).toBeUndefined();
        if (second !== undefined && samples.some((one) => typeof one !== "number"))
          expectSame(second, wanted);
        expect(third?.labels).toEqual({ __name__: "z" });
        const ordered: SeriesSamples[] = [];
        for await (const one of seriesInOrder(connection, paths, known)) ordered.push(one);
        expect(ordered).toHaveLength(3);
        expectSame(ordered[1], wanted);
      });
      for (const path of paths) rmSync(path);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("samples of one counter lie in one row, whatever buckets they have", async () => {
  const growing = Array.from({ length: 900 }, (_, i) => ({
    ...emptyHistogram,
    count: i,
    sum: i / 8,
    positive: denseBuckets(0, i % 2 === 0 ? [i] : [i - 1, 0, 0, i]),
  }));
  // Every bucket only grows, but each second sample lacks one: every one of those is a reset.
  const steady = growing.filter((_, i) => i % 2 === 0);
  const file = await writeMetricsFile(duckdb, folder, cutMetricsOf([seriesOf(steady, "a")]));
  expect(file.rows).toBe(1);
  const broken = await writeMetricsFile(duckdb, folder, cutMetricsOf([seriesOf(growing, "a")]));
  expect(broken.rows).toBe(450);
});

test("SQL has a row without value for every histogram, beside files that have none", async () => {
  const one = { ...emptyHistogram, count: 1, positive: denseBuckets(0, [1]) };
  const mixed = await writeMetricsFile(duckdb, folder, cutMetricsOf([seriesOf([one, 5, one])]));
  const numbers = await writeMetricsFile(duckdb, folder, cutMetricsOf([gauge("z", [3], [4])]));
  for (const paths of [
    [mixed.path, numbers.path],
    [numbers.path, mixed.path],
  ]) {
    await duckdb.use("sql", async (connection) => {
      await connection.run(metricsView(paths));
      const reader = await connection.runAndReadAll(
        "SELECT value FROM metrics ORDER BY name, timestamp",
      );
      await connection.run("DROP VIEW metrics");
      expect(reader.getRows()).toEqual([[null], [5], [null], [4]]);
    });
  }
});

const make = (value: number): Histogram => ({
  ...emptyHistogram,
  count: value,
  sum: value / 4,
  positive: denseBuckets(2, [value]),
});

test("merging keeps histograms, of equal times those of the first commit", async () => {
  const dataDir = mkdtempSync(join(folder, "store-"));
  const store = await openTestStore(dataDir, {
    compaction: { interval: "1d", blocks_max: 1 },
  });
  await store.commit(cutOf({ metrics: [seriesOf([make(1), make(3), 6])] }, 1), () => {});
  await store.commit(
    cutOf({ metrics: [seriesOf([make(9), make(9), make(9), make(2)])] }, 2),
    () => {},
  );
  const request = { tenant: "t", matchers: [], startMs: 0, endMs: 9_999, samplesMax: 100 };
  const select = () => store.view().metrics.select(request);
  const before = await select();
  expect(before[0]?.histograms?.map((one) => one?.count)).toEqual([1, 3, undefined, 2]);
  await store.maintain();
  expect(store.view().blocks).toHaveLength(1);
  const [after] = await select();
  if (before[0] !== undefined) expectSame(after, before[0]);
  await store.close();
});
