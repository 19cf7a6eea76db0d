import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { emptyHistogram } from "#shared/model/histogram.ts";
import type { MetricsBatch, MetricsPart } from "#shared/model/metrics.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import { Held } from "../receiver.fixture.ts";
import { SampleBuffer } from "./sample_buffer.ts";

class Pushes {
  readonly series = new Held().context().newSeries({ seriesMax: 100_000, idleMs: 1_000 });
  readonly #buffer = new SampleBuffer();

  /** One request: names with times. */
  push(samples: readonly (readonly [name: number, timestampMs: number])[]): MetricsBatch {
    for (const [name, timestampMs] of samples)
      this.#buffer.push(this.series.columnOf({ __name__: `m${name}` }), timestampMs, name);
    return this.series.batchOf(this.#buffer.take());
  }
}

/** A run of names from `from` on, all of one time. */
function scrape(from: number, count: number, timestampMs: number): [number, number][] {
  return Array.from({ length: count }, (_, i) => [from + i, timestampMs]);
}

function partsOf(batch: MetricsBatch): MetricsPart[] {
  return [batch, ...(batch.also ?? [])];
}

/** Samples in rows, and single ones. */
function countsOf(batch: MetricsBatch): { rows: number[]; single: number } {
  const parts = partsOf(batch);
  return {
    rows: parts.flatMap(({ rows }) => rows.map(({ values }) => presentIn(values))),
    single: parts.reduce((sum, { sparse }) => sum + (sparse?.values.length ?? 0), 0),
  };
}

function presentIn(values: Float64Array): number {
  const words = wordsOf(values);
  return Array.from(values, (_, i) => !isAbsent(words, i)).filter(Boolean).length;
}

test("SeriesGroups sends a target's scrape as a row, again of the same schema, whatever else comes with it", () => {
  const pushes = new Pushes();
  const first = pushes.push([...scrape(0, 100, 1_000), ...scrape(100, 50, 1_007)]);
  expect(countsOf(first)).toEqual({ rows: [100, 50], single: 0 });
  const second = pushes.push([...scrape(100, 50, 16_007), [900, 5], ...scrape(0, 100, 16_000)]);
  expect(countsOf(second)).toEqual({ rows: [50, 100], single: 1 });
  expect(second.also?.map(({ schema }) => schema)).toEqual(
    (first.also ?? []).map(({ schema }) => schema).toReversed(),
  );
});

test("SeriesGroups puts a new series into the group that it comes with, and two times of a series into two rows", () => {
  const pushes = new Pushes();
  pushes.push(scrape(0, 20, 1_000));
  const grown = pushes.push([...scrape(0, 20, 2_000), [77, 2_000]]);
  expect(countsOf(grown)).toEqual({ rows: [21], single: 0 });
  const twice = scrape(0, 20, 3_000).flatMap(([name]): [number, number][] => [
    [name, 3_000],
    [name, 4_000],
  ]);
  expect(countsOf(pushes.push(twice))).toEqual({ rows: [20, 20], single: 0 });
});

test("SeriesGroups sends few series, less than half of a group, and a second sample of one time one by one", () => {
  const pushes = new Pushes();
  expect(countsOf(pushes.push(scrape(0, 7, 1_000)))).toEqual({ rows: [], single: 7 });
  pushes.push(scrape(100, 20, 1_000));
  expect(countsOf(pushes.push(scrape(100, 9, 2_000)))).toEqual({ rows: [], single: 9 });
  expect(countsOf(pushes.push(scrape(100, 10, 3_000)))).toEqual({ rows: [10], single: 0 });
  const doubled = pushes.push([...scrape(100, 20, 4_000), [100, 4_000]]);
  expect(countsOf(doubled)).toEqual({ rows: [20], single: 1 });
});

test("SeriesGroups cuts a large target into even groups", () => {
  const pushes = new Pushes();
  const { rows } = countsOf(pushes.push(scrape(0, 2_000, 1_000)));
  expect(rows).toEqual([500, 500, 500, 500]);
  // Cut elsewhere by the sender: only the group at the cut comes in parts.
  expect(countsOf(pushes.push(scrape(300, 1_500, 2_000)))).toEqual({
    rows: [500, 500, 300],
    single: 200,
  });
});

test("SeriesGroups gives a group up that comes in small parts for long, and groups its series by how they come now", () => {
  const pushes = new Pushes();
  pushes.push(scrape(0, 300, 1_000));
  const rows: number[][] = [];
  for (let round = 1; round < 20; round++)
    for (let part = 0; part < 3; part++)
      rows.push(countsOf(pushes.push(scrape(100 * part, 100, 1_000 + 10 * round + part))).rows);
  expect(rows.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => []));
  expect(rows.slice(8)).toEqual(Array.from({ length: 49 }, () => [100]));
});

test("SeriesGroups hands on every sample once, with its labels, time and bits, of any requests", () => {
  const sample = fc.tuple(fc.nat(60), fc.nat(3), fc.nat(4));
  const request = fc.array(fc.oneof(sample, fc.nat(40)), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 12 }), (requests) => {
      const own = new Held().context().newSeries({ seriesMax: 1_000, idleMs: 1_000 });
      const buffer = new SampleBuffer();
      for (const pushed of requests) {
        const wanted: string[] = [];
        const push = (name: number, timestampMs: number, low: number): void => {
          const column = own.columnOf({ __name__: `m${name}` });
          if (low === 4) buffer.pushHistogram(column, timestampMs, emptyHistogram, 0, 0);
          // A NaN with a payload: only its bits tell it from another.
          else buffer.pushWords(column, timestampMs, low, 0x7ff9_0000);
          wanted.push(`m${name} ${timestampMs} ${low === 4 ? "histogram" : low}`);
        };
        for (const one of pushed)
          if (typeof one === "number") for (let i = 0; i < 20; i++) push(one + i, 7, 3);
          else push(...one);
        expect(shown(own.batchOf(buffer.take())).toSorted()).toEqual(wanted.toSorted());
      }
    }),
    { seed: 7, numRuns: 300 },
  );
});

function shown(batch: MetricsBatch): string[] {
  const text: string[] = [];
  for (const { schema, rows, sparse, histograms } of partsOf(batch)) {
    const name = (column: number): string => schema.series[column]?.["__name__"] ?? "";
    for (const { timestampMs, values } of rows)
      for (const [i] of values.entries())
        if (!isAbsent(wordsOf(values), i))
          text.push(`${name(i)} ${timestampMs} ${wordsOf(values)[2 * i]}`);
    for (const [i, column] of (sparse?.columns ?? new Uint32Array()).entries())
      text.push(
        `${name(column)} ${sparse?.timestampsMs[i]} ${wordsOf(sparse?.values ?? new Float64Array())[2 * i]}`,
      );
    for (const [i, column] of (histograms?.columns ?? new Uint32Array()).entries())
      text.push(`${name(column)} ${histograms?.timestampsMs[i]} histogram`);
  }
  return text;
}
