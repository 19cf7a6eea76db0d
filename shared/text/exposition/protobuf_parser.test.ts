import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { ExpositionReader } from "#test/support/read_exposition.ts";
import { ExpositionError } from "./exposition_error.ts";
import { parseProtobuf } from "./protobuf_parser.ts";
import { SampleColumns } from "./sample_columns.ts";
import { SeriesIndex } from "./series_index.ts";

// Written by the wire format's rules: tag (field << 3 | wire type), then the value.
const text = (field: number, value: string) => message(field, [...new TextEncoder().encode(value)]);
const message = (field: number, bytes: number[]) => [
  field * 8 + 2,
  ...varint(bytes.length),
  ...bytes,
];
const double = (field: number, value: number) => [
  field * 8 + 1,
  ...new Uint8Array(Float64Array.of(value).buffer),
];
const whole = (field: number, value: number | bigint) => [field * 8, ...varint(value)];
function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}
const label = (name: string, value: string) => message(1, [...text(1, name), ...text(2, value)]);
const family = (name: string, type: number, ...metrics: number[][]) => {
  const bytes = [...text(1, name), ...text(2, "Help."), ...whole(3, type)];
  for (const metric of metrics) bytes.push(...message(4, metric));
  return [...varint(bytes.length), ...bytes];
};
const read = (...bytes: number[]) =>
  new ExpositionReader().read(Uint8Array.from(bytes), "protobuf");

test("parseProtobuf() reads a counter written out byte by byte", () => {
  // 0x1e: 30 bytes of MetricFamily; name "up"; type COUNTER (0); metric with label a="b" and counter 2.5.
  const bytes = [
    0x1b, 0x0a, 0x02, 0x75, 0x70, 0x18, 0x00, 0x22, 0x13, 0x0a, 0x06, 0x0a, 0x01, 0x61, 0x12, 0x01,
    0x62, 0x1a, 0x09, 0x09, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04, 0x40,
  ];
  expect(read(...bytes)).toEqual([[{ __name__: "up", a: "b" }, 2.5]]);
});

test("parseProtobuf() reads gauges, untyped and timestamps, negative ones too", () => {
  const gauge = [...label("x", "1"), ...message(2, double(1, 7)), ...whole(6, 1_700_000_000_123)];
  const untyped = [...message(5, double(1, Number.NaN)), ...whole(6, -5n)];
  expect(read(...family("g", 1, gauge), ...family("u", 3, untyped))).toEqual([
    [{ __name__: "g", x: "1" }, 7, 1_700_000_000_123],
    [{ __name__: "u" }, Number.NaN, -5],
  ]);
});

test("parseProtobuf() reads a summary with canonical quantiles", () => {
  const summary = [
    ...whole(1, 10),
    ...double(2, 55.5),
    ...message(3, [...double(1, 0.5), ...double(2, 4)]),
    ...message(3, [...double(1, 1), ...double(2, 9)]),
  ];
  expect(read(...family("s", 2, message(4, summary)))).toEqual([
    [{ __name__: "s_count" }, 10],
    [{ __name__: "s_sum" }, 55.5],
    [{ __name__: "s", quantile: "0.5" }, 4],
    [{ __name__: "s", quantile: "1.0" }, 9],
  ]);
});

test("parseProtobuf() reads a classic histogram and adds the +Inf bucket that may be left out", () => {
  const bucket = (count: number, bound: number) =>
    message(3, [...whole(1, count), ...double(2, bound)]);
  const histogram = [...whole(1, 3), ...double(2, 4.5), ...bucket(1, 1), ...bucket(2, 1_000_000)];
  expect(read(...family("h", 4, message(7, histogram)))).toEqual([
    [{ __name__: "h_count" }, 3],
    [{ __name__: "h_sum" }, 4.5],
    [{ __name__: "h_bucket", le: "1.0" }, 1],
    [{ __name__: "h_bucket", le: "1e+06" }, 2],
    [{ __name__: "h_bucket", le: "+Inf" }, 3],
  ]);
});

test("parseProtobuf() takes count and sum of a native histogram, and counts it", () => {
  const native = [
    ...whole(1, 3),
    ...double(2, 4.5),
    ...whole(5, 3),
    ...message(12, [...whole(1, 0), ...whole(2, 1)]),
  ];
  const reader = new ExpositionReader();
  const body = Uint8Array.from(family("n", 4, message(7, native)));
  expect(reader.read(body, "protobuf")).toEqual([
    [{ __name__: "n_count" }, 3],
    [{ __name__: "n_sum" }, 4.5],
  ]);
  expect(reader.out.nativeHistograms).toBe(1);
});

const sint = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value);
const span = (field: number, offset: number, length: number) =>
  message(field, [...whole(1, sint(offset)), ...whole(2, length)]);
