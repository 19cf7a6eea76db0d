import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { MetricFamily, MetricsBatch, SeriesSchema } from "#shared/model/metrics.ts";
import { isAbsent, setAbsent, setStale, wordsOf } from "#shared/model/special_values.ts";
import { Compression, Signal } from "../gen/v1/frame_pb.js";
import { ByteWriter } from "./byte_writer.ts";
import { decodeFrame, encodeFrame, type Frame, frameBytesMax, newHeader } from "./envelope.ts";
import { createMetricsDecoder, type DecodedMetrics, type DecodedRow } from "./metrics.ts";
import { type EncodedBody } from "./metrics_body.ts";
import { createMetricsEncoder } from "./metrics_encoder.ts";
import { unpack } from "./packing.ts";

function frameOf(encoded: EncodedBody): Frame {
  const { body, compression, bodySize, bodyVersion, items } = encoded;
  const header = newHeader({
    tenant: "t",
    agent: "a",
    signal: Signal.METRICS,
    compression,
    bodySize,
    bodyVersion,
    items,
  });
  const bytes = encodeFrame(header, body);
  expect(bytes.length).toBeLessThanOrEqual(frameBytesMax);
  return decodeFrame(bytes);
}

function schemaOf(count: number, families: MetricFamily[] = []): SeriesSchema {
  const series = Array.from({ length: count }, (_, i) => ({ __name__: `m${i % 7}`, i: `${i}` }));
  return { series, families };
}

/** Values from their high and low words, so that no NaN is made from a number. */
function valuesOf(words: readonly (readonly [number, number])[]): Float64Array {
  const values = new Float64Array(words.length);
  const flat = wordsOf(values);
  for (const [i, [high, low]] of words.entries()) {
    flat[2 * i] = low;
    flat[2 * i + 1] = high;
  }
  return values;
}

type Samples = Map<string, string[]>;

/** Per series "time low high", in order, absent ones left out. */
type Content = Pick<DecodedMetrics, "sparse"> & {
  readonly rows: readonly Omit<DecodedRow, "items">[];
};

function samplesOf(decoded: readonly Content[]): Samples {
  const samples: Samples = new Map();
  const add = (labels: Labels | undefined, ms: number, words: Uint32Array, i: number) => {
    if (isAbsent(words, i)) return;
    const key = JSON.stringify(labels);
    const of = samples.get(key) ?? [];
    samples.set(key, of);
    of.push(`${ms} ${words[2 * i]} ${words[2 * i + 1]}`);
  };
  for (const { rows, sparse } of decoded) {
    for (const { schema, timestampMs, values } of rows)
      for (let i = 0; i < values.length; i++)
        add(schema.series[i], timestampMs, wordsOf(values), i);
    for (const { schema, samples: s } of sparse)
      for (let i = 0; i < s.columns.length; i++)
        add(schema.series[s.columns[i] ?? 0], s.timestampsMs[i] ?? 0, wordsOf(s.values), i);
  }
  return samples;
}

function asDecoded({ schema, rows, sparse }: MetricsBatch): Content {
  return {
    rows: rows.map((row) => ({ ...row, schema })),
    sparse: sparse === undefined ? [] : [{ schema, samples: sparse }],
  };
}

/** What stays when the next frame is decoded. */
function kept({ rows, ...rest }: DecodedMetrics): DecodedMetrics {
  for (const { values, items } of rows) {
    const words = wordsOf(values);
    expect(items).toBe(Array.from(values).filter((_, i) => !isAbsent(words, i)).length);
  }
  return { ...rest, rows: rows.map((row) => ({ ...row, values: row.values.slice() })) };
}

