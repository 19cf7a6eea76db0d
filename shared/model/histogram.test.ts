import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  bucketColumns,
  bucketsOf,
  type CounterResetHint,
  customSchema,
  denseBuckets,
  emptyHistogram,
  equalHistograms,
  exponentialBound,
  type Histogram,
  noBuckets,
  sampleWeight,
} from "./histogram.ts";
import {
  histogramFraction,
  histogramQuantile,
  histogramVariance,
  trimHistogram,
} from "./histogram_estimate.ts";
import { layoutOf, reduceResolution, widenZero } from "./histogram_layout.ts";
import { detectReset, withDetectedResets } from "./histogram_resets.ts";
import {
  addHistograms,
  divideHistogram,
  HistogramSum,
  multiplyHistogram,
  subtractHistograms,
} from "./histogram_sum.ts";
import { histogramLine, histogramNotation } from "./histogram_text.ts";

/** Counts of whole observations, so that sums are exact; the count is that of the buckets. */
const buckets = fc
  .record({
    first: fc.integer({ min: -20, max: 20 }),
    counts: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }),
  })
  .map(({ first, counts }) => denseBuckets(first, counts));

const exponential: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -2, max: 3 }),
    zeroThreshold: fc.constantFrom(0, 0.001, 0.3, 1),
    zeroCount: fc.integer({ min: 0, max: 9 }),
    positive: buckets,
    negative: buckets,
  })
  .map((parts) => counted({ ...emptyHistogram, ...parts, sum: 1 }))
  // What the zero bucket covers is in no other.
  .map((histogram) => {
    const { zero, positive, negative } = widenZero(
      { ...layoutOf(histogram), zeroThreshold: -1 },
      histogram.zeroThreshold,
    );
    const sides = [positive, negative].map(({ indices, columns }) =>
      bucketsOf(indices, columns[0] ?? new Float64Array(0)),
    );
    const [left = noBuckets, right = noBuckets] = sides;
    return counted({ ...histogram, zeroCount: zero[0] ?? 0, positive: left, negative: right });
  });

const custom: fc.Arbitrary<Histogram> = fc
  .record({
    bounds: fc.uniqueArray(fc.integer({ min: -5, max: 9 }), { maxLength: 6 }),
    counts: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 7, maxLength: 7 }),
  })
  .map(({ bounds, counts }) =>
    counted({
      ...emptyHistogram,
      schema: customSchema,
      customValues: bounds.toSorted((a, b) => a - b),
      positive: denseBuckets(0, counts.slice(0, bounds.length + 1)),
      sum: 1,
    }),
  );

function counted(histogram: Histogram): Histogram {
  return { ...histogram, count: observations(histogram) };
}

function observations(histogram: Histogram): number {
  return bucketColumns(histogram).counts.reduce((a, b) => a + b, 0);
}

function sumOf(a: Histogram, b: Histogram): Histogram {
  const result = addHistograms(a, b);
  if (result === undefined) throw new Error("kinds don't fit");
  return result.histogram;
}

function nhcb(customValues: number[], counts: number[]): Histogram {
  const positive = denseBuckets(0, counts);
  return counted({ ...emptyHistogram, schema: customSchema, customValues, positive });
}

function oneBucket(count: number): Histogram {
  return counted({ ...emptyHistogram, positive: denseBuckets(0, [count]) });
}

function withSum(sum: number): Histogram {
  return { ...emptyHistogram, sum };
}

function withHint(counterResetHint: CounterResetHint): Histogram {
  return { ...emptyHistogram, counterResetHint };
}

function hintOfSum(a: CounterResetHint, b: CounterResetHint) {
  const result = addHistograms(withHint(a), withHint(b));
  return [result?.histogram.counterResetHint, result?.conflictingResets];
}

const pair = fc.oneof(fc.tuple(exponential, exponential), fc.tuple(custom, custom));

describe("buckets", () => {
  test("bounds of an exponential schema double every 2^schema buckets", () => {
    expect([0, 1, 2, -1].map((index) => exponentialBound(index, 0))).toEqual([1, 2, 4, 0.5]);
    expect([0, 2, 3].map((index) => exponentialBound(index, 1))).toEqual([1, 2, 2 * Math.SQRT2]);
    expect([0, 1, 2].map((index) => exponentialBound(index, -1))).toEqual([1, 4, 16]);
  });
  test("the last bucket ends at the greatest double, and one more at infinity", () => {
    expect(exponentialBound(1_024, 0)).toBe(Number.MAX_VALUE);
    expect(exponentialBound(1_025, 0)).toBe(Infinity);
  });
  test("columns ascend from the lowest negative bucket through zero", () => {
    const histogram = {
      ...emptyHistogram,
      zeroCount: 5,
      zeroThreshold: 0.5,
      positive: denseBuckets(1, [7]),
      negative: denseBuckets(1, [1, 2]),
    };
    const { lower, upper, counts, zeroAt } = bucketColumns(histogram);
    expect([[...lower], [...upper], [...counts], zeroAt]).toEqual([
      [-4, -2, -0.5, 1],
      [-2, -1, 0.5, 2],
      [2, 1, 5, 7],
      2,
    ]);
  });
  test("a wide histogram weighs more than a narrow one", () => {
    expect(sampleWeight(emptyHistogram)).toBe(9);
    const wide = {
      ...emptyHistogram,
      positive: denseBuckets(
        0,
        Array.from({ length: 160 }, () => 1),
      ),
    };
    expect(sampleWeight(wide)).toBe(129);
  });
});

