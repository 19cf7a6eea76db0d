import { expect, test } from "bun:test";
import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DecodedMetrics } from "#proto/codec/metrics.ts";
import { emptyHistogram } from "#shared/model/histogram.ts";
import type { SeriesSamples } from "../read/source.ts";
import { seriesOfCut } from "./cut.fixture.ts";
import { createHead } from "./head.ts";

const nowMs = 1_700_000_000_000;
const lane: LaneId = { tenant: "acme", agent: "host-1", signal: "metrics" };
const up = { __name__: "up", job: "a" };
const down = { __name__: "down", job: "b" };
const everything = { tenant: "acme", matchers: [], startMs: 0, endMs: nowMs, samplesMax: 100 };

/** The counts of histograms, and numbers negated. */
const counts = (series: readonly SeriesSamples[]) =>
  series.map(({ values, histograms }) =>
    Array.from(values, (value, i) => histograms?.[i]?.count ?? -value),
  );

test("keeps histograms among numbers, in both generations and frozen, each counted as one", async () => {
  const schema = { series: [up, down] };
  const histogramsAt = (...times: number[]): DecodedMetrics => ({
    rows: [],
    sparse: [],
    families: [],
    histograms: [
      {
        schema,
        samples: {
          columns: new Uint32Array(times.length),
          timestampsMs: Float64Array.from(times),
          histograms: times.map((count) => ({ ...emptyHistogram, count })),
        },
      },
    ],
  });
  const head = createHead();
  expect(head.appendMetrics(lane, histogramsAt(30, 10, nowMs * 2), nowMs)).toEqual({
    out_of_bounds_timestamp: 1,
  });
  const numbers = [
    { schema, timestampMs: 20, values: Float64Array.of(5, 6), items: 2 },
    { schema, timestampMs: 10, values: Float64Array.of(7, 8), items: 2 },
  ];
  head.appendMetrics(lane, { rows: numbers, sparse: [], families: [] }, nowMs);
  expect(head.size().items.of("metrics")).toBe(6);
  const wanted = [
    [-8, -6],
    [10, -5, 30],
  ];
  expect(counts(head.selectSamples(everything))).toEqual(wanted);
  expect(head.selectSamples(everything)[0]?.histograms).toBeUndefined();
  const frozen = await head.freeze("all");
  expect(counts(seriesOfCut(frozen.content.metrics.get("acme")?.samples))).toEqual(wanted);
  expect(frozen.dropped).toEqual([{ lane, drops: { duplicate_timestamp: 1 } }]);
  head.appendMetrics(lane, histogramsAt(40, 30), nowMs);
  expect(counts(head.selectSamples({ ...everything, startMs: 15, endMs: 40 }))).toEqual([
    [-6],
    [-5, 30, 40],
  ]);
});