function countOf(samples: Samples): number {
  return [...samples.values()].reduce((sum, of) => sum + of.length, 0);
}

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const special: [number, number][] = [
  [0x7ff0_0000, 2],
  [0x7ff4_4c50, 1],
  [0x7ff8_0000, 1],
  [0x7ff8_0000, 0],
  [0xfff8_0000, 0],
  [0x7ff0_0000, 1],
  [0xffff_ffff, 0xffff_ffff],
  [0x7ff0_0000, 0],
  [0xfff0_0000, 0],
  [0x8000_0000, 0],
  [0, 1],
];
function wordsOfNumber(value: number): [number, number] {
  const words = wordsOf(Float64Array.of(value));
  return [words[1] ?? 0, words[0] ?? 0];
}
const value: fc.Arbitrary<[number, number]> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -5, max: 300 }).map(wordsOfNumber) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 99_999 }).map((n) => wordsOfNumber(n / 100)) },
  { weight: 1, arbitrary: fc.maxSafeInteger().map(wordsOfNumber) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }).map(wordsOfNumber) },
  { weight: 2, arbitrary: fc.constantFrom(...special) },
  { weight: 1, arbitrary: fc.tuple(word, word) },
);
const timestamp = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1.7e12, max: 1.7e12 + 100_000 }) },
  { weight: 1, arbitrary: fc.double({ noNaN: true }) },
  { weight: 1, arbitrary: fc.maxSafeInteger() },
);
const row = fc.record({
  schema: fc.integer({ min: 0, max: 2 }),
  grow: fc.integer({ min: 0, max: 2 }),
  timestampMs: timestamp,
  values: fc.array(value, { maxLength: 12 }),
  sparse: fc.array(fc.tuple(fc.nat(), timestamp, value), { maxLength: 6 }),
});

