import { expect, test } from "bun:test";
import { pacedMetrics } from "./paced_metrics.ts";

const rate = (instance: string) =>
  `rate(a_total{job="x", instance="${instance}"}[$__rate_interval])`;

test("pacedMetrics() names metrics and their jobs, whatever else selects their series", () => {
  expect(pacedMetrics(`sum(${rate("1")}) / sum(${rate("2")})`)).toEqual(['a_total{job="x"}']);
  expect(
    pacedMetrics("avg_over_time(b[${__interval}]) + max_over_time(c[5m:$__interval]) + d"),
  ).toEqual(["b"]);
});

test("pacedMetrics() finds none where no length follows the page, and none in what is no PromQL", () => {
  expect(pacedMetrics("rate(a[5m])")).toEqual([]);
  expect(pacedMetrics("a * $__interval_ms")).toEqual([]);
  expect(pacedMetrics("rate(a[$__rate_interval]")).toEqual([]);
});
