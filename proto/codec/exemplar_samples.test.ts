import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { OperatingError } from "#shared/errors.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { ExemplarSamples, MetricsBatch, StartTimestamps } from "#shared/model/metrics.ts";
import { Signal } from "../gen/v1/frame_pb.js";
import { ByteReader } from "./byte_reader.ts";
import { ByteWriter } from "./byte_writer.ts";
import { decodeFrame, encodeFrame, type Frame, newHeader } from "./envelope.ts";
import { readExemplars, readStarts, writeExemplars, writeStarts } from "./exemplar_samples.ts";
import { createMetricsDecoder } from "./metrics.ts";
import type { EncodedBody } from "./metrics_body.ts";
import { createMetricsEncoder } from "./metrics_encoder.ts";

function frameOf({ body, ...rest }: EncodedBody): Frame {
  const header = newHeader({ tenant: "t", agent: "a", signal: Signal.METRICS, ...rest });
  return decodeFrame(encodeFrame(header, body));
}

const time = fc.oneof(
  fc.integer({ min: 1_700_000_000_000, max: 1_700_000_100_000 }),
  fc.maxSafeInteger(),
);
const label = fc.string({ unit: "grapheme", minLength: 1, maxLength: 12 });
const exemplar = fc.record({
  column: fc.integer({ min: 0, max: 9 }),
  timestampMs: time,
  value: fc.double(),
  labels: fc.dictionary(label, label, { maxKeys: 4 }),
  startMs: time,
});
type Entry = {
  readonly column: number;
  readonly timestampMs: number;
  readonly value: number;
  readonly labels: Record<string, string>;
  readonly startMs: number;
};

function exemplarsOf(entries: readonly Entry[]): ExemplarSamples {
  return {
    columns: Uint32Array.from(entries, ({ column }) => column),
    timestampsMs: Float64Array.from(entries, ({ timestampMs }) => timestampMs),
    values: Float64Array.from(entries, ({ value }) => value),
    labels: entries.map(({ labels }) => ({ ...labels })),
  };
}

function startsOf(entries: readonly Pick<Entry, "column" | "timestampMs" | "startMs">[]) {
  return {
    columns: Uint32Array.from(entries, ({ column }) => column),
    timestampsMs: Float64Array.from(entries, ({ timestampMs }) => timestampMs),
    startsMs: Float64Array.from(entries, ({ startMs }) => startMs),
  } satisfies StartTimestamps;
}

test("readExemplars() gives back what writeExemplars() was given, whatever it is", () => {
  fc.assert(
    fc.property(fc.array(exemplar, { maxLength: 40 }), (entries) => {
      const samples = exemplarsOf(entries);
      const writer = new ByteWriter();
      writer.ensure(1_000 + 64 * entries.length);
      writeExemplars(writer, samples, 0, entries.length);
      const read = readExemplars(new ByteReader(writer.written()), 10);
      expect(read.columns).toEqual(samples.columns);
      expect(read.timestampsMs).toEqual(samples.timestampsMs);
      expect(new BigUint64Array(read.values.buffer)).toEqual(
        new BigUint64Array(samples.values.buffer),
      );
      expect(read.labels.map(labelsKey)).toEqual(samples.labels.map(labelsKey));
    }),
    { numRuns: 200, seed: 7 },
  );
});

test("readStarts() gives back what writeStarts() was given", () => {
  fc.assert(
    fc.property(fc.array(exemplar, { maxLength: 40 }), (entries) => {
      const samples = startsOf(entries);
      const writer = new ByteWriter();
      writer.ensure(100 + 64 * entries.length);
      writeStarts(writer, samples, 0, entries.length);
      expect(readStarts(new ByteReader(writer.written()), 10)).toEqual(samples);
    }),
    { numRuns: 100, seed: 7 },
  );
});

