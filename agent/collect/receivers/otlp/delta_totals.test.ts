import { expect, test } from "bun:test";
import type { JsonObject } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { denseBuckets, emptyHistogram, type Histogram } from "#shared/model/histogram.ts";
import { DeltaTotals } from "./delta_totals.ts";
import { metricsOf, nanos, now, start } from "./otlp.fixture.ts";

const point = (atMs: number, own: JsonObject) => ({ timeUnixNano: nanos(atMs), ...own });
const exponential = (...dataPoints: JsonObject[]) =>
  metricsOf([{ name: "e", exponentialHistogram: { aggregationTemporality: 1, dataPoints } }]);
const counts = (histogram: Histogram | undefined) => ({
  schema: histogram?.schema,
  count: histogram?.count,
  sum: histogram?.sum,
  indices: [...(histogram?.positive.indices ?? [])],
  counts: [...(histogram?.positive.counts ?? [])],
});

test("deltas of exponential histograms add up, at the coarser of two scales", async () => {
  const { held, json } = start();
  const positive = { offset: 0, bucketCounts: [1, 1] };
  await json(exponential(point(now, { count: 2, sum: 3, scale: 1, positive })));
  await json(exponential(point(now + 1_000, { count: 2, sum: 4, scale: 1, positive })));
  await json(exponential(point(now + 2_000, { count: 2, sum: 5, scale: 0, positive })));
  expect(held.histograms.map(({ histogram }) => counts(histogram))).toEqual([
    { schema: 1, count: 2, sum: 3, indices: [1, 2], counts: [1, 1] },
    { schema: 1, count: 4, sum: 7, indices: [1, 2], counts: [2, 2] },
    { schema: 0, count: 6, sum: 12, indices: [1, 2], counts: [5, 1] },
  ]);
  expect(held.histograms.every(({ histogram }) => histogram.counterResetHint === "unknown")).toBe(
    true,
  );
});
test("a delta that comes late or twice is refused, and one after five minutes begins anew", async () => {
  const { held, json } = start();
  const one = { count: 1, sum: 1, positive: { bucketCounts: [1] } };
  await json(exponential(point(now, one)));
  for (const atMs of [now, now - 1]) {
    const answer = await json(exponential(point(atMs, one)));
    expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  }
  await json(exponential(point(now + 300_001, one)));
  expect(held.drops).toEqual({ duplicate_sample: 2 });
  expect(held.histograms.map(({ histogram }) => histogram.count)).toEqual([1, 1]);
});
test("deltas of custom buckets add up while the bounds are the same, else they begin anew", async () => {
  const { held, json } = start({ convert_histograms_to_nhcb: true });
  const send = (atMs: number, explicitBounds: number[]) =>
    json(
      metricsOf([
        {
          name: "h",
          histogram: {
            aggregationTemporality: 1,
            dataPoints: [point(atMs, { count: 3, sum: 1, bucketCounts: [1, 2], explicitBounds })],
          },
        },
      ]),
    );
  await send(now, [1]);
  await send(now + 1, [1]);
  await send(now + 2, [5]);
  expect(
    held.histograms.map(({ histogram }) => [histogram.customValues[0], histogram.count]),
  ).toEqual([
    [1, 3],
    [1, 6],
    [5, 3],
  ]);
});
test("deltas of classic buckets and of sums that may fall add up, too", async () => {
  const { held, json } = start();
  const send = (atMs: number, asDouble: number) =>
    json(
      metricsOf([
        {
          name: "h",
          histogram: {
            aggregationTemporality: 1,
            dataPoints: [
              point(atMs, { count: 3, sum: 1.5, bucketCounts: [1, 2], explicitBounds: [1] }),
            ],
          },
        },
        {
          name: "level",
          sum: { aggregationTemporality: 1, dataPoints: [point(atMs, { asDouble })] },
        },
      ]),
    );
  await send(now, 5);
  await send(now + 1, -7);
  const last = (labels: Record<string, string>) => held.of(labels).at(-1)?.value;
  expect(last({ __name__: "h_bucket", le: "1" })).toBe(2);
  expect(last({ __name__: "h_bucket", le: "+Inf" })).toBe(6);
  expect(last({ __name__: "h_sum" })).toBe(3);
  expect(last({ __name__: "level" })).toBe(-2);
});
test("a request that could not be stored leaves no histogram in the totals", async () => {
  const { held, json } = start();
  const send = (atMs: number) =>
    json(exponential(point(atMs, { count: 2, sum: 1, positive: { bucketCounts: [2] } })));
  await send(now);
  held.isBroken = true;
  expect((await send(now + 1)).status).toBe(503);
  held.isBroken = false;
  await send(now + 1);
  expect(held.histograms.map(({ histogram }) => histogram.count)).toEqual([2, 4]);
});

const histogramOf = (first: number, populations: number[]): Histogram => ({
  ...emptyHistogram,
  schema: 8,
  count: populations.reduce((sum, count) => sum + count, 0),
  positive: denseBuckets(first, populations),
});

test("a total spans 160 buckets at most, at a lower resolution", () => {
  const totals = new DeltaTotals(1_000);
  totals.begin(now);
  totals.add("k", 1, histogramOf(0, [1]));
  const total = totals.add("k", 2, histogramOf(10_000, [1]));
  if (typeof total !== "object") throw new Error(`${total}`);
  expect([total.count, total.schema, [...total.positive.indices]]).toEqual([2, 2, [0, 157]]);
});
test("histograms take room by their buckets, and give it back when they are idle", () => {
  const totals = new DeltaTotals(12);
  totals.begin(now);
  const wide = histogramOf(
    0,
    Array.from({ length: 160 }, () => 1),
  );
  expect(typeof totals.add("a", now, wide)).toBe("object");
  expect(totals.add("b", now, 1)).toBe(1);
  expect(totals.add("c", now, 1)).toBe("full");
  expect(totals.add("b", now + 1, wide)).toBe("full");
  totals.begin(now + 700_000);
  expect(totals.add("c", now + 700_000, 1)).toBe(1);
});
test("undo() takes back exactly what a request added, whatever came between", () => {
  const amount = fc.integer({ min: 0, max: 9 });
  fc.assert(
    fc.property(
      fc.array(amount, { maxLength: 4 }),
      fc.array(amount, { maxLength: 4 }),
      (kept, undone) => {
        const totals = new DeltaTotals(100);
        let atMs = 0;
        const run = (amounts: number[]) => {
          totals.begin(now);
          for (const count of amounts) {
            totals.add("n", ++atMs, count);
            totals.add("h", atMs, histogramOf(count, [count]));
          }
          return totals.changes();
        };
        run([1]);
        const changes = run(undone);
        run(kept);
        totals.undo(changes);
        const expected = kept.reduce((sum, count) => sum + count, 1);
        expect(totals.add("n", ++atMs, 0)).toBe(expected);
        const histogram = totals.add("h", atMs, histogramOf(0, []));
        expect(typeof histogram === "object" && histogram.count).toBe(expected);
      },
    ),
    { seed: 20_261_121, numRuns: 200 },
  );
});
