import { expect, test } from "bun:test";
import type { JsonObject } from "@bufbuild/protobuf";
import { gauge, metricsOf, nanos, now, service, start, text } from "./otlp.fixture.ts";
import { otlp } from "./receiver.ts";

/** The labels of all series that a request makes, by metric name. */
async function seriesOf(body: unknown, config: unknown = {}) {
  const { held, json } = start(config);
  const response = await json(body);
  const answer: unknown = await response.json();
  const series: Record<string, unknown> = {};
  for (const { __name__: name = "", ...labels } of held.labels.values()) series[name] = labels;
  return { series, answer, held, json };
}
const identity = { job: "shop/cart", instance: "i1" };
const counter = (name: string, point: JsonObject, unit = "") => ({
  name,
  unit,
  sum: {
    isMonotonic: true,
    aggregationTemporality: 2,
    dataPoints: [{ timeUnixNano: nanos(), asInt: 1, ...point }],
  },
});

test("the strategy of translation decides on names of metrics and labels alike", async () => {
  const rows = [
    ["UnderscoreEscapingWithSuffixes", "http_requests_seconds_total", "http_method", "host_name"],
    ["UnderscoreEscapingWithoutSuffixes", "http_requests", "http_method", "host_name"],
    ["NoUTF8EscapingWithSuffixes", "http.requests_seconds_total", "http.method", "host.name"],
    ["NoTranslation", "http.requests", "http.method", "host.name"],
  ] as const;
  const attributes = [text("http.method", "GET")];
  const body = metricsOf(
    [counter("http.requests", { attributes }, "s")],
    [...service, text("host.name", "h")],
  );
  for (const [strategy, name, method, host] of rows) {
    const { series, held } = await seriesOf(body, { translation_strategy: strategy });
    expect(series).toEqual({
      [name]: { ...identity, [method]: "GET" },
      target_info: { ...identity, [host]: "h" },
    });
    expect(held.families.get(name)).toMatchObject({ type: "counter", unit: "seconds" });
  }
});
test("sums that may fall are gauges, and never ratios", async () => {
  const sum = { dataPoints: [{ timeUnixNano: nanos(), asInt: 1 }], aggregationTemporality: 2 };
  const { held } = await seriesOf(metricsOf([{ name: "open", unit: "1", sum }]));
  expect(held.families.get("open")?.type).toBe("gauge");
});
test("promoted attributes give way to those of the point, job and instance do not", async () => {
  const attributes = [text("zone", "point"), text("job", "point"), text("host.name", "")];
  const resource = [...service, text("zone", "resource"), text("host.name", "h")];
  const body = metricsOf([gauge("g", { asInt: 1, attributes })], resource);
  const promoted = { promote_resource_attributes: ["zone", "host.name"] };
  expect((await seriesOf(body, promoted)).series["g"]).toEqual({
    ...identity,
    zone: "point",
    host_name: "h",
  });
});
test("all attributes are promoted but those that are ignored", async () => {
  const resource = [...service, text("zone", "z"), text("host.name", "h")];
  const body = metricsOf([gauge("g", { asInt: 1 })], resource);
  const config = {
    promote_all_resource_attributes: true,
    ignore_resource_attributes: ["zone", "service.instance.id"],
  };
  expect((await seriesOf(body, config)).series["g"]).toEqual({
    ...identity,
    host_name: "h",
    service_name: "cart",
    service_namespace: "shop",
  });
});
test("target_info keeps the identifying attributes where that is asked for", async () => {
  const body = metricsOf([gauge("g", { asInt: 1 })], [...service, text("zone", "z")]);
  const config = { keep_identifying_resource_attributes: true };
  expect((await seriesOf(body, config)).series["target_info"]).toEqual({
    ...identity,
    zone: "z",
    service_name: "cart",
    service_namespace: "shop",
    service_instance_id: "i1",
  });
  const alone = await seriesOf(metricsOf([gauge("g", { asInt: 1 })]), config);
  expect(Object.keys(alone.series)).toEqual(["g"]);
  const nobody = await seriesOf(metricsOf([gauge("g", { asInt: 1 })], [text("zone", "z")]));
  expect(nobody.series).toEqual({ g: {} });
});
const described = (points: JsonObject[]) => ({
  resource: { attributes: [...service, text("zone", "z")] },
  scopeMetrics: [{ metrics: points }],
});
test("two resources of one name share target_info, and bad points give it no time", async () => {
  const { held } = await seriesOf({
    resourceMetrics: [
      described([gauge("a", { asInt: 1 }), gauge("bad", { timeUnixNano: nanos(now - 90_000) })]),
      described([gauge("b", { asInt: 1 })]),
    ],
  });
  expect(held.of({ __name__: "target_info" })).toEqual([{ timestampMs: now, value: 1 }]);
});
const scoped = (scope: JsonObject) => ({
  resourceMetrics: [
    {
      resource: { attributes: service },
      scopeMetrics: [{ scope, schemaUrl: "https://s/1", metrics: [gauge("g", { asInt: 1 })] }],
    },
  ],
});
test("the scope becomes labels where that is asked for and it has a name", async () => {
  const scope = { name: "lib", version: "2", attributes: [text("a.b", "c"), text("name", "x")] };
  const config = { promote_scope_metadata: true };
  expect((await seriesOf(scoped(scope), config)).series["g"]).toEqual({
    ...identity,
    otel_scope_name: "lib",
    otel_scope_version: "2",
    otel_scope_schema_url: "https://s/1",
    otel_scope_a_b: "c",
  });
  expect((await seriesOf(scoped({ ...scope, name: "" }), config)).series["g"]).toEqual(identity);
  expect((await seriesOf(scoped(scope))).series["g"]).toEqual(identity);
});
const of = (key: string, value: JsonObject) => ({ key, value });
test("attributes of every kind are the text that the Collector makes of them", async () => {
  const list = { arrayValue: { values: [{ intValue: "9007199254740993" }, { boolValue: true }] } };
  const map = {
    kvlistValue: {
      values: [
        { key: "b", value: { stringValue: "<&>\u2028" } },
        { key: "a", value: list },
        { key: "c", value: {} },
        { key: "d", value: { bytesValue: "AQI=" } },
      ],
    },
  };
  const attributes = [
    of("int", { intValue: "-9007199254740993" }),
    of("bool", { boolValue: false }),
    of("double", { doubleValue: 1e21 }),
    of("small", { doubleValue: 1e-7 }),
    of("zero", { doubleValue: "-0" }),
    of("infinite", { doubleValue: "-Infinity" }),
    of("nan_in_list", { arrayValue: { values: [{ doubleValue: "NaN" }] } }),
    of("bytes", { bytesValue: "/+8=" }),
    of("map", map),
    of("empty", {}),
    of("__name__", { stringValue: "x" }),
    of("a.b", { stringValue: "2" }),
    of("a-b", { stringValue: "1" }),
    of("a_b", { stringValue: "" }),
  ];
  const { series } = await seriesOf(metricsOf([gauge("g", { asInt: 1, attributes })], []));
  expect(series["g"]).toEqual({
    int: "-9007199254740993",
    bool: "false",
    double: "1e+21",
    small: "1e-7",
    zero: "-0",
    infinite: "json: unsupported value: -Inf",
    bytes: "/+8=",
    map: '{"a":[9007199254740993,true],"b":"\\u003c\\u0026\\u003e\\u2028","c":null,"d":"AQI="}',
    a_b: "1;2;",
  });
});
test("an attribute without a usable name costs the point, one of a resource only a warning", async () => {
  const bad = metricsOf([
    gauge("a", { asInt: 1, attributes: [text("字符", "x")] }),
    gauge("b", { asInt: 1 }),
  ]);
  const first = await seriesOf(bad);
  expect(Object.keys(first.series)).toEqual(["b"]);
  expect(first.answer).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  const second = await seriesOf(metricsOf([gauge("a", { asInt: 1 })], [...service, text("", "x")]));
  expect(Object.keys(second.series)).toEqual(["a", "target_info"]);
  expect(second.answer).toEqual({
    partialSuccess: { errorMessage: expect.stringContaining('attribute name ""') },
  });
});
const at = (ms: number, asInt: number) => ({ timeUnixNano: nanos(ms), asInt });
test("of samples that come twice the first stands, and only another value is a conflict", async () => {
  const dataPoints = [at(now, 1), at(now - 1, 2), at(now, 1), at(now - 1, 3), at(now - 2, 4)];
  const { held, answer, json } = await seriesOf(metricsOf([{ name: "g", gauge: { dataPoints } }]));
  expect(answer).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  expect(held.drops).toEqual({ duplicate_timestamp: 1 });
  expect(held.of({}).map(({ value }) => value)).toEqual([1, 2, 4]);
  await json(metricsOf([gauge("g", { flags: 1 })]));
  expect(held.drops).toEqual({ duplicate_timestamp: 2 });
});
test("metrics without a name, a kind or points are left out", async () => {
  const { series, answer } = await seriesOf(
    metricsOf([
      gauge("", { asInt: 1 }),
      { name: "nothing" },
      { name: "empty", gauge: {} },
      { name: "future", laterKind: { dataPoints: [{}] } },
    ]),
  );
  expect(series).toEqual({});
  expect(answer).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
});
test("the configuration takes what Prometheus takes, and refuses what it refuses", () => {
  const { config } = otlp;
  const pasted = config.parse({
    promote_resource_attributes: ["service.name", " zone "],
    translation_strategy: "NoTranslation",
    keep_identifying_resource_attributes: true,
    convert_histograms_to_nhcb: true,
    promote_scope_metadata: true,
    label_name_underscore_sanitization: false,
    label_name_preserve_multiple_underscores: false,
  });
  expect(pasted.promote_resource_attributes).toEqual(["service.name", "zone"]);
  const refused = [
    [{ translation_strategy: "Underscores" }, "translation_strategy"],
    [{ promote_resource_attributes: ["a", "a"] }, "each attribute once"],
    [{ promote_resource_attributes: [" "] }, "the name of an attribute"],
    [{ ignore_resource_attributes: ["a"] }, "unless promote_all_resource_attributes"],
    [
      { promote_all_resource_attributes: true, promote_resource_attributes: ["a"] },
      "while promote_all_resource_attributes",
    ],
  ] as const;
  for (const [bad, said] of refused)
    expect(config.safeParse(bad).error?.message ?? "").toContain(said);
});
