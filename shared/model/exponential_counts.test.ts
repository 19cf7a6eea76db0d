import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { exponentialBound } from "./histogram.ts";
import { CellBudget } from "./cell_budget.ts";
import { ExponentialCounts, bucketIndex, zeroThreshold } from "./exponential_counts.ts";

const positive = fc.double({ min: zeroThreshold, max: 1e300, noNaN: true });

test("bucketIndex() is the bucket whose bounds the value lies between, at bounds too", () => {
  const schema = fc.integer({ min: -4, max: 8 });
  fc.assert(
    fc.property(positive, schema, (value, of) => {
      const index = bucketIndex(value, of);
      expect(exponentialBound(index - 1, of)).toBeLessThan(value);
      expect(exponentialBound(index, of)).toBeGreaterThanOrEqual(value);
      const bound = exponentialBound(index, of);
      if (bound < 1e300) expect(bucketIndex(bound, of)).toBe(index);
    }),
  );
});

test("histogram() counts every observation once, in its bucket, in as many buckets as allowed", () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.double({ min: 0.001, max: 10, noNaN: true }),
    fc.constantFrom(0, -0, 1, -1, zeroThreshold),
  );
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 60 }),
      fc.integer({ min: 8, max: 256 }),
      (all, max) => {
        const budget = new CellBudget(1_000);
        const counts = new ExponentialCounts(3, max, budget);
        for (const one of all) counts.add(one, 1);
        const { schema, zeroCount, count, positive: above, negative: below } = counts.histogram();
        const inBuckets = (sign: number) => {
          const wanted = new Map<number, number>();
          for (const one of all) {
            if (one * sign <= zeroThreshold) continue;
            const index = bucketIndex(Math.abs(one), schema);
            wanted.set(index, (wanted.get(index) ?? 0) + 1);
          }
          return [...wanted].toSorted(([a], [b]) => a - b);
        };
        const told = ({ indices, counts: own }: typeof above) =>
          [...indices].map((index, i) => [index, own[i] ?? 0]);
        expect(told(above)).toEqual(inBuckets(1));
        expect(told(below)).toEqual(inBuckets(-1));
        expect(zeroCount).toBe(all.filter((one) => Math.abs(one) <= zeroThreshold).length);
        expect(count).toBe(all.length);
        if (schema > -4)
          for (const { indices } of [above, below])
            expect((indices.at(-1) ?? 0) - (indices[0] ?? 0)).toBeLessThan(max);
      },
    ),
  );
});

test("when memory is short resolution is given up, and closing gives memory back", () => {
  const budget = new CellBudget(500);
  const all = Array.from({ length: 50 }, () => new ExponentialCounts(3, 256, budget));
  for (const counts of all) for (let value = 1; value < 1e9; value *= 3) counts.add(value, 1);
  expect(all[0]?.histogram().schema).toBe(3);
  expect(all[49]?.histogram().schema).toBeLessThan(2);
  expect(all[49]?.histogram().count).toBe(all[0]?.histogram().count ?? 0);
  for (const counts of all) counts.close();
  budget.add(500);
  expect(budget.isShort).toBe(false);
});
