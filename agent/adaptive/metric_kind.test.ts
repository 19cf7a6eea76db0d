import { expect, test } from "bun:test";
import type { MetricFamily, MetricType } from "#shared/model/metrics.ts";
import { type MetricKind, MetricKinds } from "./metric_kind.ts";

test("MetricKinds goes by metadata, and by the name's ending where there is none", () => {
  const families: MetricFamily[] = [];
  const family = (name: string, type: MetricType) =>
    families.push({ name, type, help: "", unit: "" });
  family("depth", "gauge");
  family("jobs_count", "gauge");
  family("seen", "counter");
  family("took_seconds", "histogram");
  family("size_bytes", "summary");
  family("held_bytes", "gaugehistogram");
  family("build", "info");
  family("level", "unknown");
  const kinds = new MetricKinds();
  const kindOf = (name: string): MetricKind =>
    kinds.of({ series: [], families }, { __name__: name });
  const expected: Record<string, MetricKind> = {
    depth: "gauge",
    jobs_count: "gauge",
    seen: "counter",
    seen_total: "counter",
    took_seconds_bucket: "counter",
    took_seconds_sum: "counter",
    took_seconds: "other",
    size_bytes: "other",
    held_bytes_bucket: "gauge",
    build: "other",
    level: "gauge",
    other_total: "counter",
    other: "gauge",
  };
  for (const [name, kind] of Object.entries(expected))
    expect({ name, kind: kindOf(name) }).toEqual({ name, kind });
  // Metadata may come later than series.
  family("late_total", "gauge");
  expect(kindOf("late_total")).toBe("gauge");
});