describe("sums", () => {
  test("no observation is lost or made, whatever the layouts", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const sum = sumOf(a, b);
        expect(sum.count).toBe(a.count + b.count);
        expect(observations(sum)).toBe(a.count + b.count);
      }),
    );
  });
  test("the order does not matter", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        expect(equalHistograms(sumOf(a, b), sumOf(b, a))).toBe(true);
      }),
    );
  });
  test("what was added can be subtracted again, and leaves a gauge", () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const sum = sumOf(a, b);
        const back = subtractHistograms(sum, b)?.histogram;
        expect(back).toMatchObject({ count: a.count, counterResetHint: "gauge" });
        expect(observations(back ?? emptyHistogram)).toBe(a.count);
        const none = subtractHistograms(sum, sum)?.histogram;
        expect(none).toMatchObject({ count: 0, positive: noBuckets, negative: noBuckets });
      }),
    );
  });
  test("exponential and custom buckets don't add up", () => {
    fc.assert(
      fc.property(exponential, custom, (a, b) => {
        expect(addHistograms(a, b)).toBeUndefined();
        expect(new HistogramSum(b).add(a)).toBe(false);
      }),
    );
  });
  test("custom bounds that differ are reduced to those in common", () => {
    const result = addHistograms(nhcb([1, 2, 4], [1, 1, 1, 1]), nhcb([2, 3], [5, 5, 5]));
    expect(result?.reconciledBounds).toBe(true);
    expect(histogramNotation(result?.histogram ?? emptyHistogram)).toBe(
      "{{schema:-53 count:19 custom_values:[2] buckets:[7 12]}}",
    );
  });
  test("a zero bucket that would cut a populated bucket takes in all of it", () => {
    const layout = layoutOf({ ...emptyHistogram, positive: denseBuckets(0, [3, 4, 5]) });
    const { zeroThreshold, zero, positive } = widenZero(layout, 1.5);
    expect([zeroThreshold, zero, [...positive.indices]]).toEqual([2, [7], [2]]);
  });
  test("thresholds that are no numbers or endless come to an end", () => {
    for (const [a, b] of [
      [Number.NaN, 0.5],
      [0.5, Number.NaN],
      [Number.NaN, Number.NaN],
      [Infinity, 0.5],
      [0, -0],
    ] as const) {
      const [left, right] = [a, b].map((zeroThreshold) => ({ ...oneBucket(2), zeroThreshold }));
      expect(sumOf(left ?? oneBucket(0), right ?? oneBucket(0)).count).toBe(4);
    }
  });
  test("rounding errors are kept beside the sum", () => {
    const total = new HistogramSum(withSum(1));
    for (const sum of [1e100, 1, -1e100]) total.add(withSum(sum));
    expect(total.result().sum).toBe(2);
  });
  test("hints: equal ones stay, a gauge makes a gauge, reset and not_reset conflict", () => {
    expect(hintOfSum("not_reset", "not_reset")).toEqual(["not_reset", false]);
    expect(hintOfSum("not_reset", "gauge")).toEqual(["gauge", false]);
    expect(hintOfSum("reset", "not_reset")).toEqual(["unknown", true]);
    expect(multiplyHistogram(withHint("reset"), -1).counterResetHint).toBe("gauge");
  });
  test("division by zero leaves no regular buckets", () => {
    const histogram = counted({ ...emptyHistogram, zeroCount: 1, positive: denseBuckets(0, [2]) });
    const divided = divideHistogram({ ...histogram, sum: 0 }, 0);
    expect(divided).toMatchObject({ count: Infinity, zeroCount: Infinity, positive: noBuckets });
    expect(divided.sum).toBeNaN();
  });
});

describe("counter resets", () => {
  test("adding is never a reset, and going back is one if anything was added", () => {
    fc.assert(
      fc.property(exponential, exponential, (a, b) => {
        const sum = sumOf(a, b);
        expect(detectReset(sum, a)).toBe(false);
        expect(detectReset(a, sum)).toBe(
          b.count > 0 || !equalHistograms(layoutOnly(a), layoutOnly(sum)),
        );
      }),
    );
  });
  test("a hint that knows is believed", () => {
    const full = counted({ ...emptyHistogram, positive: denseBuckets(0, [5]) });
    expect(detectReset({ ...emptyHistogram, counterResetHint: "not_reset" }, full)).toBe(false);
    expect(detectReset({ ...full, counterResetHint: "reset" }, emptyHistogram)).toBe(true);
  });
  test("a column is told apart at every reset, over gaps, from the second histogram on", () => {
    const column = withDetectedResets([oneBucket(3), undefined, oneBucket(4), oneBucket(1)]);
    expect(column.map((one) => one?.counterResetHint)).toEqual([
      "unknown",
      undefined,
      "not_reset",
      "reset",
    ]);
  });
});

