import { describe, expect, test } from "bun:test";
import { Asker, histogramOf, type Samples, tenant } from "#test/support/promql_asker.ts";

// Reckoned by hand from docs/feature_flags.md ("Start timestamp (ST) usage in PromQL functions") and promql/functions.go.

const series: Readonly<Record<string, Samples>> = {
  // Reset at 150, though by 180 the counter is higher than before.
  c_total: [
    [60, 5, 30],
    [120, 8, 30],
    [180, 9, 150],
    [240, 12, 150],
  ],
  plain_total: [
    [60, 5],
    [120, 8],
  ],
  // Differences, each since the one before.
  differences_total: [
    [60, 5, 30],
    [120, 3, 60],
    [180, 7, 120],
  ],
  // OpenTelemetry's unknown start: the time of the first sample.
  unknown_total: [
    [60, 5, 60],
    [120, 8, 60],
  ],
  overlapping_total: [
    [60, 5, 30],
    [120, 8, 40],
    [180, 9, 40],
  ],
  wrong_total: [
    [60, 5, 70],
    [120, 8, 130],
  ],
  h: [
    [60, histogramOf([2]), 30],
    [120, histogramOf([5]), 90],
  ],
};

const asker = new Asker(series, { use_start_timestamps: true });
const without = new Asker(series);

type Case = readonly [query: string, seconds: number, wanted: number | null, plain: number | null];
const cases: readonly Case[] = [
  // What stood before the reset is added, and so is all of the first sample; nothing is guessed of the time before it.
  ["increase(c_total[4m])", 240, 20, (7 * 240) / 180],
  ["rate(c_total[4m])", 240, 20 / 240, 7 / 180],
  ["resets(c_total[4m])", 240, 1, 0],
  ["irate(c_total[4m])", 180, 9 / 60, 1 / 60],
  // One sample is enough where its start is within the range, which is open to the left.
  ["increase(c_total[1m])", 60, 5, null],
  ["increase(c_total[1m])", 80, 5, null],
  ["rate(c_total[1m])", 60, 5 / 60, null],
  ["increase(c_total[30s])", 60, null, null],
  ["increase(c_total[31s])", 60, 5, null],
  ["increase(differences_total[4m])", 180, 15, ((2 + 5) * 150) / 120],
  ["resets(differences_total[4m])", 180, 2, 1],
  ["increase(unknown_total[2m])", 120, 6, 6],
  ["resets(unknown_total[2m])", 120, 0, 0],
  ["increase(wrong_total[2m])", 120, 6, 6],
  ["increase(plain_total[2m])", 120, 6, 6],
  // To the end, which is further than 1.1 times the usual distance, half of that is added.
  ["increase(plain_total[200s])", 200, 3 * ((60 + 60 + 30) / 60), 3 * ((60 + 60 + 30) / 60)],
  ["increase(c_total[3m])", 190, (17 * 160) / 150, 6],
  // Functions that don't count ask for no start.
  ["delta(c_total[4m])", 240, (7 * 240) / 180, (7 * 240) / 180],
  ["idelta(c_total[4m])", 180, 1, 1],
  ["changes(c_total[4m])", 240, 3, 3],
  // Extended selectors know of starts in resets() alone.
  ["increase(c_total[2m] anchored)", 180, 4, 4],
  ["resets(c_total[1m] anchored)", 180, 1, 0],
  ["resets(h[2m])", 120, 1, 0],
  ["histogram_count(irate(h[2m]))", 120, 5 / 60, 3 / 60],
  ["histogram_count(increase(h[2m]))", 120, 7, 5],
  ["histogram_count(increase(h[1m]))", 60, 2, null],
  ["histogram_count(rate(h[1m]))", 60, 2 / 60, null],
  ["start_timestamp(c_total)", 119, 30, null],
  ["start_timestamp(c_total)", 200, 150, null],
  ["start_timestamp(c_total offset 1m)", 200, 30, null],
  ["start_timestamp(c_total @ 60)", 1_000, 30, null],
  ["start_timestamp(c_total smoothed)", 119, 30, null],
  ["start_timestamp(h)", 130, 90, null],
  // Not known is 0, and what is computed has none.
  ["start_timestamp(plain_total)", 130, 0, null],
  ["start_timestamp(c_total + 0)", 130, null, null],
  ["start_timestamp(missing)", 130, null, null],
];

async function expectValue(from: Asker, query: string, seconds: number, wanted: number | null) {
  const got = await from.valueOf(query, seconds);
  if (got === null || wanted === null) expect(got).toBe(wanted);
  else expect(got).toBeCloseTo(wanted, 10);
}

describe("with use_start_timestamps and without", () => {
  for (const [query, seconds, wanted, plain] of cases) {
    test(`${query} at ${seconds}s is ${wanted}`, async () => {
      await expectValue(asker, query, seconds, wanted);
      await expectValue(without, query, seconds, plain);
    });
  }
});

test("start_timestamp() drops the metric's name", async () => {
  const { rows } = await asker.instant("start_timestamp(c_total)", 100);
  expect(rows).toEqual([{ metric: {}, value: [100, "30"] }]);
});

test("starts that overlap the sample before are told of, once, with their number", async () => {
  const text =
    'PromQL warning: sample has start time that overlaps with previous sample timestamp for metric "overlapping_total"';
  const { notes } = await asker.instant("rate(overlapping_total[2m])", 120);
  expect(notes).toEqual([`${text} (1:6)`]);
  const bounds = { tenant, startMs: 120_000, endMs: 160_000, stepMs: 20_000 };
  const { warnings } = await asker.engine.range("rate(overlapping_total[3m])", bounds);
  expect(warnings).toEqual([`${text} (3 occurrences) (1:6)`]);
  expect((await asker.instant("rate(c_total[4m])", 240)).notes).toEqual([]);
  expect((await without.instant("rate(overlapping_total[2m])", 120)).notes).toEqual([]);
});

test("a selector that is read with starts and without is fetched once for both", async () => {
  const query = "increase(c_total[4m]) + delta(c_total[4m])";
  expect(await asker.valueOf(query, 240)).toBeCloseTo(20 + (7 * 240) / 180, 10);
});
