import { expect, test } from "bun:test";
import { fromJson, toBinary } from "@bufbuild/protobuf";
import { ExportMetricsServiceRequestSchema } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { metricsOf, nanos, now, start, text } from "./otlp.fixture.ts";

const traceId = "5B8EFFF798038103D269B633813FC60C";
const spanId = "EEE19B7EC3C1B174";
const exemplar = (asDouble: number, more: object = {}) => ({
  asDouble,
  timeUnixNano: nanos(now - 5),
  traceId,
  spanId,
  ...more,
});
const ids = `"trace_id":"${traceId.toLowerCase()}","span_id":"${spanId.toLowerCase()}"`;
const startTimeUnixNano = nanos(now - 60_000);

test("exemplars of sums and histograms are stored, in the bucket that holds them, with the start", async () => {
  const { held, json } = start();
  const point = { timeUnixNano: nanos(), startTimeUnixNano };
  const sum = {
    name: "requests",
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [
        {
          ...point,
          asInt: "3",
          exemplars: [exemplar(1, { filteredAttributes: [text("k", "v")] })],
        },
      ],
    },
  };
  const histogram = {
    name: "h",
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...point,
          count: "3",
          sum: 9,
          bucketCounts: ["1", "1", "1"],
          explicitBounds: [1, 2],
          exemplars: [exemplar(7), exemplar(1)],
        },
      ],
    },
  };
  expect((await json(metricsOf([sum, histogram]))).status).toBe(200);
  expect(held.exemplars).toEqual([
    `requests_total ${now - 5}=1 {"k":"v",${ids}}`,
    `h_bucket[1] ${now - 5}=1 {${ids}}`,
    `h_bucket[+Inf] ${now - 5}=7 {${ids}}`,
  ]);
  expect(held.starts).toContain(`requests_total ${now} since ${now - 60_000}`);
  expect(held.starts).toContain(`h_bucket[+Inf] ${now} since ${now - 60_000}`);
  expect(held.starts).toHaveLength(6);
  expect(held.drops).toEqual({});
});

const exponential = (aggregationTemporality: number, name: string) => ({
  name,
  exponentialHistogram: {
    aggregationTemporality,
    dataPoints: [
      {
        timeUnixNano: nanos(),
        startTimeUnixNano,
        count: "2",
        sum: 3,
        scale: 0,
        positive: { offset: 0, bucketCounts: ["2"] },
        exemplars: [exemplar(2), { ...exemplar(1.5), timeUnixNano: nanos(now - 9) }],
      },
    ],
  },
});

test("an exponential histogram keeps its exemplars in one series; deltas have no start of their own", async () => {
  const { held, app } = start();
  const body = metricsOf([exponential(2, "e"), exponential(1, "d")]);
  const message = fromJson(ExportMetricsServiceRequestSchema, JSON.parse(JSON.stringify(body)));
  for (const { scopeMetrics } of message.resourceMetrics)
    for (const { metrics } of scopeMetrics)
      for (const { data } of metrics)
        if (data.case === "exponentialHistogram")
          for (const point of data.value.dataPoints)
            for (const one of point.exemplars) {
              one.traceId = Buffer.from(traceId, "hex");
              one.spanId = Buffer.from(spanId, "hex");
            }
  const response = await app.request("/v1/metrics", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array(toBinary(ExportMetricsServiceRequestSchema, message)),
  });
  expect(response.status).toBe(200);
  expect(held.exemplars).toEqual([
    `e ${now - 9}=1.5 {${ids}}`,
    `e ${now - 5}=2 {${ids}}`,
    `d ${now - 9}=1.5 {${ids}}`,
    `d ${now - 5}=2 {${ids}}`,
  ]);
  expect(held.starts).toEqual([`e ${now} since ${now - 60_000}`]);
});

test("attributes that do not fit are left out, and a faulty exemplar harms nobody", async () => {
  const { held, json } = start();
  const long = { filteredAttributes: [text("k", "v".repeat(80))] };
  const points = [
    { timeUnixNano: nanos(), asInt: "1", exemplars: [exemplar(1, long)] },
    {
      timeUnixNano: nanos(),
      asInt: "2",
      attributes: [text("a", "b")],
      exemplars: [{ timeUnixNano: nanos() }, { asDouble: 1 }, exemplar(2, { traceId: "" })],
    },
  ];
  expect((await json(metricsOf([{ name: "g", gauge: { dataPoints: points } }]))).status).toBe(200);
  expect(held.exemplars).toEqual([
    `g ${now - 5}=1 {${ids}}`,
    `g ${now - 5}=2 {"span_id":"${spanId.toLowerCase()}"}`,
  ]);
  expect(held.of({ a: "b" })).toEqual([{ timestampMs: now, value: 2 }]);
  expect(held.drops).toEqual({ invalid_exemplar: 2 });
});