function layoutOnly({ schema, zeroThreshold }: Histogram): Histogram {
  return { ...emptyHistogram, schema, zeroThreshold };
}

describe("estimates", () => {
  const any = fc.oneof(exponential, custom);
  const cut = fc.double({ min: -20, max: 20, noNaN: true });

  test("quantiles ascend with q", () => {
    fc.assert(
      fc.property(any, (histogram) => {
        // One bucket without any bound has no quantiles.
        fc.pre(histogram.count > 0);
        fc.pre(histogram.schema !== customSchema || histogram.customValues.length > 0);
        const values = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1].map((q) =>
          histogramQuantile(q, histogram),
        );
        for (const [i, { value }] of values.entries()) {
          const before = values[i - 1]?.value ?? -Infinity;
          expect(value).toBeGreaterThanOrEqual(before - Math.abs(before) * 1e-9);
        }
      }),
    );
  });
  test("the share below a quantile is that quantile", () => {
    fc.assert(
      fc.property(exponential, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (histogram, q) => {
        fc.pre(histogram.count > 0 && histogram.zeroCount === 0);
        const { value } = histogramQuantile(q, histogram);
        expect(histogramFraction(-Infinity, value, histogram).value).toBeCloseTo(q, 9);
      }),
    );
  });
  test("shares to both sides of a bound make a whole", () => {
    fc.assert(
      fc.property(any, cut, (histogram, at) => {
        fc.pre(histogram.count > 0);
        const below = histogramFraction(-Infinity, at, histogram).value;
        const above = histogramFraction(at, Infinity, histogram).value;
        expect(below + above).toBeCloseTo(1, 9);
      }),
    );
  });
  test("the two parts of a cut exponential histogram have all its observations", () => {
    fc.assert(
      fc.property(exponential, cut, (histogram, at) => {
        fc.pre(histogram.zeroThreshold > 0 || at !== 0);
        const low = trimHistogram(histogram, at, "upper");
        const high = trimHistogram(histogram, at, "lower");
        expect(low.count + high.count).toBeCloseTo(histogram.count, 9);
        expect(observations(low)).toBeCloseTo(low.count, 9);
        const share = histogramFraction(-Infinity, at, histogram).value;
        if (histogram.count > 0) expect(low.count).toBeCloseTo(share * histogram.count, 9);
      }),
    );
  });
  test("without observations there is no quantile, share or variance, and NaNs are told of", () => {
    expect(histogramQuantile(0.5, emptyHistogram).value).toBeNaN();
    expect(histogramFraction(0, 1, emptyHistogram).value).toBeNaN();
    expect(histogramVariance(emptyHistogram)).toBeNaN();
    const nans = { ...emptyHistogram, count: 10, sum: Number.NaN, positive: denseBuckets(0, [8]) };
    expect(histogramQuantile(0.9, nans)).toEqual({ value: Number.NaN, nans: "all" });
    expect(histogramQuantile(0.8, nans)).toEqual({ value: 1, nans: "skewed" });
    expect(histogramFraction(-Infinity, Infinity, nans)).toEqual({ value: 0.8, hasNans: true });
  });
  test("reduced resolution changes no share at a bound that both have", () => {
    fc.assert(
      fc.property(exponential, (histogram) => {
        fc.pre(histogram.count > 0 && histogram.zeroThreshold === 0);
        const { schema, positive, negative } = reduceResolution(layoutOf(histogram), -2);
        const side = ({ indices, columns }: typeof positive) =>
          bucketsOf(indices, columns[0] ?? new Float64Array(0));
        const coarse = { ...histogram, schema, positive: side(positive), negative: side(negative) };
        for (const bound of [1 / 16, 1, 16]) {
          const share = histogramFraction(-Infinity, bound, histogram).value;
          expect(histogramFraction(-Infinity, bound, coarse).value).toBeCloseTo(share, 9);
        }
      }),
    );
  });
});

describe("texts", () => {
  const histogram: Histogram = {
    ...emptyHistogram,
    count: 4,
    sum: 1.5,
    zeroCount: 1,
    zeroThreshold: 0.25,
    positive: denseBuckets(1, [1, 0, 1]),
    negative: denseBuckets(0, [1]),
    counterResetHint: "gauge",
  };
  test("one line, as Prometheus prints it", () => {
    expect(histogramLine(histogram, String)).toBe(
      "{count:4, sum:1.5, [-1,-0.5):1, [-0.25,0.25]:1, (1,2]:1, (4,8]:1}",
    );
  });
  test("the notation of test scripts", () => {
    expect(histogramNotation(histogram)).toBe(
      "{{count:4 sum:1.5 z_bucket:1 z_bucket_w:0.25 counter_reset_hint:gauge offset:1 buckets:[1 0 1] n_buckets:[1]}}",
    );
  });
});
