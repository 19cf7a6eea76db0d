import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { Compression, Signal } from "../gen/v1/frame_pb.js";
import { decodeFrame, encodeFrame, type Frame, frameBytesMax, newHeader } from "./envelope.ts";
import { createLogsEncoder, decodeLogs, encodeLogs } from "./logs.ts";
import type { EncodedBody } from "./metrics_body.ts";
import { unpack } from "./packing.ts";
import { createLineMiner } from "#test/support/mining.ts";

const logFile = { file: "/var/log/x" };

type Record = {
  stream: Labels;
  timestampMs: number;
  nanos: number;
  severity: number;
  body: Uint8Array;
  attributes: Labels | undefined;
};

function batchOf(records: readonly Record[]): LogsBatch {
  const streams = [...new Set(records.map((r) => r.stream))];
  let end = 0;
  const batch = {
    streams,
    streamOf: Uint32Array.from(records, (r) => streams.indexOf(r.stream)),
    timestampsMs: Float64Array.from(records, (r) => r.timestampMs),
    nanos: Uint32Array.from(records, (r) => r.nanos),
    severities: Uint8Array.from(records, (r) => r.severity),
    bodies: new Uint8Array(Buffer.concat(records.map((r) => r.body))),
    bodyEnds: Uint32Array.from(records, (r) => (end += r.body.length)),
  };
  if (records.every((r) => r.attributes === undefined)) return batch;
  return { ...batch, attributes: records.map((r) => r.attributes) };
}

function recordsOf(batch: LogsBatch): Record[] {
  return Array.from(batch.streamOf, (stream, i) => ({
    stream: batch.streams[stream] ?? {},
    timestampMs: batch.timestampsMs[i] ?? Number.NaN,
    nanos: batch.nanos[i] ?? -1,
    severity: batch.severities[i] ?? -1,
    body: batch.bodies.slice(i === 0 ? 0 : batch.bodyEnds[i - 1], batch.bodyEnds[i]),
    attributes: batch.attributes?.[i],
  }));
}

function frameOf({ body, ...fields }: EncodedBody): Frame {
  const header = newHeader({ tenant: "t", agent: "a", signal: Signal.LOGS, ...fields });
  const bytes = encodeFrame(header, body);
  expect(bytes.length).toBeLessThanOrEqual(frameBytesMax);
  return decodeFrame(bytes);
}

const labels = fc
  .dictionary(fc.string({ minLength: 1, maxLength: 4 }), fc.string({ unit: "grapheme" }), {
    maxKeys: 3,
    noNullPrototype: true,
  })
  .map((record) => ({ ...record }));
const record = (stream: fc.Arbitrary<Labels>) =>
  fc.record({
    stream,
    timestampMs: fc.oneof(fc.integer({ min: 1.7e12, max: 1.8e12 }), fc.maxSafeInteger()),
    nanos: fc.integer({ min: 0, max: 999_999 }),
    severity: fc.integer({ min: 0, max: 24 }),
    body: fc.uint8Array({ maxLength: 40 }),
    attributes: fc.option(labels, { nil: undefined, freq: 3 }),
  });
const records = fc
  .array(labels, { minLength: 1, maxLength: 4 })
  .chain((streams) => fc.array(record(fc.constantFrom(...streams)), { maxLength: 30 }));

test("encodeLogs() and decodeLogs() give every record back", () => {
  fc.assert(
    fc.property(records, (given) => {
      const bodies = encodeLogs(batchOf(given));
      const got = bodies.flatMap((body) => recordsOf(decodeLogs(frameOf(body))));
      expect(got).toEqual(given.map((r) => ({ ...r })));
    }),
    { numRuns: 300 },
  );
});

test("createLogsEncoder() gives what encodeLogs() gives, whatever it has encoded before", () => {
  const encoder = createLogsEncoder();
  fc.assert(
    fc.property(records, (given) => {
      expect(encoder.encode(batchOf(given))).toEqual(encodeLogs(batchOf(given)));
    }),
  );
});

test("encodeLogs() splits what is too large for one frame, in order", () => {
  const given = Array.from({ length: 4_000 }, (_, i) => ({
    stream: logFile,
    timestampMs: i,
    nanos: i,
    severity: 9,
    body: crypto.getRandomValues(new Uint8Array(500)),
    attributes: i % 2 === 0 ? { i: `${i}` } : undefined,
  }));
  const bodies = encodeLogs(batchOf(given));
  expect(bodies.length).toBeGreaterThan(2);
  expect(bodies.flatMap((body) => recordsOf(decodeLogs(frameOf(body))))).toEqual(given);
});

