import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Asker, histogramOf, type Samples, tenant } from "#test/support/promql_asker.ts";
import { queryDataJson } from "../json.ts";

// Expectations are reckoned by hand from the definition: docs/feature_flags.md ("Extended Range Selectors") and the proposal
// 2025-04-04, "Extended range selectors semantics", whose two data sets and sums of increases are `complete` and `partial`.

const series: Readonly<Record<string, Samples>> = {
  complete: [10, 25, 40, 55, 70, 85, 100, 115, 130, 145].map((time, i) => [
    time,
    [1, 2, 3, 4, 5, 9, 10, 11, 12, 13][i] ?? 0,
  ]),
  partial: [10, 25, 40, 85, 100, 115, 130, 145].map((time, i) => [
    time,
    [1, 2, 3, 9, 10, 11, 12, 13][i] ?? 0,
  ]),
  reset_total: [
    [0, 10],
    [60, 4],
    [120, 10],
  ],
  gone: [
    [0, 1],
    [60, "stale"],
    [120, 3],
  ],
  lone: [[60, 7]],
  only_stale: [[60, "stale"]],
  h: [[60, histogramOf([1])]],
  mixed: [
    [0, 1],
    [60, histogramOf([1])],
    [120, histogramOf([2])],
  ],
};

const asker = new Asker(series);

type Case = readonly [query: string, seconds: number, wanted: number | null, lookback?: number];

function cases(rows: readonly Case[]): void {
  for (const [query, seconds, wanted, lookback] of rows) {
    const under = lookback === undefined ? "" : `, looking back ${lookback}s`;
    test(`${query} at ${seconds}s is ${wanted}${under}`, async () => {
      const got = await asker.valueOf(query, seconds, lookback);
      if (wanted === null || got === null) expect(got).toBe(wanted);
      else expect(got).toBeCloseTo(wanted, 10);
    });
  }
}

describe("anchored", () => {
  cases([
    ["increase(complete[1m] anchored)", 75, 4],
    ["increase(complete[1m] anchored)", 135, 7],
    ["rate(complete[1m] anchored)", 135, 7 / 60],
    ["delta(complete[1m] anchored)", 135, 7],
    ["increase(partial[1m] anchored)", 75, 2],
    ["increase(partial[1m] anchored)", 135, 9],
    // A sample at the start is the anchor, one at the end the last.
    ["increase(complete[30s] anchored)", 55, 2],
    // One that is as old as the look-back before the start is too old, a younger one is not.
    ["increase(partial[30s] anchored)", 100, 7, 31],
    ["increase(partial[30s] anchored)", 100, 1, 30],
    // Nothing before: the first one stands for it.
    ["increase(complete[1m] anchored)", 40, 2],
    ["increase(lone[1m] anchored)", 60, 0],
    ["rate(lone[1m] anchored)", 119, 0],
    // Nothing within the range, though there is before it.
    ["increase(lone[1m] anchored)", 120, null],
    ["changes(lone[1m] anchored)", 120, null],
    ["resets(complete[10s] anchored)", 165, null],
    ["increase(complete[10s] anchored)", 165, null],
    ["increase(complete[10s] anchored)", 5, null],
    // A reset from the anchor to the first sample within.
    ["increase(reset_total[1m] anchored)", 60, 4],
    ["delta(reset_total[1m] anchored)", 60, -6],
    ["resets(reset_total[1m])", 60, 0],
    ["resets(reset_total[1m] anchored)", 60, 1],
    ["changes(reset_total[1m])", 60, 0],
    ["changes(reset_total[1m] anchored)", 60, 1],
    ["changes(reset_total[1m] anchored)", 119, 1],
    ["increase(reset_total[2m] anchored)", 120, 10],
    // Stale markers are no samples and end nothing.
    ["increase(gone[1m] anchored)", 120, 2],
    ["increase(gone[1m] anchored)", 100, null],
    ["increase(only_stale[1m] anchored)", 60, null],
    ["increase(complete[1m] anchored offset 1m)", 135, 4],
    ["increase(complete[1m] offset 1m anchored)", 135, 4],
    ["increase(complete[1m] anchored @ 75)", 1_000, 4],
    ["increase(complete[1m] @ end() anchored offset -15s)", 60, 4],
    // Without a range the word changes nothing.
    ["complete anchored", 60, 4],
    ["sum(increase(complete[1m] anchored)) + sum(complete anchored)", 75, 9],
    ["increase(complete anchored [1m])", 75, 4],
    ["max_over_time(increase(complete[1m] anchored)[1m:15s])", 135, 7],
  ]);
});

