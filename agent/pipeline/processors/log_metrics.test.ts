import { expect, test } from "bun:test";
import { type LogMetric, LogMetrics } from "./log_metrics.ts";

const hourMs = 3_600_000;
const counted: LogMetric = {
  name: "lines_total",
  kind: "counter",
  help: "",
  unit: "",
  buckets: [],
};
const timed: LogMetric = { ...counted, name: "took", kind: "histogram", buckets: [1, 2] };

/** "name{labels}" to value. */
function seriesOf(metrics: LogMetrics, nowMs: number): Record<string, number> {
  const batch = metrics.collect(nowMs);
  const values = batch?.rows[0]?.values ?? [];
  const names = batch?.schema.series.map(({ __name__: name, ...labels }) => {
    const pairs = Object.entries(labels).map((pair) => pair.join("="));
    return `${name}{${pairs.join(",")}}`;
  });
  expect(new Set(names).size).toBe(names?.length ?? 0);
  return Object.fromEntries((names ?? []).map((name, i) => [name, values[i] ?? Number.NaN]));
}

test("LogMetrics tells sets of labels apart by each value, and joins those of two recorders", () => {
  const metrics = new LogMetrics();
  const first = metrics.recorder(counted, ["a", "b"]);
  const second = metrics.recorder(counted, ["b", "a"]);
  expect(first(["x", "yz"], 1, 0)).toBe(true);
  first(["xy", "z"], 1, 0);
  first(["1:x", ""], 1, 0);
  second(["yz", "x"], 1, 0);
  expect(seriesOf(metrics, 0)).toEqual({
    "lines_total{a=x,b=yz}": 2,
    "lines_total{a=xy,b=z}": 1,
    "lines_total{a=1:x}": 1,
  });
});

test("LogMetrics forgets what was idle for an hour, and counts it from zero when it comes again", () => {
  const metrics = new LogMetrics();
  const record = metrics.recorder(counted, ["a"]);
  record(["old"], 5, 0);
  record(["new"], 5, hourMs);
  expect(Object.keys(seriesOf(metrics, hourMs))).toHaveLength(2);
  expect(seriesOf(metrics, hourMs + 1)).toEqual({ "lines_total{a=new}": 5 });
  record(["old"], 1, hourMs + 2);
  expect(seriesOf(metrics, hourMs + 2)).toEqual({
    "lines_total{a=new}": 5,
    "lines_total{a=old}": 1,
  });
  expect(metrics.size).toBe(2);
});

test("LogMetrics takes no set of labels beyond its bound, and those it has go on", () => {
  const metrics = new LogMetrics(6);
  const observe = metrics.recorder(timed, ["a"]);
  expect(observe(["x"], 1, 0)).toBe(true);
  expect(observe(["y"], 1, 0)).toBe(false);
  expect(metrics.recorder(counted, [])([], 1, 0)).toBe(true);
  expect(observe(["x"], 9, 0)).toBe(true);
  expect(seriesOf(metrics, 0)).toEqual({
    "took_bucket{a=x,le=1.0}": 1,
    "took_bucket{a=x,le=2.0}": 1,
    "took_bucket{a=x,le=+Inf}": 2,
    "took_sum{a=x}": 10,
    "took_count{a=x}": 2,
    "lines_total{}": 1,
  });
});

test("LogMetrics counts anew where a histogram's buckets are others, and makes no series twice", () => {
  const metrics = new LogMetrics();
  const before = metrics.recorder(timed, []);
  before([], 3, 0);
  const after = metrics.recorder({ ...timed, buckets: [5] }, []);
  after([], 3, 0);
  before([], 7, 0);
  expect(seriesOf(metrics, 0)).toEqual({
    "took_bucket{le=5.0}": 1,
    "took_bucket{le=+Inf}": 2,
    "took_sum{}": 10,
    "took_count{}": 2,
  });
  expect(metrics.size).toBe(4);
  expect(metrics.recorder({ ...counted, name: "took_count" }, [])([], 1, 0)).toBe(false);
  expect(metrics.size).toBe(4);
});
