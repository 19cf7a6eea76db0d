import { expect, test } from "bun:test";
import { labelName, metricName } from "./metric_names.ts";
import { plainFloat } from "./points.ts";

test("metricName() adds units and suffixes as OpenTelemetry's compatibility with Prometheus says", () => {
  const cases = [
    ["http.server.request.duration", "s", "other", "http_server_request_duration_seconds"],
    ["requests.count", "1", "counter", "requests_count_total"],
    ["system.memory.usage", "By", "gauge", "system_memory_usage_bytes"],
    ["speed", "m/s", "gauge", "speed_meters_per_second"],
    ["requests_total", "{request}", "counter", "requests_total"],
    ["total.requests", "", "counter", "requests_total"],
    ["cpu.utilization", "1", "gauge", "cpu_utilization_ratio"],
    ["latency.seconds", "s", "other", "latency_seconds"],
    ["__a..b__", "", "gauge", "a_b"],
    ["5xx", "", "gauge", "_5xx"],
    ["disk", "{x}/s", "gauge", "disk_per_second"],
    ["odd", "foo bar", "gauge", "odd_foo_bar"],
  ] as const;
  for (const [name, unit, kind, expected] of cases)
    expect([name, metricName({ name, unit, kind })]).toEqual([name, expected]);
  expect(() => metricName({ name: "___", unit: "", kind: "gauge" })).toThrow("no usable character");
});
test("labelName() keeps underscores, and leads digits and lone underscores by key", () => {
  expect(["a.b", "1a", "_a", "__a", "a--b"].map(labelName)).toEqual([
    "a_b",
    "key_1a",
    "key_a",
    "__a",
    "a__b",
  ]);
});
test("plainFloat() writes decimals without exponents", () => {
  const values = [0, 5, 0.005, 2.5, -10, 1e21, 1.5e-7, 100, Infinity, 123_456.789];
  expect(values.map(plainFloat)).toEqual([
    "0",
    "5",
    "0.005",
    "2.5",
    "-10",
    "1000000000000000000000",
    "0.00000015",
    "100",
    "+Inf",
    "123456.789",
  ]);
});