describe("smoothed", () => {
  cases([
    ["increase(complete[1m] smoothed)", 15, 1 / 3],
    ["increase(complete[1m] smoothed)", 75, 5],
    ["increase(complete[1m] smoothed)", 135, 6],
    ["rate(complete[1m] smoothed)", 135, 0.1],
    ["delta(complete[1m] smoothed)", 135, 6],
    // From 1 1/3 to 3 + 6 * 35/45, and from there to 12 1/3.
    ["increase(partial[1m] smoothed)", 75, 3 + (6 * 35) / 45 - 4 / 3],
    ["increase(partial[1m] smoothed)", 135, 37 / 3 - 3 - (6 * 35) / 45],
    // A range between two samples.
    ["increase(partial[15s] smoothed)", 70, 2],
    ["rate(partial[15s] smoothed)", 70, 2 / 15],
    // Samples on the bounds are the values there.
    ["increase(complete[30s] smoothed)", 55, 2],
    // No sample after: the last one stands for it; none that is young enough likewise.
    ["increase(complete[30s] smoothed)", 155, 13 - 35 / 3],
    ["increase(partial[30s] smoothed)", 70, null, 14],
    ["increase(partial[30s] smoothed)", 70, 4, 15],
    ["increase(lone[1m] smoothed)", 60, 0],
    ["increase(lone[1m] smoothed)", 100, 0],
    ["increase(lone[1m] smoothed)", 120, null],
    ["increase(lone[1m] smoothed)", 59, null],
    ["increase(only_stale[1m] smoothed)", 60, null],
    // A counter that was reset rises from 0; what it had before counts once.
    ["increase(reset_total[1m] smoothed)", 90, 5],
    ["delta(reset_total[1m] smoothed)", 90, 0],
    ["increase(reset_total[30s] smoothed)", 30, 2],
    ["increase(reset_total[30s] smoothed)", 45, 2],
    ["increase(reset_total[1m] smoothed)", 60, 4],
    ["delta(reset_total[1m] smoothed)", 60, -6],
    ["increase(gone[1m] smoothed)", 90, 1],
    ["increase(complete[1m] smoothed offset 1m)", 135, 5],
    ["increase(complete[1m] smoothed @ 75)", 1_000, 5],
  ]);
});

describe("an instant selector that is smoothed", () => {
  cases([
    ["partial smoothed", 40, 3],
    ["partial smoothed", 70, 7],
    ["partial smoothed", 9, null],
    ["partial smoothed", 150, 13],
    ["lone smoothed", 359, 7],
    ["lone smoothed", 360, null],
    ["gone smoothed", 60, 2],
    // Both neighbours must be within the look-back, the earlier one younger, the later one at most as far.
    ["partial smoothed", 60, 3 + (6 * 20) / 45, 25],
    ["partial smoothed", 60, 3, 24],
    ["partial smoothed", 65, null, 19],
    ["partial smoothed offset 1m", 130, 7],
    ["partial offset 1m smoothed", 130, 7],
    ["partial smoothed @ 70", 1_000, 7],
    // Taken for a gauge: down a reset it goes along the line.
    ["reset_total smoothed", 30, 7],
    ["sum(partial smoothed) - absent(nothing smoothed)", 70, 6],
    // When a sample was taken is no question of what lies between.
    ["timestamp(partial smoothed)", 70, 40],
    ["avg_over_time((partial smoothed)[30s:15s])", 70, 14 / 3],
  ]);
  test("keeps its name, and is drawn along the lines in a range query", async () => {
    const { data } = await asker.engine.range("partial smoothed", {
      tenant,
      startMs: 0,
      endMs: 100_000,
      stepMs: 20_000,
    });
    expect(JSON.parse([...queryDataJson(data)].join("")).result).toEqual([
      {
        metric: { __name__: "partial" },
        values: [
          [20, expect.stringMatching(/^1\.6666/)],
          [40, "3"],
          [60, expect.stringMatching(/^5\.6666/)],
          [80, expect.stringMatching(/^8\.3333/)],
          [100, "10"],
        ],
      },
    ]);
  });
});

