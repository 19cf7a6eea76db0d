import { describe, expect, test } from "bun:test";
import { customSchema } from "#shared/model/histogram.ts";
import { Asker, histogramOf, type Samples } from "#test/support/promql_asker.ts";

const series: Readonly<Record<string, Samples>> = {
  h: [
    [0, histogramOf([2, 4])],
    [60, histogramOf([4, 8])],
    [120, histogramOf([10, 8])],
  ],
  h_reset: [
    [0, histogramOf([10])],
    [60, histogramOf([4])],
    [120, histogramOf([10])],
  ],
  h_gauge: [
    [0, histogramOf([10], "gauge")],
    [60, histogramOf([4], "gauge")],
  ],
  // Each just after a reset, as the hints say and the counts do not.
  h_hints: [
    [0, histogramOf([1])],
    [60, histogramOf([4], "reset")],
    [120, histogramOf([10], "reset")],
    [180, histogramOf([12], "not_reset")],
  ],
  h_kinds: [
    [0, histogramOf([1])],
    [60, { ...histogramOf([1, 1]), schema: customSchema, customValues: [5] }],
  ],
  mixed: [
    [0, 1],
    [60, histogramOf([1])],
    [120, histogramOf([2])],
  ],
};

const asker = new Asker(series);

/** The count and the buckets of the only series, with what was told beside them. */
async function bucketsOf(query: string, seconds: number) {
  const { rows, notes } = await asker.instant(query, seconds);
  const found = rows[0]?.histogram?.[1];
  const counts = found?.buckets?.map((bucket: string[]) => bucket[3]);
  return found === undefined ? { notes } : { count: found.count, counts, notes };
}

describe("histograms over extended selectors", () => {
  test("have their counts anchored or smoothed one by one", async () => {
    expect(await bucketsOf("increase(h[1m] anchored)", 90)).toMatchObject({
      count: "6",
      counts: ["2", "4"],
    });
    // From [3, 6] to [7, 8].
    expect(await bucketsOf("increase(h[1m] smoothed)", 90)).toMatchObject({
      count: "6",
      counts: ["4", "2"],
    });
    expect(await bucketsOf("rate(h[1m] smoothed)", 90)).toMatchObject({ count: "0.1" });
    expect(await bucketsOf("h smoothed", 90)).toMatchObject({ count: "15", counts: ["7", "8"] });
    expect(await bucketsOf("h smoothed", 200)).toMatchObject({ count: "18" });
  });
  test("that were reset rise from nothing", async () => {
    expect(await bucketsOf("increase(h_reset[1m] anchored)", 60)).toMatchObject({ count: "4" });
    expect(await bucketsOf("increase(h_reset[1m] smoothed)", 90)).toMatchObject({ count: "5" });
    expect(await bucketsOf("increase(h_reset[30s] smoothed)", 30)).toMatchObject({ count: "2" });
    expect(await bucketsOf("increase(h_reset[30s] smoothed)", 45)).toMatchObject({ count: "2" });
    expect(await bucketsOf("h_reset smoothed", 30)).toMatchObject({ count: "2" });
    expect(await asker.valueOf("resets(h_reset[1m] anchored)", 60)).toBe(1);
    expect(await asker.valueOf("changes(h[1m] anchored)", 60)).toBe(1);
  });
  test("are reset where their hints say so, once", async () => {
    expect(await bucketsOf("increase(h_hints[1m] anchored)", 60)).toMatchObject({ count: "4" });
    expect(await bucketsOf("increase(h_hints[2m] anchored)", 120)).toMatchObject({ count: "14" });
    expect(await bucketsOf("increase(h_hints[3m] anchored)", 180)).toMatchObject({ count: "16" });
    // From 2 to 4, and from 0 to 5.
    expect(await bucketsOf("increase(h_hints[1m] smoothed)", 90)).toMatchObject({ count: "7" });
    // From 5 to 10, and from there to 11.
    expect(await bucketsOf("increase(h_hints[1m] smoothed)", 150)).toMatchObject({ count: "6" });
    expect(await bucketsOf("increase(h_hints[20s] smoothed)", 40)).toMatchObject({
      count: expect.stringMatching(/^1\.33333/),
    });
    expect(await asker.valueOf("resets(h_hints[2m] anchored)", 120)).toBe(2);
  });
  test("that are gauges go along the line, with a warning from functions of counters", async () => {
    expect(await bucketsOf("h_gauge smoothed", 30)).toMatchObject({ count: "7", notes: [] });
    expect(await bucketsOf("delta(h_gauge[1m] anchored)", 60)).toEqual({
      count: "-6",
      counts: ["-6"],
      notes: [],
    });
    expect((await bucketsOf("rate(h_gauge[1m] smoothed)", 60)).notes).toEqual([
      'PromQL warning: this native histogram metric is not a counter: "h_gauge" (1:6)',
    ]);
    expect((await bucketsOf("delta(h[1m] smoothed)", 60)).notes).toEqual([
      'PromQL warning: this native histogram metric is not a gauge: "h" (1:7)',
    ]);
  });
  test("among numbers give nothing, with a warning, wherever in reach they are", async () => {
    const warning =
      'PromQL warning: encountered a mix of histograms and floats for metric name "mixed"';
    for (const edges of ["anchored", "smoothed"])
      expect(await bucketsOf(`rate(mixed[1m] ${edges})`, 150)).toEqual({
        notes: [`${warning} (1:6)`],
      });
    expect(await bucketsOf("mixed smoothed", 30)).toEqual({ notes: [`${warning} (1:1)`] });
    expect((await asker.instant("rate(mixed[1m] anchored)", 150, 80)).notes).toEqual([]);
    expect(await asker.valueOf("resets(mixed[1m] anchored)", 60)).toBe(1);
  });
  test("of exponential and custom buckets are not joined by a line", async () => {
    const warning =
      'PromQL warning: vector contains a mix of histograms with exponential and custom buckets schemas for metric name "h_kinds"';
    expect(await bucketsOf("increase(h_kinds[1m] anchored)", 60)).toEqual({
      notes: [`${warning} (1:10)`],
    });
    expect(await bucketsOf("h_kinds smoothed", 30)).toEqual({ notes: [`${warning} (1:1)`] });
  });
});
