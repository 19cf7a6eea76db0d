import { expect, test } from "bun:test";
import type { MetricsBatch } from "#shared/model/metrics.ts";
import { externalLabels } from "./external_labels.ts";

test("externalLabels() adds labels to every schema of a batch, which stays one schema while it grows", () => {
  const labels = externalLabels({ region: "eu", job: "all" });
  const [own, other] = [
    { series: [{ __name__: "a", job: "own" }], families: [] },
    { series: [{ __name__: "b" }], families: [] },
  ];
  const batch: MetricsBatch = { schema: own, rows: [], also: [{ schema: other, rows: [] }] };
  const first = labels.metrics(batch);
  expect(first.schema.series).toEqual([{ __name__: "a", job: "own", region: "eu" }]);
  expect(first.also?.[0]?.schema.series).toEqual([{ __name__: "b", job: "all", region: "eu" }]);
  other.series.push({ __name__: "c" });
  const second = labels.metrics(batch);
  expect(second.also?.[0]?.schema).toBe(first.also?.[0]?.schema);
  expect(second.also?.[0]?.schema.series.map((set) => set["__name__"])).toEqual(["b", "c"]);
});
