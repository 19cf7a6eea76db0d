import { afterAll, expect, test } from "bun:test";
import { OTLPMetricExporter as GrpcExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter as JsonExporter,
} from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import { asking, until } from "#test/support/asking.ts";
import { Stage } from "#test/support/stage.ts";
import { freePort } from "#test/support/free_port.ts";

// OpenTelemetry's own SDK sends by each of its exporters; what it measured is asked for in PromQL.

const stage = new Stage();
afterAll(() => stage.stop());

/** The SDK records nothing below zero. */
const observed = [0, 0.001, 0.01, 0.1, 0.1, 1, 10];
const total = observed.reduce((sum, value) => sum + value, 0);
const rounds = 3;

/** A service with instruments of each kind, which sends after every round of measurements. */
async function runService(name: string, exporter: PushMetricExporter): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({
      "service.namespace": "shop",
      "service.name": name,
      "service.instance.id": "1",
      "host.name": "h1",
      "host.ip": ["10.0.0.1", "::1"],
    }),
    readers: [reader],
    views: [
      {
        instrumentName: "request.duration",
        aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
      },
      {
        instrumentName: "body.size",
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: [10, 100] },
        },
      },
    ],
  });
  const meter = provider.getMeter("checkout", "1.2.3");
  const duration = meter.createHistogram("request.duration", { unit: "s", description: "Time." });
  const size = meter.createHistogram("body.size", { unit: "By" });
  const requests = meter.createCounter("requests", { unit: "{request}" });
  const open = meter.createUpDownCounter("open.connections");
  meter
    .createObservableGauge("load", { unit: "1" })
    .addCallback((result) => result.observe(0.5, { "cpu.core": 1 }));
  for (let round = 0; round < rounds; round++) {
    for (const value of observed) duration.record(value, { "http.route": "/pay" });
    for (const bytes of [5, 50, 500]) size.record(bytes);
    requests.add(4);
    open.add(round === 0 ? 3 : -1);
    await provider.forceFlush();
    // Points of one series must differ in their milliseconds.
    await Bun.sleep(5);
  }
  await provider.shutdown();
}

test("the JavaScript SDK's metrics arrive by protobuf, JSON and gRPC, as deltas and cumulative", async () => {
  const grpcPort = await freePort();
  const lapwing = await stage.start({
    role: "up",
    name: "up",
    config: {
      data_dir: stage.path("data"),
      sources: [],
      receivers: {
        otlp: {
          grpc_listen: `127.0.0.1:${grpcPort}`,
          promote_resource_attributes: ["host.name"],
          promote_scope_metadata: true,
        },
      },
    },
  });
  const url = `${lapwing.url.replace(/\/$/, "")}/v1/metrics`;
  const { DELTA, CUMULATIVE } = AggregationTemporalityPreference;
  const grpcUrl = `http://127.0.0.1:${grpcPort}`;
  const services = {
    protobuf_delta: new ProtobufExporter({ url, temporalityPreference: DELTA }),
    protobuf_cumulative: new ProtobufExporter({ url, temporalityPreference: CUMULATIVE }),
    json_delta: new JsonExporter({ url, temporalityPreference: DELTA }),
    json_cumulative: new JsonExporter({ url, temporalityPreference: CUMULATIVE }),
    grpc_delta: new GrpcExporter({ url: grpcUrl, temporalityPreference: DELTA }),
    grpc_cumulative: new GrpcExporter({ url: grpcUrl, temporalityPreference: CUMULATIVE }),
  };
  for (const [name, exporter] of Object.entries(services)) await runService(name, exporter);

  const asked = asking(lapwing.url);
  for (const name of Object.keys(services)) {
    const job = `job="shop/${name}"`;
    const value = async (query: string): Promise<number | undefined> =>
      (await asked.promql(query))[0]?.value;
    const metric = "request_duration_seconds";
    await until(
      `all of ${name}`,
      async () => (await value(`histogram_count(${metric}{${job}})`)) === rounds * observed.length,
    );
    expect(await value(`histogram_sum(${metric}{${job}})`)).toBeCloseTo(rounds * total, 6);
    expect(await value(`histogram_quantile(0.5, ${metric}{${job}})`)).toBeCloseTo(0.1, 1);
    expect(await value(`histogram_fraction(-Inf, 0.5, ${metric}{${job}})`)).toBeCloseTo(5 / 7, 3);
    const [series] = await asked.promql(`histogram_count(${metric}{${job}})`);
    expect(series?.metric).toEqual({
      job: `shop/${name}`,
      instance: "1",
      host_name: "h1",
      http_route: "/pay",
      otel_scope_name: "checkout",
      otel_scope_version: "1.2.3",
    });
    expect(await value(`body_size_bytes_bucket{${job},le="100"}`)).toBe(2 * rounds);
    expect(await value(`body_size_bytes_count{${job}}`)).toBe(3 * rounds);
    expect(await value(`requests_total{${job}}`)).toBe(4 * rounds);
    expect(await value(`open_connections{${job}}`)).toBe(1);
    expect(await value(`load_ratio{${job},cpu_core="1"}`)).toBe(0.5);
    const [info] = await asked.promql(`target_info{${job}}`);
    expect(info?.metric).toMatchObject({ host_ip: '["10.0.0.1","::1"]', instance: "1" });
    const joined = `sum by (host_ip) (requests_total{${job}} * on (job, instance) group_left (host_ip) target_info)`;
    expect(await value(joined)).toBe(4 * rounds);
  }
  // Of four services over HTTP; each sends once more when it is shut down.
  expect(await asked.own('lapwing_receiver_requests_total{receiver="otlp",code="200"}')).toBe(
    4 * (rounds + 1),
  );
}, 60_000);