describe("metrics codec", () => {
  test("puts the schemas of a batch into one body, and takes none of it where one is refused", () => {
    const [own, other] = [schemaOf(2), schemaOf(3)];
    const encoder = createMetricsEncoder();
    const pair = { timestampMs: 5, values: Float64Array.of(1, 2) };
    const batch: MetricsBatch = {
      schema: own,
      rows: [pair],
      also: [{ schema: other, rows: [pair, { timestampMs: 6, values: Float64Array.of(3, 4, 5) }] }],
    };
    const huge = { series: [{ __name__: "h".repeat(300 * 1024) }], families: [] };
    expect(() => encoder.encode({ ...batch, also: [{ schema: huge, rows: [] }] })).toThrow(
      OperatingError,
    );
    const [body, ...more] = encoder.encode(batch);
    expect(more).toEqual([]);
    expect(body?.items).toBe(7);
    const decoded = createMetricsDecoder().decode(frameOf(body ?? expect.unreachable()));
    expect(samplesOf([decoded])).toEqual(
      samplesOf([asDecoded(batch), ...(batch.also ?? []).map(asDecoded)]),
    );
  });

  test("gives every sample back to the bit, whatever its bits are", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), (rows, max) => {
        const schemas = [schemaOf(3), schemaOf(5), schemaOf(12)];
        const encoder = createMetricsEncoder({ schemasMax: max });
        const decoder = createMetricsDecoder();
        const sent: Content[] = [];
        const got: DecodedMetrics[] = [];
        let items = 0;
        for (const r of rows) {
          const schema = schemas[r.schema] ?? schemaOf(1);
          for (let i = 0; i < r.grow; i++)
            schema.series.push({
              __name__: "grown",
              __proto__x: "1",
              i: `${schema.series.length}`,
            });
          const values = valuesOf(r.values.slice(0, schema.series.length));
          const batch: MetricsBatch = {
            schema,
            rows: [{ timestampMs: r.timestampMs, values }],
            sparse: {
              columns: Uint32Array.from(r.sparse, ([column]) => column % schema.series.length),
              timestampsMs: Float64Array.from(r.sparse, ([, ms]) => ms),
              values: valuesOf(r.sparse.map(([, , v]) => v)),
            },
          };
          sent.push(asDecoded(batch));
          for (const body of encoder.encode(batch)) {
            items += body.items;
            got.push(kept(decoder.decode(frameOf(body))));
          }
        }
        expect(samplesOf(got)).toEqual(samplesOf(sent));
        expect(items).toBe(countOf(samplesOf(sent)));
      }),
      { numRuns: 300 },
    );
  });

  test("does not count absent columns, and keeps stale markers", () => {
    const values = new Float64Array(3);
    setAbsent(wordsOf(values), 0);
    setStale(wordsOf(values), 1);
    const batch = { schema: schemaOf(3), rows: [{ timestampMs: 1, values }] };
    const [body] = createMetricsEncoder().encode(batch);
    expect(body?.items).toBe(2);
    if (body === undefined) return;
    const { rows } = createMetricsDecoder().decode(frameOf(body));
    expect(wordsOf(rows[0]?.values ?? new Float64Array(0))).toEqual(wordsOf(values));
  });

  test("sends the series once, later only what is new, under one schema object", () => {
    const family: MetricFamily = { name: "m0", type: "counter", help: "h \u{1F600}", unit: "" };
    const schema = schemaOf(200, [family]);
    const encoder = createMetricsEncoder();
    const decoder = createMetricsDecoder();
    const once = (count: number) => {
      const rows = [{ timestampMs: 5, values: new Float64Array(count) }];
      const [body] = encoder.encode({ schema, rows });
      if (body === undefined) throw new Error("no body");
      return { body, decoded: kept(decoder.decode(frameOf(body))) };
    };
    const first = once(200);
    const second = once(200);
    schema.series.push({ __name__: "later", ["__proto__"]: "kept" });
    const third = once(201);
    expect(first.decoded.families).toEqual([family]);
    expect(second.decoded.families).toEqual([]);
    expect(second.body.bodySize).toBeLessThan(60);
    expect(third.body.bodySize).toBeLessThan(110);
    expect(third.decoded.rows[0]?.schema).toBe(first.decoded.rows[0]?.schema ?? { series: [] });
    expect(third.decoded.rows[0]?.schema.series).toEqual(schema.series);
  });

  test("splits what is too large for one frame, and loses nothing", () => {
    const series = Array.from({ length: 70_000 }, (_, i) => ({
      __name__: "wide_metric",
      path: `/some/rather/long/path/that/is/different/every/time/${i * 7919}`,
    }));
    const schema = { series, families: [] };
    const values = Float64Array.from(series, (_, i) => Math.sin(i) * 1e9);
    const batch: MetricsBatch = {
      schema,
      rows: [
        { timestampMs: 1_000, values },
        { timestampMs: 2_000, values: values.map((v) => v / 3) },
      ],
      sparse: {
        columns: Uint32Array.from(series, (_, i) => i),
        timestampsMs: Float64Array.from(series, (_, i) => i),
        values,
      },
    };
    const bodies = createMetricsEncoder().encode(batch);
    expect(bodies.length).toBeGreaterThan(4);
    const decoder = createMetricsDecoder();
    const got = bodies.map((body) => kept(decoder.decode(frameOf(body))));
    expect(samplesOf(got)).toEqual(samplesOf([asDecoded(batch)]));
  });

  test("puts several batches into one body, and counts the items of each", () => {
    const encoder = createMetricsEncoder();
    const [one, other] = [schemaOf(3), schemaOf(2)];
    const batchOf = (schema: typeof one, timestampMs: number): MetricsBatch => {
      const values = Float64Array.from(schema.series, (_, i) => timestampMs + i);
      return { schema, rows: [{ timestampMs, values }] };
    };
    const batches = [batchOf(one, 1), { ...batchOf(other, 2), also: [batchOf(one, 3)] }];
    const { bodies, items } = encoder.encodeTogether([...batches, { schema: other, rows: [] }]);
    expect(items).toEqual([3, 5, 0]);
    expect(bodies.map((body) => body.items)).toEqual([8]);
    const decoder = createMetricsDecoder();
    const got = bodies.map((body) => kept(decoder.decode(frameOf(body))));
    const wanted = createMetricsDecoder();
    const again = createMetricsEncoder();
    const singly = batches
      .flatMap((batch) => again.encode(batch))
      .map((body) => kept(wanted.decode(frameOf(body))));
    expect(samplesOf(got)).toEqual(samplesOf(singly));
    const huge = { series: [{ __name__: "x".repeat(300_000) }], families: [] };
    expect(() => encoder.encodeTogether([batchOf(one, 4), { schema: huge, rows: [] }])).toThrow(
      OperatingError,
    );
    expect(encoder.encodeTogether([batchOf(one, 5)]).items).toEqual([3]);
  });

  test("refuses a label set that no frame takes, and goes on as before", () => {
    const encoder = createMetricsEncoder();
    const huge = { series: [{ __name__: "x".repeat(200_000) }], families: [] };
    expect(() => encoder.encode({ schema: huge, rows: [] })).toThrow(OperatingError);
    const rows = [{ timestampMs: 1, values: Float64Array.of(1) }];
    expect(encoder.encode({ schema: schemaOf(1), rows })).toHaveLength(1);
  });
});

