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
test("externalLabels() gives streams service_name as Loki does, whatever they come from", () => {
  const streams = [
    { job: "files", filename: "/a.log" },
    { container: "web", job: "containers" },
    { service_name: "own", app: "x" },
    { host: "h" },
  ];
  const batch = {
    streams,
    streamOf: new Uint32Array(),
    timestampsMs: new Float64Array(),
    nanos: new Uint32Array(),
    severities: new Uint8Array(),
    bodies: new Uint8Array(),
    bodyEnds: new Uint32Array(),
  };
  const namesOf = (labels: Record<string, string>) =>
    externalLabels(labels)
      .logs(batch)
      .streams.map((stream) => stream["service_name"]);
  expect(namesOf({})).toEqual(["files", "web", "own", "unknown_service"]);
  expect(namesOf({ app: "all" })).toEqual(["all", "all", "own", "all"]);
  const labels = externalLabels({});
  const [first] = labels.logs(batch).streams;
  expect(labels.logs(batch).streams[0]).toBe(first);
  expect(batch.streams[0]).toEqual({ job: "files", filename: "/a.log" });
});
