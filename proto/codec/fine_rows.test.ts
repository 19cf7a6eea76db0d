import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import { emptyHistogram } from "#shared/model/histogram.ts";
import { Signal } from "../gen/v1/frame_pb.js";
import { decodeFrame, encodeFrame, type Frame, newHeader } from "./envelope.ts";
import { createMetricsDecoder } from "./metrics.ts";
import type { EncodedBody } from "./metrics_body.ts";
import { createMetricsEncoder } from "./metrics_encoder.ts";

function frameOf({ body, ...header }: EncodedBody): Frame {
  const ids = { tenant: "t", agent: "a", signal: Signal.METRICS };
  return decodeFrame(encodeFrame(newHeader({ ...ids, ...header }), body));
}

const schemaOf = (columns: number): SeriesSchema => ({
  series: Array.from({ length: columns }, (_, i) => ({ __name__: "m", i: `${i}` })),
  families: [],
});

const versionsOf = (batch: MetricsBatch) =>
  createMetricsEncoder()
    .encode(batch)
    .map(({ bodyVersion }) => bodyVersion);

const oneRow = fc.record({
  timestampMs: fc.integer({ min: 0, max: 2 ** 40 }),
  values: fc.array(fc.integer({ min: 0, max: 99 }), { minLength: 3, maxLength: 3 }),
  isFine: fc.boolean(),
});

test("rows keep their mark, whatever stands between them", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(oneRow, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      (frames) => {
        const encoder = createMetricsEncoder();
        const decoder = createMetricsDecoder();
        const schema = schemaOf(3);
        for (const given of frames) {
          const rows = given.map((row) => ({ ...row, values: Float64Array.from(row.values) }));
          const [encoded, ...more] = encoder.encode({ schema, rows });
          expect(more).toEqual([]);
          if (encoded === undefined) throw new Error("no body");
          expect(encoded.bodyVersion).toBe(given.some(({ isFine }) => isFine) ? 4 : 1);
          const decoded = decoder.decode(frameOf(encoded)).rows.map((row) => ({
            timestampMs: row.timestampMs,
            values: [...row.values],
            isFine: row.isFine,
          }));
          expect(decoded).toEqual(given);
        }
      },
    ),
  );
});

test("a frame without fine rows is what it was, to the byte", () => {
  const schema = schemaOf(2);
  const rows = [
    { timestampMs: 1_000, values: Float64Array.of(1, 2), isFine: false },
    { timestampMs: 16_000, values: Float64Array.of(1, 2.5) },
  ];
  const [encoded] = createMetricsEncoder().encode({ schema, rows });
  expect(encoded?.bodyVersion).toBe(1);
  expect(Buffer.from(encoded?.body ?? []).toString("hex")).toBe(
    "01010005085f5f6e616d655f5f016d01690130013102020001020302000102040301d10f00020305070301b1ea0100020202010d",
  );
});

test("a wide fine row is fine in each of its parts", () => {
  const schema = schemaOf(40_000);
  const values = Float64Array.from({ length: 40_000 }, (_, i) => i);
  const bodies = createMetricsEncoder().encode({
    schema,
    rows: [{ timestampMs: 1_000, values, isFine: true }],
  });
  const decoder = createMetricsDecoder();
  const marks = bodies.flatMap((body) =>
    decoder.decode(frameOf(body)).rows.map(({ isFine }) => isFine),
  );
  expect(marks).toEqual([true, true]);
});

test("a body has the version of the newest that it holds, in whichever order that comes", () => {
  const schema = schemaOf(1);
  const at = { columns: Uint32Array.of(0), timestampsMs: Float64Array.of(1_000) };
  const histograms = { ...at, histograms: [emptyHistogram] };
  const starts = { ...at, startsMs: Float64Array.of(500) };
  const fine = { timestampMs: 1_000, values: Float64Array.of(1), isFine: true };
  expect(versionsOf({ schema, rows: [fine], histograms, starts })).toEqual([4]);
  const later = { schema: schemaOf(1), rows: [], histograms };
  expect(versionsOf({ schema, rows: [], starts, also: [later] })).toEqual([3]);
});
