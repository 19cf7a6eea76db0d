import { expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { create, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { ExportMetricsServiceRequestSchema } from "#proto/gen/foreign/otlp_metrics_pb.js";
import { StatusSchema } from "#proto/gen/foreign/otlp_common_pb.js";
import { ExportLogsServiceRequestSchema } from "#proto/gen/foreign/otlp_logs_pb.js";
import { gauge, metricsOf, nanos, now, service, start, text } from "./otlp.fixture.ts";

test("OTLP/JSON: a gauge becomes a series with job and instance, answered {} in JSON", async () => {
  const { held, json } = start();
  const point = {
    asInt: "7",
    attributes: [text("http.method", "GET"), text("_x", "1"), text("9", "n")],
  };
  const response = await json(
    metricsOf([gauge("system.memory.usage", point, "By")]),
    "/api/v1/otlp/v1/metrics",
  );
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "application/json",
  ]);
  expect(await response.json()).toEqual({});
  expect([...held.labels.values()]).toEqual([
    {
      __name__: "system_memory_usage_bytes",
      http_method: "GET",
      key_x: "1",
      key_9: "n",
      job: "shop/cart",
      instance: "i1",
    },
  ]);
  expect(held.of({})).toEqual([{ timestampMs: now, value: 7 }]);
});
test("OTLP/protobuf with gzip is answered in protobuf, partial_success unset", async () => {
  const { held, app } = start();
  const message = fromJson(
    ExportMetricsServiceRequestSchema,
    metricsOf([gauge("g", { asDouble: 1.5 })]),
  );
  const response = await app.request("/v1/metrics", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "gzip" },
    body: gzipSync(toBinary(ExportMetricsServiceRequestSchema, message)),
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([
    200,
    "application/x-protobuf",
  ]);
  expect(await response.bytes()).toEqual(new Uint8Array());
  expect(held.names()).toEqual(["g"]);
});
test("OTLP: histograms become classic buckets with +Inf, count and sum", async () => {
  const { held, json } = start();
  const point = {
    timeUnixNano: nanos(),
    count: 6,
    sum: 2.5,
    bucketCounts: ["1", "2", "3"],
    explicitBounds: [0.005, 5],
  };
  await json(
    metricsOf([
      {
        name: "http.server.request.duration",
        unit: "s",
        description: "Help.",
        histogram: { aggregationTemporality: 2, dataPoints: [point] },
      },
    ]),
  );
  const name = "http_server_request_duration_seconds";
  const bucket = (le: string) => held.of({ __name__: `${name}_bucket`, le })[0]?.value;
  expect([bucket("0.005"), bucket("5"), bucket("+Inf")]).toEqual([1, 3, 6]);
  expect(held.of({ __name__: `${name}_count` })[0]?.value).toBe(6);
  expect(held.of({ __name__: `${name}_sum` })[0]?.value).toBe(2.5);
  expect(held.families.get(name)).toEqual({
    name,
    type: "histogram",
    help: "Help.",
    unit: "seconds",
  });
});
test("OTLP: summaries become quantiles, count and sum", async () => {
  const { held, json } = start();
  const point = {
    timeUnixNano: nanos(),
    count: "2",
    sum: 3,
    quantileValues: [{ quantile: 0.5, value: 1 }],
  };
  await json(metricsOf([{ name: "s", summary: { dataPoints: [point] } }]));
  expect(held.of({ __name__: "s", quantile: "0.5" })[0]?.value).toBe(1);
  expect(held.names()).toEqual(["s", "s_count", "s_sum"]);
});
const delta = (value: number, atMs: number) =>
  metricsOf([
    {
      name: "requests.count",
      unit: "1",
      sum: {
        isMonotonic: true,
        aggregationTemporality: 1,
        dataPoints: [{ asInt: value, timeUnixNano: nanos(atMs) }],
      },
    },
  ]);