const readNative = (type: number, histogram: number[], classic = false) => {
  const out = new SampleColumns();
  const body = Uint8Array.from(family("n", type, message(7, histogram)));
  parseProtobuf(body, new SeriesIndex(), out, { native: true, classic });
  return out;
};
const integers = [
  ...whole(1, 11),
  ...double(2, 4.5),
  ...message(3, [...whole(1, 11), ...double(2, 1)]),
  ...whole(5, sint(3)),
  ...double(6, 0.25),
  ...whole(7, 2),
  ...span(9, -2, 1),
  ...whole(10, sint(1)),
  ...span(12, 1, 2),
  ...span(12, 3, 1),
];

test("parseProtobuf() reads a native histogram's spans and differences, packed or not", () => {
  const alone = [sint(3), sint(-1), sint(0)];
  const single = alone.flatMap((delta) => whole(13, delta));
  const packed = message(13, alone.flatMap(varint));
  for (const deltas of [single, packed]) {
    const out = readNative(4, [...integers, ...deltas]);
    expect(out.length).toBe(1);
    expect(out.histograms.get(0)).toEqual({
      schema: 3,
      zeroThreshold: 0.25,
      zeroCount: 2,
      count: 11,
      sum: 4.5,
      positive: { indices: Int32Array.of(1, 2, 6), counts: Float64Array.of(3, 2, 2) },
      negative: { indices: Int32Array.of(-2), counts: Float64Array.of(1) },
      customValues: [],
      counterResetHint: "unknown",
    });
    // Count, sum and two classic buckets besides, where those are asked for.
    expect(readNative(4, [...integers, ...deltas], true).length).toBe(5);
  }
});

test("parseProtobuf() reads float and gauge histograms, and reduces what is too fine", () => {
  const floats = [
    ...double(4, 5.5),
    ...double(8, 0.5),
    ...whole(5, sint(9)),
    ...span(12, 1, 3),
    ...message(
      14,
      [2, 2, 1].flatMap((count) => double(1, count).slice(1)),
    ),
  ];
  expect(readNative(5, floats).histograms.get(0)).toMatchObject({
    schema: 8,
    count: 5.5,
    zeroCount: 0.5,
    positive: { indices: Int32Array.of(1, 2), counts: Float64Array.of(4, 1) },
    counterResetHint: "gauge",
  });
});

test("parseProtobuf() counts native histograms that can't be, and takes nothing of them", () => {
  const broken = [
    [...integers, ...whole(13, 2)],
    [...integers, ...whole(13, 2), ...whole(13, sint(-5)), ...whole(13, 2)],
    [...whole(5, sint(-5)), ...span(12, 0, 0)],
    [...whole(5, sint(53)), ...span(12, 0, 0)],
    [...double(6, Number.NaN), ...span(12, 0, 0)],
    span(12, 0, 2 ** 32 - 1),
    [...span(12, 0, 0), ...double(6, -1)],
  ];
  for (const histogram of broken) {
    const out = readNative(4, histogram);
    expect([out.length, out.invalidHistograms]).toEqual([0, 1]);
    expect(out.histograms.size).toBe(0);
  }
});

const metric = (value: string, number: number) => [
  ...label("x", value),
  ...message(2, double(1, number)),
];
const both = (a: number[], b: number[]) => Uint8Array.from(family("g", 1, a, b));
test("parseProtobuf() reads a body again by its bytes, in another order, too", () => {
  const reader = new ExpositionReader();
  reader.read(both(metric("1", 1), metric("2", 2)), "protobuf");
  expect(reader.read(both(metric("2", 3), metric("1", 4)), "protobuf")).toEqual([
    [{ __name__: "g", x: "2" }, 3],
    [{ __name__: "g", x: "1" }, 4],
  ]);
  expect(reader.index.size).toBe(2);
});

test.each([
  ["a cut message", [0x05, 0x0a]],
  ["an endless varint", Array.from({ length: 12 }, () => 0xff)],
  ["a family without a name", family("", 1, message(2, double(1, 1)))],
  ["an unknown type", family("g", 9, message(2, double(1, 1)))],
  ["a value of another type", family("g", 1, message(3, double(1, 1)))],
  ["a metric without a value", family("g", 1, label("a", "b"))],
  ["a label without a name", family("g", 1, [...label("", "b"), ...message(2, double(1, 1))])],
  [
    "a repeated label",
    family("g", 1, [...label("a", "b"), ...label("a", "c"), ...message(2, double(1, 1))]),
  ],
])("parseProtobuf() refuses %s", (_, bytes) => {
  expect(() => read(...bytes)).toThrow(ExpositionError);
});

test("parseProtobuf() ends on any bytes, and throws nothing but ExpositionError", () => {
  const good = family("g", 1, [...label("a", "b"), ...message(2, double(1, 1))]);
  const mutated = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 4 })
    .map((changes) => {
      const bytes = [...good];
      for (const [at, byte] of changes) bytes[at] = byte;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.array(fc.nat(255), { maxLength: 100 })), (bytes) => {
      try {
        read(...bytes);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ExpositionError);
      }
    }),
    { numRuns: 3_000 },
  );
});
