import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { OperatingError } from "#shared/errors.ts";
import {
  type CounterResetHint,
  customSchema,
  denseBuckets,
  emptyHistogram,
  type Histogram,
} from "#shared/model/histogram.ts";
import type { HistogramSamples } from "#shared/model/metrics.ts";
import { ByteReader } from "./byte_reader.ts";
import { Signal } from "../gen/v1/frame_pb.js";
import { ByteWriter } from "./byte_writer.ts";
import { decodeFrame, encodeFrame, type Frame, newHeader } from "./envelope.ts";
import { histogramBytesMax, readHistograms, writeHistograms } from "./histogram_samples.ts";
import { createMetricsDecoder } from "./metrics.ts";
import { type EncodedBody } from "./metrics_body.ts";
import { createMetricsEncoder } from "./metrics_encoder.ts";

function frameOf({ body, ...rest }: EncodedBody): Frame {
  const header = newHeader({ tenant: "t", agent: "a", signal: Signal.METRICS, ...rest });
  return decodeFrame(encodeFrame(header, body));
}

const count = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double(), fc.maxSafeInteger());
const side = fc
  .record({
    first: fc.integer({ min: 0, max: 2 ** 20 }),
    counts: fc.array(count, { maxLength: 9 }),
  })
  .map(({ first, counts }) => denseBuckets(first, counts));
const histogram: fc.Arbitrary<Histogram> = fc
  .record({
    schema: fc.integer({ min: -4, max: 8 }),
    zeroThreshold: fc.double({ min: 0, max: 9, noNaN: true }),
    zeroCount: count,
    count,
    sum: fc.double(),
    positive: side,
    negative: side,
    counterResetHint: fc.constantFrom<CounterResetHint>("unknown", "reset", "not_reset", "gauge"),
    custom: fc.option(fc.uniqueArray(fc.double({ noNaN: true, noDefaultInfinity: true }))),
  })
  .map(({ custom, positive, ...one }) =>
    custom === null
      ? { ...one, positive, customValues: [] }
      : {
          ...emptyHistogram,
          counterResetHint: one.counterResetHint,
          sum: one.sum,
          count: one.count,
          schema: customSchema,
          customValues: [...new Set(custom.map((bound) => bound + 0))].toSorted((a, b) => a - b),
          positive: denseBuckets(0, custom.length === 0 ? [1] : [1, 2]),
        },
  );

function samplesOf(histograms: readonly Histogram[]): HistogramSamples {
  return {
    columns: Uint32Array.from(histograms, (_, i) => (i * 7) % 3),
    timestampsMs: Float64Array.from(histograms, (_, i) => 1_700_000_000_000 + i * 15_000),
    histograms,
  };
}

function list({ indices, counts }: Histogram["positive"]) {
  return [indices, Array.from(counts)];
}

/** Counts as lists: toEqual() never takes a NaN in a typed array for equal. */
function comparable(samples: HistogramSamples) {
  return {
    ...samples,
    histograms: samples.histograms.map((one) => ({
      ...one,
      positive: list(one.positive),
      negative: list(one.negative),
    })),
  };
}

test("writeHistograms() and readHistograms() keep every histogram, in the bytes foreseen", () => {
  fc.assert(
    fc.property(fc.array(histogram, { minLength: 1, maxLength: 6 }), (histograms) => {
      const writer = new ByteWriter();
      writer.ensure(64 + histograms.reduce((sum, one) => sum + histogramBytesMax(one), 0));
      const samples = samplesOf(histograms);
      writeHistograms(writer, samples, 0, histograms.length);
      const bytesMax = 64 + histograms.reduce((sum, one) => sum + histogramBytesMax(one), 0);
      expect(writer.length).toBeLessThanOrEqual(bytesMax);
      const read = readHistograms(new ByteReader(writer.written().slice()), 3);
      expect(comparable(read)).toEqual(comparable(samples));
    }),
  );
});

test("readHistograms() throws `corrupt`, and nothing else, for damaged bytes", () => {
  fc.assert(
    fc.property(
      fc.array(histogram, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (histograms, at, flip) => {
        const writer = new ByteWriter();
        writer.ensure(1 << 16);
        writeHistograms(writer, samplesOf(histograms), 0, histograms.length);
        const bytes = writer.written().slice();
        const place = at % bytes.length;
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        try {
          readHistograms(new ByteReader(bytes), 3);
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
          expect(error).toHaveProperty("code", "corrupt");
        }
      },
    ),
  );
});

test("a batch with histograms is a body of version 2, and counts an item a histogram", () => {
  const schema = {
    series: [{ __name__: "a" }, { __name__: "h" }, { __name__: "c" }],
    families: [],
  };
  const rows = [{ timestampMs: 5, values: Float64Array.of(1) }];
  const histograms = samplesOf([emptyHistogram, { ...emptyHistogram, sum: 3 }]);
  const encoder = createMetricsEncoder();
  const decoder = createMetricsDecoder();
  const [body] = encoder.encode({ schema, rows, histograms });
  expect(body).toMatchObject({ bodyVersion: 2, items: 3 });
  const [plain] = encoder.encode({ schema, rows });
  expect(plain).toMatchObject({ bodyVersion: 1, items: 1 });
  if (body === undefined || plain === undefined) throw new Error("no body");
  const decoded = decoder.decode(frameOf(body));
  expect(decoded.histograms?.[0]?.samples).toEqual(histograms);
  expect(decoded.histograms?.[0]?.schema).toBe(decoded.rows[0]?.schema);
  expect(decoder.decode(frameOf(plain)).histograms).toBeUndefined();
});
