import { expect, test } from "bun:test";
import type { JsonObject } from "@bufbuild/protobuf";
import { metricsOf, nanos, now, start } from "./otlp.fixture.ts";

const exponential = (point: JsonObject, temporality = 2) =>
  metricsOf([
    {
      name: "latency",
      unit: "s",
      exponentialHistogram: {
        aggregationTemporality: temporality,
        dataPoints: [{ timeUnixNano: nanos(), ...point }],
      },
    },
  ]);
const explicit = (point: JsonObject, temporality = 2) =>
  metricsOf([
    {
      name: "latency",
      unit: "s",
      histogram: {
        aggregationTemporality: temporality,
        dataPoints: [{ timeUnixNano: nanos(), ...point }],
      },
    },
  ]);
const nhcb = { convert_histograms_to_nhcb: true };

/** The one histogram that a request stores, arrays as lists. */
async function stored(body: unknown, config: unknown = {}) {
  const { held, json } = start(config);
  const response = await json(body);
  expect(await response.json()).toEqual({});
  expect(held.histograms.length).toBe(1);
  return plain(held.histograms[0]?.histogram);
}

function plain(histogram: unknown) {
  return JSON.parse(
    JSON.stringify(histogram, (_, value: unknown) =>
      value instanceof Int32Array || value instanceof Float64Array ? [...value] : value,
    ),
  );
}

async function refused(body: unknown, reason: string, config: unknown = {}) {
  const { held, json } = start(config);
  const response = await json(body);
  expect(response.status).toBe(200);
  const answer = await response.json();
  expect(answer).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  expect([held.histograms.length, held.samples.size, held.drops]).toEqual([0, 0, { [reason]: 1 }]);
  return JSON.stringify(answer);
}