test("adjacent windows add up to the whole, whatever the counter does", async () => {
  const counter = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat({ max: 20 })), {
    minLength: 2,
    maxLength: 40,
  });
  await fc.assert(
    fc.asyncProperty(counter, fc.integer({ min: 1, max: 60 }), async (steps, width) => {
      let [time, value] = [0, 0];
      const samples: [number, number][] = [[0, 0]];
      for (const [gap, by] of steps) {
        value = by === 0 ? 0 : value + by;
        samples.push([(time += gap), value]);
      }
      const over = new Asker({ c_total: samples });
      const total = async (range: number, edges: string, count: number): Promise<number> => {
        const endMs = range * count * 1_000;
        const bounds = { tenant, startMs: range * 1_000, endMs, stepMs: range * 1_000 };
        const lookbackMs = 10_000_000;
        const query = `increase(c_total[${range}s] ${edges})`;
        const { data } = await over.engine.range(query, { ...bounds, lookbackMs });
        if (data.resultType !== "matrix") return Number.NaN;
        return data.series.flatMap(({ values }) => [...values]).reduce((a, b) => a + b, 0);
      };
      const count = Math.ceil(time / width);
      for (const edges of ["anchored", "smoothed"]) {
        const [parts, whole] = [
          await total(width, edges, count),
          await total(width * count, edges, 1),
        ];
        expect(parts).toBeCloseTo(whole, 6);
        const gained = steps.reduce((sum, [, by]) => sum + by, 0);
        expect(whole).toBeCloseTo(gained, 6);
      }
    }),
    { numRuns: 60 },
  );
});

const raw = async (query: string, seconds: number) =>
  (await asker.instant(query, seconds)).rows[0]?.values ?? null;

describe("an extended range as it is", () => {
  test("has a sample at each edge and those between", async () => {
    expect(await raw("reset_total[1m] anchored", 90)).toEqual([
      [30, "10"],
      [60, "4"],
      [90, "4"],
    ]);
    expect(await raw("reset_total[1m] smoothed", 90)).toEqual([
      [30, "7"],
      [60, "4"],
      [90, "7"],
    ]);
  });
  test("does not repeat samples that are on the edges", async () => {
    const edges = [
      [60, "4"],
      [120, "10"],
    ];
    expect(await raw("reset_total[1m] anchored", 120)).toEqual(edges);
    expect(await raw("reset_total[1m] smoothed", 120)).toEqual(edges);
  });
  test("is empty without a sample after its start", async () => {
    expect(await raw("lone[1m] anchored", 130)).toBeNull();
    expect(await raw("lone[1m] smoothed", 130)).toBeNull();
    expect(await raw("only_stale[1m] anchored", 60)).toBeNull();
  });
  test("is not made of histograms", async () => {
    expect(await asker.failureOf("h[1m] anchored")).toBe(
      "execution: anchored modifier is not supported with histograms",
    );
    expect(await asker.failureOf("mixed[1m] smoothed")).toBe(
      "execution: smoothed modifier is not supported with histograms",
    );
  });
});

describe("functions that look at every sample are refused", () => {
  for (const name of ["irate", "sum_over_time", "absent_over_time", "last_over_time", "deriv"]) {
    test(name, async () => {
      expect(await asker.failureOf(`${name}(complete[1m] anchored)`)).toBe(
        `execution: anchored modifier can only be used with: changes, delta, increase, rate, resets - not with ${name}`,
      );
      expect(await asker.failureOf(`${name}(nothing[1m] smoothed)`)).toBe(
        `execution: smoothed modifier can only be used with: delta, increase, rate - not with ${name}`,
      );
    });
  }
  test("changes and resets, smoothed", async () => {
    expect(await asker.failureOf("changes(complete[1m] smoothed)")).toContain("- not with changes");
    expect(await asker.failureOf("quantile_over_time(0.5, complete[1m] smoothed)")).toContain(
      "- not with quantile_over_time",
    );
  });
});

test("rate() of what is no counter is told of, extended or not", async () => {
  const { notes } = await asker.instant("rate(complete[1m] smoothed)", 75);
  expect(notes).toEqual([
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "complete" (1:6)',
  ]);
});

async function lookedAt(query: string): Promise<number | undefined> {
  const options = { tenant, timeMs: 60_000, counting: true };
  const { stats } = await asker.engine.instant(query, options);
  return stats.steps?.total[0];
}

test("samples beyond the range are counted where they are looked at", async () => {
  expect(await lookedAt("rate(reset_total[30s])")).toBe(1);
  expect(await lookedAt("rate(reset_total[30s] anchored)")).toBe(2);
  expect(await lookedAt("rate(reset_total[30s] smoothed)")).toBe(3);
});
