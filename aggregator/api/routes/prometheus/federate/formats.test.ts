import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { Hono } from "hono";
import {
  customSchema,
  denseBuckets,
  emptyHistogram,
  equalHistograms,
  type Histogram,
} from "#shared/model/histogram.ts";
import { type Labels, labelsKey } from "#shared/model/labels.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { parseProtobuf } from "#shared/text/exposition/protobuf_parser.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { ExpositionReader } from "#test/support/read_exposition.ts";
import { MemoryMetrics } from "#aggregator/query/memory_metrics.ts";
import { familiesOf, type Newest } from "./families.ts";
import { federatedProtobuf } from "./protobuf_format.ts";
import { federateRoutes } from "./routes.ts";

type Read = { labels: Record<string, string>; timeMs: number; value: number | Histogram };

/** What our own scraper reads of a body, native histograms too, by the key of the labels. */
function scraped(body: Uint8Array): Map<string, Read> {
  const [index, out] = [new SeriesIndex(), new SampleColumns()];
  parseProtobuf(body, index, out, { native: true, classic: true });
  expect(out.invalidHistograms).toBe(0);
  const labels = new Map(index.newSeries.map((one) => [one.entry, Object.fromEntries(one.labels)]));
  return new Map(
    Array.from({ length: out.length }, (_, i) => {
      const own = labels.get(out.series[i] ?? 0) ?? {};
      const value = out.histograms.get(i) ?? out.values[i] ?? 0;
      return [labelsKey(own), { labels: own, timeMs: out.timestampsMs[i] ?? 0, value }];
    }),
  );
}

const count = fc.oneof(
  fc.constant(0),
  fc.nat(1_000),
  fc.double({ min: 0.5, max: 1e9, noNaN: true }),
);
const counts = fc.oneof(
  fc.array(count, { maxLength: 12 }),
  fc.array(fc.nat(1_000), { maxLength: 12 }),
);
const side = fc.record({ first: fc.integer({ min: -40, max: 40 }), counts });
const native: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.constantFrom(0, 2 ** -128, 0.001),
    zeroCount: fc.constantFrom(0, 3, 2.5),
    positive: side,
    negative: side,
    sum: fc.double({ noNaN: true }),
    gauge: fc.boolean(),
  })
  .map(({ positive, negative, gauge, ...rest }) => ({
    ...emptyHistogram,
    ...rest,
    count: [...positive.counts, ...negative.counts].reduce((a, b) => a + b, rest.zeroCount),
    positive: denseBuckets(positive.first, positive.counts),
    negative: denseBuckets(negative.first, negative.counts),
    counterResetHint: gauge ? "gauge" : "unknown",
  }));

const newest: fc.Arbitrary<Newest> = fc
  .record({
    name: fc.constantFrom("h", "requests_total", "größe.m"),
    labels: fc.dictionary(
      fc.constantFrom("a", "b.c", "job", "instance"),
      fc.string({ minLength: 1 }),
    ),
    // 0 is "no time of its own" to readers.
    timeMs: fc.integer({ min: -1_000, max: 2e12 }).filter((timeMs) => timeMs !== 0),
    value: fc.double(),
    histogram: fc.option(native, { nil: undefined }),
  })
  .map(({ name, labels, ...rest }) => ({ labels: { ...labels, __name__: name }, ...rest }));

describe("protobuf", () => {
  test("a scraper reads back every number and native histogram with labels and time", () => {
    fc.assert(
      fc.property(fc.array(newest, { maxLength: 12 }), (samples) => {
        const found = new Map(samples.map((one) => [labelsKey(one.labels), one]));
        const body = federatedProtobuf(familiesOf(found, { utf8: true, native: true }));
        const read = scraped(body);
        const shown = [...found.values()].map((one) => ({
          ...one,
          labels: { instance: "", ...one.labels } as Labels,
        }));
        expect([...read.keys()].toSorted()).toEqual(
          shown.map(({ labels }) => labelsKey(labels)).toSorted(),
        );
        for (const { labels, timeMs, value, histogram } of shown) {
          const one = read.get(labelsKey(labels));
          expect(one?.timeMs).toBe(timeMs);
          if (histogram === undefined) expect(one?.value).toBe(value);
          else {
            const back = one?.value;
            if (typeof back !== "object") throw new Error("a number came back");
            expect(equalHistograms(back, histogram)).toBe(true);
            expect(back.counterResetHint).toBe(histogram.counterResetHint);
          }
        }
      }),
    );
  });
  test("custom buckets are classic ones, whole counts or not", () => {
    for (const [part, read] of [
      [1, [3, 10, 2, 2, 3]],
      [0.5, [2.5, 10, 1.5, 1.5, 2.5]],
    ] as const) {
      const body = federatedProtobuf(
        familiesOf(new Map([["h", { ...custom(part), timeMs: 5 }]]), { utf8: false, native: true }),
      );
      const instance = "";
      expect(new ExpositionReader().read(body, "protobuf")).toEqual([
        [{ __name__: "h_count", instance }, read[0], 5],
        [{ __name__: "h_sum", instance }, read[1], 5],
        [{ __name__: "h_bucket", instance, le: "0.5" }, read[2], 5],
        [{ __name__: "h_bucket", instance, le: "2.0" }, read[3], 5],
        [{ __name__: "h_bucket", instance, le: "+Inf" }, read[4], 5],
      ]);
    }
  });
});