test("an exponential histogram becomes a native one, its buckets one index higher", async () => {
  const body = exponential({
    count: "11",
    sum: 8.5,
    min: 0.1,
    max: 5,
    scale: 3,
    zeroCount: "2",
    zeroThreshold: 0.25,
    positive: { offset: -2, bucketCounts: ["1", "0", "0", "3"] },
    negative: { offset: 4, bucketCounts: [0, 5] },
  });
  const { held, json } = start();
  await json(body);
  expect(held.histograms[0]?.labels).toEqual({
    __name__: "latency_seconds",
    job: "shop/cart",
    instance: "i1",
  });
  expect(held.families.get("latency_seconds")?.type).toBe("histogram");
  expect(plain(held.histograms[0]?.histogram)).toEqual({
    schema: 3,
    zeroThreshold: 0.25,
    zeroCount: 2,
    count: 11,
    sum: 8.5,
    positive: { indices: [-1, 2], counts: [1, 3] },
    negative: { indices: [6], counts: [5] },
    customValues: [],
    counterResetHint: "unknown",
  });
});
test("without a threshold it is Prometheus's, and without a sum the sum is 0", async () => {
  const histogram = await stored(
    exponential({ count: 1, scale: 0, positive: { bucketCounts: [1] } }),
  );
  expect(histogram).toMatchObject({
    zeroThreshold: 1e-128,
    sum: 0,
    positive: { indices: [1], counts: [1] },
  });
});
test("scales over 8 are merged to 8", async () => {
  // At scale 10 four buckets make one: offsets -5..3 are -2, -1, -1, -1, -1, 0, 0, 0, 0 by a shift of two.
  const positive = { offset: -5, bucketCounts: [1, 2, 3, 4, 5, 6, 7, 8, 9] };
  expect(await stored(exponential({ count: 45, scale: 10, positive }))).toMatchObject({
    schema: 8,
    positive: { indices: [-1, 0, 1], counts: [1, 14, 30] },
  });
  // However fine it is, what is left is whether a value is above or below one.
  const wide = { offset: -2, bucketCounts: [1, 2, 4, 8] };
  expect(
    await stored(exponential({ count: 15, scale: 2_147_483_647, positive: wide })),
  ).toMatchObject({ schema: 8, positive: { indices: [0, 1], counts: [3, 12] } });
});
test("scale -4 is taken, coarser ones are refused with a reason", async () => {
  const positive = { bucketCounts: [1] };
  expect(await stored(exponential({ count: 1, scale: -4, positive }))).toMatchObject({
    schema: -4,
  });
  const answer = await refused(
    exponential({ count: 1, scale: -5, positive }),
    "unsupported_histogram",
  );
  expect(answer).toContain("scale is -5, expected at least -4");
});
test("an empty exponential histogram is one without buckets", async () => {
  expect(await stored(exponential({ scale: 20 }))).toMatchObject({
    count: 0,
    positive: { indices: [] },
  });
});
test("what makes no sense is refused as a whole", async () => {
  const positive = { bucketCounts: [1] };
  const bad: readonly JsonObject[] = [
    { count: 2, positive },
    { count: 0, positive },
    { count: 1, positive, zeroThreshold: -1 },
    { count: 1, positive, zeroThreshold: "NaN" },
    { count: 1, positive, zeroThreshold: "Infinity" },
    { count: 1, positive: { offset: 2_147_483_647, bucketCounts: [1] } },
    { count: 1, positive: { offset: -2_147_483_648, bucketCounts: [1] } },
    { count: 20_001, positive: { bucketCounts: Array.from({ length: 20_001 }, () => 1) } },
    { count: 2, positive, negative: positive, timeUnixNano: "0" },
  ];
  for (const point of bad) await refused(exponential(point), "invalid_sample");
});
test("observations of NaN are in no bucket", async () => {
  const positive = { bucketCounts: [1] };
  expect(await stored(exponential({ count: 3, sum: "NaN", positive }))).toMatchObject({
    count: 3,
    sum: null,
  });
  await refused(exponential({ count: 0, sum: "NaN", positive }), "invalid_sample");
});
test("a point without a value by its flag is a stale marker, whatever else it holds", async () => {
  for (const body of [exponential({ flags: 1, scale: -9, count: 7 }), explicit({ flags: 1 })]) {
    const { held, json } = start(nhcb);
    expect(await (await json(body)).json()).toEqual({});
    expect(held.of({})).toEqual([{ timestampMs: now, value: "stale" }]);
  }
});
test("histograms with explicit bounds become custom buckets where that is asked for", async () => {
  const point = { count: 6, sum: 9, bucketCounts: [0, 1, 2, 3], explicitBounds: [-1, 0, 5] };
  expect(await stored(explicit(point), nhcb)).toEqual({
    schema: -53,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 6,
    sum: 9,
    positive: { indices: [1, 2, 3], counts: [1, 2, 3] },
    negative: { indices: [], counts: [] },
    customValues: [-1, 0, 5],
    counterResetHint: "unknown",
  });
  expect(await stored(explicit({ count: 2 }), nhcb)).toMatchObject({
    customValues: [],
    positive: { indices: [0], counts: [2] },
  });
  const infinite = { count: 3, bucketCounts: [1, 2, 0], explicitBounds: [1, "Infinity"] };
  expect(await stored(explicit(infinite), nhcb)).toMatchObject({ customValues: [1] });
});
test("bounds that do not ascend, or do not fit the counts, are refused either way", async () => {
  const bad: readonly JsonObject[] = [
    { count: 3, bucketCounts: [1, 1, 1], explicitBounds: [2, 1] },
    { count: 3, bucketCounts: [1, 1, 1], explicitBounds: [1, 1] },
    { count: 3, bucketCounts: [1, 1, 1], explicitBounds: ["NaN", 1] },
    { count: 3, bucketCounts: [3], explicitBounds: [1] },
  ];
  for (const point of bad)
    for (const config of [{}, nhcb]) await refused(explicit(point), "invalid_sample", config);
  await refused(
    explicit({ count: 9, bucketCounts: [1, 1], explicitBounds: [1] }),
    "invalid_sample",
    nhcb,
  );
});
