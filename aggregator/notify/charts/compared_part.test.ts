import { expect, test } from "bun:test";
import { comparedPart } from "./compared_part.ts";
import { unitOf, valueText } from "./value_text.ts";

const above = (value: number) => ({ value, operator: ">" });

test.each([
  ["a / b > 0.9", "a / b", above(0.9)],
  ["(5 * 60 < time() - x)", "time() - x", above(300)],
  ["x > 5 and on (host) y == 1", "x", above(5)],
  ["x == -1", "x", { value: -1, operator: "==" }],
  ["absent(up)", "absent(up)", undefined],
  ["a > b", "a > b", undefined],
  ["a > bool 5", "a > bool 5", undefined],
])("comparedPart() of %s is %s", (expression, expr, threshold) => {
  expect(comparedPart(expression)).toEqual({ expr, language: "promql", threshold });
});

test("comparedPart() reads comparisons at the end of LogQL, and nothing of SQL", () => {
  expect(comparedPart('sum(rate({app="a"} |= "x > 1" [5m])) > 2.5')).toEqual({
    expr: 'sum(rate({app="a"} |= "x > 1" [5m]))',
    language: "logql",
    threshold: above(2.5),
  });
  expect(comparedPart('count_over_time({app="a"} | status > 500 [5m])')).toMatchObject({
    expr: 'count_over_time({app="a"} | status > 500 [5m])',
    threshold: undefined,
  });
  expect(comparedPart("SELECT 1")).toBeUndefined();
});

test.each([
  ["100 * (1 - avail / size)", "percent"],
  ["node_filesystem_avail_bytes", "bytes"],
  ["node_filesystem_avail_bytes / node_filesystem_size_bytes", "ratio"],
  ["rate(node_network_receive_bytes_total[5m])", "bytes_per_second"],
  ["histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))", "seconds"],
  ["rate(node_cpu_seconds_total[5m])", "none"],
  ["time() - backup_last_success_timestamp_seconds", "seconds"],
  ["node_load1", "none"],
] as const)("the unit of %s is %s", (expression, unit) => {
  expect(unitOf(expression)).toBe(unit);
});

test.each([
  [0.9725, "ratio", "97.3 %"],
  [1_610_612_736, "bytes", "1.5 GiB"],
  [-20_000, "none", "−20 k"],
  [0.0351, "seconds", "35.1 ms"],
  [0.00042, "none", "0.00042"],
  [7_200, "seconds", "2 h"],
  [Number.POSITIVE_INFINITY, "none", "+Inf"],
] as const)("%d as %s is %s", (value, unit, text) => {
  expect(valueText(value, unit)).toBe(text);
});