test("OTLP: deltas become counters, also when a request had to come again", async () => {
  const { held, json } = start();
  await json(delta(3, now));
  held.isBroken = true;
  const refused = await json(delta(4, now + 1_000));
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  held.isBroken = false;
  await json(delta(4, now + 1_000));
  const late = await json(delta(9, now + 500));
  expect(await late.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  expect(held.of({ __name__: "requests_count_total" }).map(({ value }) => value)).toEqual([3, 7]);
  await json(delta(2, now + 400_000));
  expect(held.of({ __name__: "requests_count_total" }).at(-1)?.value).toBe(2);
});
test("OTLP: a point without a value by its flag is a stale marker", async () => {
  const { held, json } = start();
  await json(metricsOf([gauge("g", { flags: 1 })]));
  expect(held.of({})).toEqual([{ timestampMs: now, value: "stale" }]);
});
test("OTLP: target_info tells the resource's other attributes, every 2m30s of the points", async () => {
  const { held, json } = start();
  const points = [now - 200_000, now].map((at) => ({ timeUnixNano: nanos(at), asInt: "1" }));
  await json(
    metricsOf([{ name: "g", gauge: { dataPoints: points } }], [...service, text("host.name", "h")]),
  );
  const times = held.of({ __name__: "target_info", host_name: "h", job: "shop/cart" });
  expect(times.map(({ timestampMs }) => timestampMs - now)).toEqual([-200_000, -50_000, 0]);
});
test("OTLP: resource attributes become labels where they are promoted", async () => {
  const { held, json } = start({ promote_resource_attributes: ["host.name"] });
  await json(metricsOf([gauge("g", { asInt: 1 })], [...service, text("host.name", "h")]));
  expect(held.of({ __name__: "g", host_name: "h" }).length).toBe(1);
});
test("OTLP: bad points are counted and told, the rest is stored", async () => {
  const { held, json } = start();
  const response = await json(
    metricsOf([
      gauge("good", { asInt: 1 }),
      gauge("future", { asInt: 1, timeUnixNano: "17000000000000000000" }),
      gauge("valueless", {}),
      gauge("timeless", { asInt: 1, timeUnixNano: "0" }),
      gauge("___", { asInt: 1 }),
      { name: "t", sum: { dataPoints: [{ asInt: 1, timeUnixNano: nanos() }] } },
      {
        name: "h",
        histogram: {
          aggregationTemporality: 2,
          dataPoints: [{ timeUnixNano: nanos(), bucketCounts: [1], explicitBounds: [1, 2] }],
        },
      },
    ]),
  );
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: "6" } });
  expect(held.names()).toEqual(["good"]);
  expect(held.drops).toEqual({ out_of_bounds_timestamp: 1, invalid_sample: 5 });
});
test("OTLP: an empty request is a success, unknown keys are ignored", async () => {
  const { held, json } = start();
  expect((await json({})).status).toBe(200);
  expect((await json({ later: [1], resourceMetrics: [] })).status).toBe(200);
  expect(held.batches).toBe(0);
});
test("OTLP: what is not a request is refused by a Status in the request's format", async () => {
  const { app, json } = start({ body_size_max: "1KiB" });
  const broken = await json("{");
  expect([broken.status, Object.keys(await broken.json())]).toEqual([400, ["code", "message"]]);
  const binary = await app.request("/v1/metrics", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array([10, 200]),
  });
  expect(binary.status).toBe(400);
  expect(fromBinary(StatusSchema, await binary.bytes()).code).toBe(3);
  const post = (headers: Record<string, string>, body: Uint8Array<ArrayBuffer>) =>
    app.request("/v1/metrics", { method: "POST", headers, body });
  expect((await post({ "content-type": "text/plain" }, new Uint8Array())).status).toBe(415);
  const protobuf = { "content-type": "application/x-protobuf" };
  expect(
    (await post({ ...protobuf, "content-encoding": "compress" }, new Uint8Array())).status,
  ).toBe(415);
  expect(
    (await post({ ...protobuf, "content-encoding": "gzip" }, new Uint8Array([1]))).status,
  ).toBe(400);
  const bomb = new Uint8Array(gzipSync(Buffer.alloc(100_000)));
  expect((await post({ ...protobuf, "content-encoding": "gzip" }, bomb)).status).toBe(413);
  expect((await post(protobuf, new Uint8Array(2_000))).status).toBe(413);
  expect((await app.request("/v1/metrics")).status).toBe(405);
});
test("OTLP: lists nested without end are refused, not followed to the end of the stack", async () => {
  const { json } = start();
  const depth = 50_000;
  const body = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"a","value":${'{"arrayValue":{"values":['.repeat(depth)}${"]}}".repeat(depth)}}]}}]}`;
  expect((await json(body)).status).toBe(400);
});
test("OTLP: a record without a time has that of its arrival, a resource without a service the name of its container", async () => {
  const resource = {
    attributes: [text("k8s.container.name", "web"), text("k8s.pod.name", "web-1")],
  };
  const logRecords = [{ body: { stringValue: "timeless" } }];
  const body = { resourceLogs: [{ resource, scopeLogs: [{ logRecords }] }] };
  const { held, app, json } = start();
  expect(await (await json(body, "/v1/logs")).json()).toEqual({});
  const message = create(ExportLogsServiceRequestSchema, {
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ severityNumber: 9 }] }] }],
  });
  await app.request("/v1/logs", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array(toBinary(ExportLogsServiceRequestSchema, message)),
  });
  expect(held.logs).toMatchObject([
    {
      stream: { k8s_container_name: "web", k8s_pod_name: "web-1", service_name: "web" },
      timestampMs: now,
      line: "timeless",
    },
    { stream: { service_name: "unknown_service" }, timestampMs: now, severity: 9, line: "" },
  ]);
});
test("OTLP: logs keep nanoseconds, severity, ids and attributes", async () => {
  const record = {
    timeUnixNano: `${now}123456`,
    severityNumber: 17,
    severityText: "ERROR",
    body: { stringValue: "it broke" },
    attributes: [text("code.function", "f")],
    traceId: "5B8EFFF798038103D269B633813FC60C",
    spanId: "eee19b7ec3c1b174",
  };
  const body = {
    resourceLogs: [
      {
        resource: { attributes: [...service, text("os.type", "linux")] },
        scopeLogs: [
          {
            logRecords: [
              record,
              {
                observedTimeUnixNano: nanos(),
                body: { kvlistValue: { values: [text("a", "b")] } },
              },
              { timeUnixNano: nanos(now + 3_600_000) },
            ],
          },
        ],
      },
    ],
  };
  const { held, app, json } = start();
  const response = await json(body, "/v1/logs");
  expect(await response.json()).toMatchObject({ partialSuccess: { rejectedLogRecords: "1" } });
  const ids = { trace_id: "5b8efff798038103d269b633813fc60c", span_id: "eee19b7ec3c1b174" };
  expect(held.logs[0]).toEqual({
    stream: { service_name: "cart", service_namespace: "shop", service_instance_id: "i1" },
    timestampMs: now,
    nanos: 123_456,
    severity: 17,
    line: "it broke",
    attributes: { ...ids, code_function: "f", os_type: "linux", severity_text: "ERROR" },
  });
  expect(held.logs[1]?.line).toBe('{"a":"b"}');
  const message = create(ExportLogsServiceRequestSchema, {
    resourceLogs: [
      {
        scopeLogs: [
          {
            logRecords: [
              { timeUnixNano: BigInt(nanos()), traceId: Buffer.from(ids.trace_id, "hex") },
            ],
          },
        ],
      },
    ],
  });
  await app.request("/v1/logs", {
    method: "POST",
    headers: { "content-type": "application/x-protobuf" },
    body: new Uint8Array(toBinary(ExportLogsServiceRequestSchema, message)),
  });
  expect(held.logs[2]).toMatchObject({
    stream: { service_name: "unknown_service" },
    attributes: { trace_id: ids.trace_id },
  });
});
