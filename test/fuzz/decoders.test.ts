import { expect, test } from "bun:test";
import { parseInfluxLine } from "#agent/collect/receivers/influx/line_protocol.ts";
import { wire } from "#agent/collect/receivers/receiver.fixture.ts";
import { decodeFrame, encodeFrame, newHeader } from "#proto/codec/envelope.ts";
import { createLogsEncoder, decodeLogs } from "#proto/codec/logs.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import { createMetricsEncoder } from "#proto/codec/metrics_encoder.ts";
import type { EncodedBody } from "#proto/codec/metrics_body.ts";
import { unpack } from "#proto/codec/packing.ts";
import { packSnappy, unpackSnappy } from "#proto/codec/snappy_block.ts";
import { Compression, Signal } from "#proto/gen/v1/frame_pb.js";
import { OperatingError } from "#shared/errors.ts";
import { denseBuckets, emptyHistogram } from "#shared/model/histogram.ts";
import { ExpositionError } from "#shared/text/exposition/exposition_error.ts";
import { parseProtobuf } from "#shared/text/exposition/protobuf_parser.ts";
import { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import { SeriesIndex } from "#shared/text/exposition/series_index.ts";
import { parseText } from "#shared/text/exposition/text_parser.ts";
import { createLineMiner } from "#test/support/mining.ts";
import { fuzzSeed, mutated, randomOf } from "#test/support/mutator.ts";

// Every decoder of bytes from outside, on mutations of good ones: a value or an error of ours, and soon. FUZZ_SEED and
// FUZZ_ROUNDS choose others.

const seed = fuzzSeed();
const rounds = Number(process.env["FUZZ_ROUNDS"] ?? 1_500);
/** One input is a few hundred bytes: what takes this long does not end. */
const inputMsMax = 2_000;

function frameOf(signal: Signal, { body, ...fields }: EncodedBody): Uint8Array {
  return encodeFrame(newHeader({ tenant: "t", agent: "a", epoch: 1, signal, ...fields }), body);
}

/** The body of a frame as it is before packing, put back into a frame that says so. */
function bodyCase(signal: Signal, encoded: EncodedBody, decode: (bytes: Uint8Array) => unknown) {
  const raw = unpack(decodeFrame(frameOf(signal, encoded)));
  const framed = (body: Uint8Array): Uint8Array =>
    frameOf(signal, { ...encoded, body, bodySize: body.length, compression: Compression.NONE });
  return { seed: raw, decode: (bytes: Uint8Array) => decode(framed(bytes)) };
}

const buckets = { count: 3, positive: denseBuckets(1, [1, 2]) };
const [metrics] = createMetricsEncoder().encode({
  schema: {
    series: [{ __name__: "a", x: "1" }, { __name__: "b" }, { __name__: "h" }],
    families: [{ name: "a", type: "counter", help: "Help.", unit: "s" }],
  },
  rows: [1, 2, 3].map((i) => ({
    timestampMs: 1_000 * i,
    values: Float64Array.of(i, 0.1 * i),
  })),
  sparse: {
    columns: Uint32Array.of(0, 1),
    timestampsMs: Float64Array.of(5, 6),
    values: Float64Array.of(7, 8),
  },
  histograms: {
    columns: Uint32Array.of(2),
    timestampsMs: Float64Array.of(5),
    histograms: [{ ...emptyHistogram, ...buckets }],
  },
});
const lines = ["GET /a 200 in 5 ms", "GET /b 404 in 7 ms", "GET /c 200 in 9 ms", "stop"];
let end = 0;
const batch = {
  streams: [{ app: "web" }],
  streamOf: new Uint32Array(lines.length),
  timestampsMs: Float64Array.from(lines, (_, i) => 1_000 + i),
  nanos: new Uint32Array(lines.length),
  severities: new Uint8Array(lines.length),
  bodies: new Uint8Array(Buffer.from(lines.join(""))),
  bodyEnds: Uint32Array.from(lines, (line) => (end += line.length)),
};
const [logs] = createLogsEncoder().encode(batch);
const [mined] = createLogsEncoder().encode(createLineMiner().mine(batch));
if (metrics === undefined || logs === undefined || mined === undefined)
  throw new Error("nothing was encoded");

const text = Buffer.from(
  '# HELP m Help.\n# TYPE m histogram\nm_bucket{le="1",a="b\\"c"} 1 5\nm_bucket{le="+Inf"} 2\nm_sum 1e3\nm_count 2\n{"a.b",c="d"} NaN\n',
);
const openMetrics = Buffer.from(
  '# TYPE c counter\n# UNIT c_seconds seconds\nc_total{a="b"} 1 1.5 # {trace_id="x"} 0.5 2\n# EOF\n',
);
/** A MetricFamily `h` with one native histogram. */
const histogram = [
  wire.varint(1, 3),
  wire.double(2, 4.5),
  wire.varint(5, 0),
  wire.double(6, 0.001),
  wire.message(12, wire.varint(1, 2), wire.varint(2, 2)),
  wire.bytes(13, Uint8Array.of(2, 2)),
];
const message = Buffer.concat([
  wire.bytes(1, "h"),
  wire.varint(3, 4),
  wire.message(4, wire.message(7, ...histogram)),
]);
const family = Buffer.concat([Uint8Array.of(message.length), message]);
const exposed = (parse: (bytes: Uint8Array, index: SeriesIndex, out: SampleColumns) => void) => {
  const [index, out] = [new SeriesIndex(), new SampleColumns()];
  return (bytes: Uint8Array): void => parse(bytes, index, out);
};
const native = { native: true, classic: true };

const cases: Readonly<
  Record<string, { seed: Uint8Array; decode: (bytes: Uint8Array) => unknown }>
> = {
  snappy: {
    seed: packSnappy(Buffer.from("abcabcabcabcabcabc, a block with copies, a block with copies")),
    decode: (bytes) => unpackSnappy(bytes, 1_000_000),
  },
  "exposition text": { seed: text, decode: exposed((b, i, o) => parseText(b, "prometheus", i, o)) },
  OpenMetrics: {
    seed: openMetrics,
    decode: exposed((b, i, o) => parseText(b, "openmetrics", i, o)),
  },
  "exposition protobuf": {
    seed: family,
    decode: exposed((b, i, o) => parseProtobuf(b, i, o, native)),
  },
  "Influx lines": {
    seed: Buffer.from('m\\ x,a=b,c\\,d=e v=1.5,w=2i,s="te\\"xt",t=true 1700000000000000000'),
    decode: (bytes) => parseInfluxLine(Buffer.from(bytes).toString("latin1")),
  },
  "metrics frames": {
    seed: frameOf(Signal.METRICS, metrics),
    decode: (bytes) => createMetricsDecoder().decode(decodeFrame(bytes)),
  },
  "log frames": {
    seed: frameOf(Signal.LOGS, logs),
    decode: (bytes) => decodeLogs(decodeFrame(bytes)),
  },
  "metrics bodies": bodyCase(Signal.METRICS, metrics, (bytes) =>
    createMetricsDecoder().decode(decodeFrame(bytes)),
  ),
  "log bodies": bodyCase(Signal.LOGS, logs, (bytes) => decodeLogs(decodeFrame(bytes))),
  // Lines are made of what was found to be good.
  "mined log bodies": bodyCase(
    Signal.LOGS,
    mined,
    (bytes) => decodeLogs(decodeFrame(bytes)).bodies,
  ),
};

for (const [name, { seed: good, decode }] of Object.entries(cases))
  test(`${name}: ${rounds} mutations give a value or an error of ours (FUZZ_SEED=${seed})`, () => {
    expect(() => decode(good)).not.toThrow();
    const random = randomOf(seed);
    for (let round = 0; round < rounds; round++) {
      const bytes = mutated(good, random);
      const startMs = performance.now();
      try {
        decode(bytes);
      } catch (thrown) {
        if (!(thrown instanceof OperatingError) && !(thrown instanceof ExpositionError))
          throw new Error(`round ${round}, ${Buffer.from(bytes).toString("hex")}`, {
            cause: thrown,
          });
      }
      if (performance.now() - startMs > inputMsMax)
        throw new Error(`round ${round} is slow: ${Buffer.from(bytes).toString("hex")}`);
    }
  });
