import { expect, test } from "bun:test";
import { queryFor } from "../default_query.ts";
import { unitOf } from "../metric_words.ts";
import { readMetrics, whereText, withCondition } from "./metrics_search.ts";
import { unlikeScores } from "./unlike.ts";

const metric = (name: string, type: string) => ({ name, type, help: "", unit: "" });

test("unlikeScores() is largest for the series that is not like the others", () => {
  const scores = unlikeScores([
    Float64Array.of(1, 1.1, 0.9),
    Float64Array.of(1.1, 0.9, 1),
    Float64Array.of(9, 9, 9),
    Float64Array.of(0.9, 1, 1.1),
  ]);
  expect(scores.indexOf(Math.max(...scores))).toBe(2);
  expect(scores[2]).toBeGreaterThan(10);
  expect(
    Math.max(
      ...unlikeScores([Float64Array.of(5, 5), Float64Array.of(5, 5), Float64Array.of(5, 5)]),
    ),
  ).toBe(0);
  expect(unlikeScores([])).toEqual([]);
  expect(unlikeScores([Float64Array.of(1), Float64Array.of(Number.NaN)])).toEqual([0, 0]);
});

test("readMetrics() reads conditions as PromQL writes them, and takes nonsense for none", () => {
  const where = [
    { label: "job", op: "=", value: 'a "b", c' },
    { label: "host.name", op: "!=", value: "x" },
  ] as const;
  expect(readMetrics({ where: whereText(where) }).where).toEqual(where);
  expect(readMetrics({ where: 'job="a"} or {b="c"', sort: "loud" })).toMatchObject({
    where: [],
    sort: "unlike",
  });
});

test("withCondition() replaces what it contradicts", () => {
  const is = { label: "a", op: "=", value: "1" } as const;
  const isNot = { label: "a", op: "!=", value: "1" } as const;
  expect(withCondition([is], isNot)).toEqual([isNot]);
  expect(withCondition([isNot], { ...is, value: "2" })).toEqual([{ ...is, value: "2" }]);
  expect(withCondition([isNot], { ...isNot, label: "b" })).toHaveLength(2);
});

test("queryFor() chooses the function by the type, or by the name where none is told", () => {
  const by = (name: string, type: string) => queryFor(metric(name, type), [], "job");
  expect(by("x_total", "")).toBe("sum by (job) (rate(x_total[$__rate_interval]))");
  expect(by("x_bucket", "histogram")).toBe(
    "histogram_quantile(0.95, sum by (le, job) (rate(x_bucket[$__rate_interval])))",
  );
  expect(by("x", "histogram")).toBe(
    "histogram_quantile(0.95, sum by (job) (rate(x[$__rate_interval])))",
  );
  expect(by("x_sum", "summary")).toBe("sum by (job) (rate(x_sum[$__rate_interval]))");
  expect(queryFor(metric("x", "gauge"), [])).toBe("avg(x)");
});

test("unitOf() is the unit of what is drawn, by the metric's own word or its name's end", () => {
  const units = [
    ["go_memstats_alloc_bytes", "gauge", "bytes"],
    ["node_network_receive_bytes_total", "counter", "binBps"],
    ["node_cpu_seconds_total", "counter", "short"],
    ["http_request_duration_seconds_bucket", "histogram", "s"],
    ["http_request_duration_seconds_count", "histogram", "short"],
    ["go_gc_duration_seconds", "summary", "s"],
    ["process_start_time_seconds", "gauge", "short"],
    ["cache_hit_ratio", "gauge", "percentunit"],
    ["up", "gauge", "short"],
  ] as const;
  for (const [name, type, unit] of units) {
    expect([name, unitOf(metric(name, type))]).toEqual([name, unit]);
  }
  expect(unitOf({ ...metric("heap", "gauge"), unit: "bytes" })).toBe("bytes");
});
