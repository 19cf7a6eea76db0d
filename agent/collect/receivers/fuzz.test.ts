import { expect, test } from "bun:test";
import { compressSync } from "snappy";
import { create, toBinary } from "@bufbuild/protobuf";
import { ExportMetricsServiceRequestSchema } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { PushRequestSchema } from "#proto/gen/foreign/loki_push_pb.js";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";
import { Held, wire } from "./receiver.fixture.ts";
import { ReceiversConfig } from "./config.ts";

// Mutated messages: each gets a status of its protocol, never a fault of ours, and nothing that is taken breaks the frames'
// encoder (which the fixture runs). The seed makes a failure come again.

const rounds = 1_500;
const seed = fuzzSeed();
const { bound } = ReceiversConfig.parse({});

const now = new Held().nowMs;
const label = (name: string, value: string) =>
  wire.message(1, wire.bytes(1, name), wire.bytes(2, value));
const sample = wire.message(2, wire.double(1, 1), wire.varint(2, now));
const v1 = wire.message(
  1,
  label("__name__", "m"),
  label("a", "b"),
  sample,
  wire.message(3, wire.double(2, 1)),
);
const v2 = Buffer.concat([
  ...["", "__name__", "m", "help"].map((symbol) => wire.bytes(4, symbol)),
  wire.message(
    5,
    wire.bytes(1, Uint8Array.from([1, 2])),
    sample,
    wire.message(5, wire.varint(1, 1), wire.varint(3, 3)),
  ),
]);
const otlp = toBinary(
  ExportMetricsServiceRequestSchema,
  create(ExportMetricsServiceRequestSchema, {
    resourceMetrics: [
      {
        resource: {
          attributes: [
            { key: "service.name", value: { value: { case: "stringValue", value: "s" } } },
          ],
        },
        scopeMetrics: [
          {
            metrics: [
              {
                name: "g",
                data: {
                  case: "gauge",
                  value: {
                    dataPoints: [
                      {
                        timeUnixNano: BigInt(now) * 1_000_000n,
                        value: { case: "asInt", value: 1n },
                      },
                    ],
                  },
                },
              },
            ],
          },
        ],
      },
    ],
  }),
);
const loki = toBinary(
  PushRequestSchema,
  create(PushRequestSchema, {
    streams: [
      {
        labels: '{a="b"}',
        entries: [{ timestamp: { seconds: BigInt(now / 1_000) }, line: "line" }],
      },
    ],
  }),
);
const otlpJson = Buffer.from(
  JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes: [{ key: "a", value: { arrayValue: { values: [{}] } } }] },
        scopeMetrics: [
          {
            metrics: [
              {
                name: "e",
                exponentialHistogram: {
                  aggregationTemporality: 1,
                  dataPoints: [
                    {
                      timeUnixNano: `${now}000000`,
                      count: "3",
                      sum: 1.5,
                      scale: 9,
                      positive: { offset: -1, bucketCounts: ["1", 2] },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
  }),
);
const lokiJson = Buffer.from(
  JSON.stringify({
    streams: [{ stream: { a: "b" }, values: [[`${now}000000`, "x", { c: "d" }]] }],
  }),
);
const packed = (bytes: Uint8Array) => new Uint8Array(compressSync(Buffer.from(bytes)));
const plain = (bytes: Uint8Array<ArrayBuffer>) => bytes;
const v2Type = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

const cases = [
  {
    name: "remote write 1.0",
    path: "/api/v1/write",
    seed: v1,
    type: "application/x-protobuf",
    pack: packed,
  },
  { name: "remote write 2.0", path: "/api/v1/write", seed: v2, type: v2Type, pack: packed },
  {
    name: "snappy",
    path: "/api/v1/write",
    seed: packed(v1),
    type: "application/x-protobuf",
    pack: plain,
  },
  { name: "OTLP", path: "/v1/metrics", seed: otlp, type: "application/x-protobuf", pack: plain },
  { name: "OTLP/JSON", path: "/v1/metrics", seed: otlpJson, type: "application/json", pack: plain },
  {
    name: "Loki/JSON",
    path: "/loki/api/v1/push",
    seed: lokiJson,
    type: "application/json",
    pack: plain,
  },
  {
    name: "Loki",
    path: "/loki/api/v1/push",
    seed: loki,
    type: "application/x-protobuf",
    pack: packed,
  },
  {
    name: "Influx",
    path: "/write",
    seed: Buffer.from(`m,a=b v=1,w=2i ${now}000000`),
    type: "text/plain",
    pack: plain,
  },
  {
    name: "Pushgateway",
    path: "/metrics/job/j",
    seed: Buffer.from('# TYPE m gauge\nm{a="b"} 1\n'),
    type: "text/plain",
    pack: plain,
  },
  {
    name: "GELF",
    path: "/gelf",
    seed: Buffer.from('{"version":"1.1","host":"h","short_message":"s","level":3,"_a":{"b":[1]}}'),
    type: "application/json",
    pack: plain,
  },
  {
    name: "Elasticsearch",
    path: "/_bulk",
    seed: Buffer.from('{"create":{"_index":"a"}}\n{"message":"x","@timestamp":"2025-10-09"}\n'),
    type: "application/x-ndjson",
    pack: plain,
  },
  {
    name: "JSON logs",
    path: "/api/v1/monitoring/logs",
    seed: Buffer.from('{"message":"x","time":1760000000,"a":{"b":[1]}}\n{"msg":"y"}\n'),
    type: "application/x-ndjson",
    pack: plain,
  },
] as const;

for (const { name, path, seed: good, type, pack } of cases)
  test(`${name}: ${rounds} mutated requests get a status, and some are taken (FUZZ_SEED=${seed})`, async () => {
    const held = new Held();
    const apps = [...bound.values()].map((one) => one.open(held.context()).routes);
    const random = randomOf(seed);
    const statuses = new Set<number>();
    for (let round = 0; round < rounds; round++) {
      held.nowMs += 1;
      const body = pack(mutated(good, random));
      for (const app of apps) {
        const response = await app.request(path, {
          method: "POST",
          headers: { "content-type": type },
          body,
        });
        if (response.status === 404) continue;
        statuses.add(response.status);
      }
    }
    for (const status of statuses) expect([200, 202, 204, 400, 413, 422]).toContain(status);
    expect(statuses.has(400)).toBe(true);
    expect(held.batches).toBeGreaterThan(0);
  });