test("readExemplars() and readStarts() refuse damaged bytes as corrupt, and never hang or crash", () => {
  const writer = new ByteWriter();
  const entries = Array.from({ length: 5 }, (_, i) => ({
    column: i,
    timestampMs: 1_700_000_000_000 + i,
    value: i / 3,
    labels: { trace_id: `abc${i}`, span_id: "1" },
    startMs: 1_600_000_000_000,
  }));
  writer.ensure(10_000);
  writeExemplars(writer, exemplarsOf(entries), 0, 5);
  const exemplarBytes = writer.written().slice();
  writer.clear();
  writeStarts(writer, startsOf(entries), 0, 5);
  const startBytes = writer.written().slice();
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (isExemplar, changes, cut) => {
        const bytes = (isExemplar ? exemplarBytes : startBytes).slice();
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const reader = new ByteReader(
          bytes.subarray(0, cut % 3 === 0 ? cut % bytes.length : bytes.length),
        );
        try {
          const read = isExemplar ? readExemplars(reader, 10) : readStarts(reader, 10);
          expect(read.columns.every((column) => column < 10)).toBe(true);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(OperatingError);
        }
      },
    ),
    { numRuns: 2_000, seed: 7 },
  );
});

const starts = (timestampMs: number, startMs: number) =>
  startsOf([
    { column: 0, timestampMs, startMs },
    { column: 1, timestampMs, startMs: 500 },
  ]);
const schema = { series: [{ __name__: "a" }, { __name__: "b" }], families: [] };
const row = (timestampMs: number): MetricsBatch => ({
  schema,
  rows: [{ timestampMs, values: Float64Array.of(1, 2) }],
});

test("frames tell an exemplar as an item, and a start timestamp only when it changes", () => {
  const encoder = createMetricsEncoder();
  const decoder = createMetricsDecoder();
  const exemplars = exemplarsOf([
    { column: 1, timestampMs: 990, value: 7, labels: { trace_id: "x" }, startMs: 0 },
  ]);
  const [first] = encoder.encode({ ...row(1_000), exemplars, starts: starts(1_000, 400) });
  const [second] = encoder.encode({ ...row(2_000), starts: starts(2_000, 400) });
  const [third] = encoder.encode({ ...row(3_000), starts: starts(3_000, 2_900) });
  const [fourth] = encoder.encode(row(4_000));
  if (first === undefined || second === undefined || third === undefined || fourth === undefined)
    throw new Error("each batch is one body");
  expect([first.items, second.items, third.items]).toEqual([3, 2, 2]);
  // What has neither is of a version that any decoder reads.
  expect([first, second, third].map(({ bodyVersion }) => bodyVersion)).toEqual([3, 1, 3]);
  const one = decoder.decode(frameOf(first));
  expect(one.exemplars?.[0]?.samples.labels).toEqual([{ trace_id: "x" }]);
  expect(one.starts?.[0]?.samples.startsMs).toEqual(Float64Array.of(400, 500));
  expect(one.rows[0]?.schema.starts).toBeUndefined();
  const two = decoder.decode(frameOf(second));
  expect(two.starts).toBeUndefined();
  expect([...(two.rows[0]?.schema.starts ?? [])]).toEqual([
    [0, 400],
    [1, 500],
  ]);
  const three = decoder.decode(frameOf(third));
  expect(three.starts?.[0]?.samples.columns).toEqual(Uint32Array.of(0));
  // A change holds from its own sample on, so the state is still the one before.
  expect(three.rows[0]?.schema.starts?.get(0)).toBe(400);
  expect(decoder.decode(frameOf(fourth)).rows[0]?.schema.starts?.get(0)).toBe(2_900);
});

test("many exemplars of long labels are split over bodies that a decoder takes", () => {
  const encoder = createMetricsEncoder();
  const decoder = createMetricsDecoder();
  const count = 20_000;
  const entries = Array.from({ length: count }, (_, i) => ({
    column: i % 2,
    timestampMs: i,
    value: i,
    labels: { trace_id: "x".repeat(119) },
    startMs: 0,
  }));
  const bodies = encoder.encode({ ...row(1_000), exemplars: exemplarsOf(entries) });
  expect(bodies.length).toBeGreaterThan(2);
  let read = 0;
  for (const body of bodies)
    for (const { samples } of decoder.decode(frameOf(body)).exemplars ?? [])
      read += samples.labels.length;
  expect(read).toBe(count);
});