test("encodeLogs() refuses a record that no frame takes", () => {
  const huge = {
    stream: {},
    timestampMs: 1,
    nanos: 0,
    severity: 0,
    body: new Uint8Array(900_000),
    attributes: undefined,
  };
  expect(() => encodeLogs(batchOf([huge]))).toThrow(OperatingError);
});

const digits = fc
  .array(
    fc.oneof(fc.integer({ min: 0, max: 9 }).map(String), fc.constantFrom("x", " ", "é", ".")),
    {
      maxLength: 60,
    },
  )
  .map((characters) => characters.join(""));

test("lines taken apart come back byte for byte, however many digits stand together", () => {
  const encoder = createLogsEncoder();
  const miner = createLineMiner();
  const given = fc.array(fc.oneof(digits, fc.uint8Array({ maxLength: 9 })), { maxLength: 60 });
  fc.assert(
    fc.property(given, (lines) => {
      const bodies = lines.map((line) => new Uint8Array(Buffer.from(line)));
      const encoded = encoder.encode(miner.mine(batchOf(bodies.map((body) => plainRecord(body)))));
      const got = encoded.flatMap((body) => recordsOf(decodeLogs(frameOf(body))));
      expect(got.map(({ body }) => body)).toEqual(bodies);
    }),
    { numRuns: 500 },
  );
});

test("variables of one length come back byte for byte, whatever shape stands before them", () => {
  const words = [
    "1234",
    "12x4",
    "x234",
    "12-4",
    "1x3y",
    "0000",
    "-9-9",
    "1234567890",
    "12345678x0",
  ];
  // Each behind each, itself included.
  const lines = words.flatMap((one) => words.flatMap((other) => [`id=${one}`, `id=${other}`]));
  const mined = createLineMiner().mine(
    batchOf(lines.map((line) => plainRecord(Buffer.from(line)))),
  );
  const got = encodeLogs(mined).flatMap((body) => recordsOf(decodeLogs(frameOf(body))));
  expect(got.map(({ body }) => Buffer.from(body).toString())).toEqual(lines);
});

test("lines that are large together go into as few frames as hold them", () => {
  const given = Array.from({ length: 16_000 }, (_, i) => plainRecord(longLine(i)));
  const encoded = encodeLogs(createLineMiner().mine(batchOf(given)));
  expect(encoded.length).toBeLessThan(3);
  expect(encoded.flatMap((body) => recordsOf(decodeLogs(frameOf(body))))).toEqual(given);
});

function longLine(i: number): Uint8Array {
  return new Uint8Array(Buffer.from(`request ${i} took ${i % 9}ms `.repeat(6)));
}

function plainRecord(body: Uint8Array) {
  return {
    stream: logFile,
    timestampMs: 1.7e12,
    nanos: 0,
    severity: 9,
    body,
    attributes: undefined,
  };
}

test("decodeLogs() answers damaged bytes of lines taken apart in the same way", () => {
  const lines = Array.from({ length: 20 }, (_, i) => Buffer.from(`user ${i * 777} at 10.0.${i}.1`));
  const batch = createLineMiner().mine(batchOf(lines.map((line) => plainRecord(line))));
  expectNoHarm(frameOf(encodeLogs(batch)[0] ?? fail()));
});

test("decodeLogs() answers damaged bytes with OperatingError(corrupt) or a batch that holds together", () => {
  const given = Array.from({ length: 20 }, (_, i) => ({
    stream: { app: `a${i % 3}` },
    timestampMs: 1.7e12 + i,
    nanos: i,
    severity: i,
    body: Buffer.from(`line number ${i}`),
    attributes: i % 5 === 0 ? { user: "u" } : undefined,
  }));
  expectNoHarm(frameOf(encodeLogs(batchOf(given))[0] ?? fail()));
});

/** Of a frame of 20 records. */
function expectNoHarm(frame: Frame): void {
  const raw = unpack(frame);
  const edit = fc.tuple(fc.nat({ max: raw.length - 1 }), fc.integer({ min: 0, max: 255 }));
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const body = raw.slice();
      for (const [at, byte] of edits) body[at] = byte;
      const header = newHeader({
        ...frame.header,
        compression: Compression.NONE,
        bodySize: body.length,
      });
      try {
        const batch = decodeLogs({ ...frame, header, body });
        expect(recordsOf(batch)).toHaveLength(20);
        expect(batch.bodyEnds.at(-1)).toBe(batch.bodies.length);
      } catch (error) {
        expect(error).toMatchObject({ code: "corrupt" });
      }
    }),
    { numRuns: 2_000 },
  );
}

function fail(): never {
  throw new Error("no body");
}