/** 1 + part in (-Inf, 0.5], none in (0.5, 2], one above. */
function custom(part: number): Newest {
  const positive = denseBuckets(0, [1 + part, 0, 1]);
  const rest = { schema: customSchema, customValues: [0.5, 2], positive, count: 2 + part, sum: 10 };
  return {
    labels: { __name__: "h" },
    timeMs: 0,
    value: 0,
    histogram: { ...emptyHistogram, ...rest },
  };
}

describe("GET /federate", () => {
  const metrics = new MemoryMetrics();
  const buckets = { ...emptyHistogram, count: 3, sum: 4, positive: denseBuckets(0, [1, 2]) };
  metrics.add({ __name__: "h", job: "native" }, 1_000, buckets);
  metrics.add({ __name__: "h", job: "custom" }, 1_000, custom(1).histogram ?? buckets);
  metrics.add({ __name__: "h", job: "number" }, 1_000, 7);
  metrics.add({ __name__: "h", job: "gone" }, 1_000, buckets);
  metrics.add({ __name__: "h", job: "gone" }, 2_000, "stale");
  const app = new Hono().route(
    "/",
    federateRoutes({
      metrics,
      clock: { ...systemClock, now: () => 3_000 },
      tenant: () => "default",
      lookbackMs: 300_000,
    }),
  );
  const get = (accept: string) => app.request("/federate?match[]=h", { headers: { accept } });
  const protobuf =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

  test("text has custom buckets as classic histograms, and no native ones", async () => {
    const lines = [
      "# TYPE h untyped",
      'h{job="number",instance=""} 7 1000',
      "# TYPE h histogram",
      'h_bucket{job="custom",instance="",le="0.5"} 2 1000',
      'h_bucket{job="custom",instance="",le="2"} 2 1000',
      'h_bucket{job="custom",instance="",le="+Inf"} 3 1000',
      'h_sum{job="custom",instance=""} 10 1000',
      'h_count{job="custom",instance=""} 3 1000',
    ];
    expect(await (await get("*/*")).text()).toBe(lines.map((line) => `${line}\n`).join(""));
  });
  test("protobuf has all but what is stale", async () => {
    const answer = await get(`${protobuf};q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1`);
    expect(answer.headers.get("content-type")).toBe(
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores",
    );
    const read = [...scraped(await answer.bytes()).values()].map(({ labels, value }) => [
      `${labels["__name__"]} ${labels["job"]} ${labels["le"] ?? ""}`,
      typeof value === "object" ? value.count : value,
    ]);
    expect(read).toEqual([
      ["h number ", 7],
      ["h native ", 3],
      ["h_count custom ", 3],
      ["h_sum custom ", 10],
      ["h_bucket custom 0.5", 2],
      ["h_bucket custom 2.0", 2],
      ["h_bucket custom +Inf", 3],
    ]);
  });
  test("the format that is wanted most among those that there are is given", async () => {
    const text = "text/plain;version=0.0.4";
    for (const [accept, expected] of [
      ["", "text/plain"],
      [protobuf.replaceAll(";", " ; "), "application/vnd.google.protobuf"],
      [
        `application/openmetrics-text,${protobuf};q=0.5,${text};q=0.4`,
        "application/vnd.google.protobuf",
      ],
      [`${protobuf};q=0.4,${text};q=0.5`, "text/plain"],
      [`${protobuf};q=0,*/*`, "text/plain"],
      [protobuf.replace("delimited", "text"), "text/plain"],
      [protobuf.replace("MetricFamily", "Other"), "text/plain"],
      [`text/plain;version=9,${protobuf};q=0.1`, "application/vnd.google.protobuf"],
    ] as const) {
      const answer = await get(accept);
      expect([accept, answer.headers.get("content-type")?.split(";")[0]]).toEqual([
        accept,
        expected,
      ]);
    }
  });
});