describe("metrics decoder, given damaged bodies", () => {
  const encoder = createMetricsEncoder();
  const schema = schemaOf(20, [{ name: "m1", type: "gauge", help: "", unit: "" }]);
  const batches = Array.from({ length: 4 }, (_, n) => ({
    schema,
    rows: [
      { timestampMs: n, values: Float64Array.from({ length: 20 }, (_v, i) => Math.sin(i * n) * i) },
      { timestampMs: n + 1, values: Float64Array.from({ length: 20 }, (_v, i) => i * n) },
    ],
    sparse: {
      columns: Uint32Array.of(1, 2),
      timestampsMs: Float64Array.of(n, 1),
      values: Float64Array.of(1, n),
    },
  }));
  const frames = batches.map((batch) => frameOf(encoder.encode(batch)[0] ?? fail()));

  test("throws OperatingError(corrupt) or gives a result, and a throw changes nothing", () => {
    const edit = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.nat({ max: 3 }), edits, fc.boolean(), fc.nat(), (at, changes, isCut, cut) => {
        const decoder = createMetricsDecoder();
        const want = createMetricsDecoder();
        for (const frame of frames.slice(0, at)) {
          decoder.decode(frame);
          want.decode(frame);
        }
        const frame = frames[at] ?? fail();
        const damaged = opened(frame, (raw) => {
          for (const [index, byte] of changes) raw[index % raw.length] = byte;
          return isCut ? raw.subarray(0, cut % raw.length) : raw;
        });
        try {
          decoder.decode(damaged);
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
          expect(error).toMatchObject({ code: "corrupt" });
          for (const next of frames.slice(at))
            expect(samplesOf([decoder.decode(next)])).toEqual(samplesOf([want.decode(next)]));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("refuses a dictionary that turns few bytes into much memory", () => {
    const writer = new ByteWriter();
    writer.block(Uint8Array.of(1, 1, 0, 2));
    for (const text of ["__name__", "x".repeat(100_000)]) writer.text(text);
    writer.ensure(1_000);
    writer.varint(50);
    for (let i = 0; i < 50; i++) for (const byte of [1, 0, 1]) writer.byte(byte);
    const body = writer.written();
    const header = newHeader({
      compression: Compression.NONE,
      bodySize: body.length,
      bodyVersion: 1,
    });
    const decode = () => createMetricsDecoder().decode({ header, body, bytes: body });
    expect(decode).toThrow("too large");
  });

  test("refuses bytes that do not decompress, and sizes that would fill memory", () => {
    const frame = frames[0] ?? fail();
    const fault =
      (fields: Parameters<typeof newHeader>[0], body = frame.body) =>
      () =>
        createMetricsDecoder().decode({
          ...frame,
          body,
          header: newHeader({ ...frame.header, ...fields }),
        });
    expect(fault({ bodySize: 2 ** 31 })).toThrow(OperatingError);
    expect(fault({ bodySize: 1 })).toThrow(OperatingError);
    expect(fault({ compression: Compression.UNSPECIFIED })).toThrow(OperatingError);
    expect(fault({ bodyVersion: 5 })).toThrow(OperatingError);
    expect(fault({ items: 1 })).toThrow(OperatingError);
    expect(fault({ compression: Compression.LZ4 }, new Uint8Array(3))).toThrow(OperatingError);
    const bomb = Bun.zstdCompressSync(new Uint8Array(50_000_000));
    expect(fault({ compression: Compression.ZSTD, bodySize: 1_000 }, new Uint8Array(bomb))).toThrow(
      OperatingError,
    );
  });
});

function fail(): never {
  throw new Error("no body");
}

/** The frame's body in the open, so that damage reaches the decoder and not only the decompressor. */
function opened(frame: Frame, change: (raw: Uint8Array) => Uint8Array): Frame {
  const { body, header } = frame;
  const raw = change(
    header.compression === Compression.NONE ? body.slice() : unpack(frame).slice(),
  );
  return {
    ...frame,
    body: raw,
    header: newHeader({ ...header, compression: Compression.NONE, bodySize: raw.length }),
  };
}
