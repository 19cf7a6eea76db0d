// Hot: guarded by `bench codec`.
import { assert } from "#shared/assert.ts";
import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { withLines } from "#shared/model/lazy_lines.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { Compression } from "../gen/v1/frame_pb.js";
import { ByteReader, corrupt, unzigzag } from "./byte_reader.ts";
import { ByteWriter, zigzag } from "./byte_writer.ts";
import type { Frame } from "./envelope.ts";
import { labelsBytesMax, readLabelTable, writeLabelTable } from "./label_table.ts";
import type { EncodedBody } from "./metrics_body.ts";
import { MinedBodiesWriter, minedBytesMax, readMinedBodies } from "./mined_bodies.ts";
import { pack, rawBytesMax, unpack } from "./packing.ts";
import { nextBase, readTimestamp, timestampBytesMax, writeTimestamp } from "./timestamps.ts";

/** The body of a logs frame: columns, drawn in docs/formats/frame.md. Every body stands alone. */
const plainBodyVersion = 1;
/** Bodies as templates and variables. (2 was a draft of it, which no release wrote.) */
const minedBodyVersion = 3;
/** One record with its stream and attributes takes at most this much; sources cut lines well below. */
const logRecordBytesMax = 768 * 1024;

const nanosMax = 999_999;
/** Stream, time, nanoseconds, severity, length or template, and attributes' reference, each at its longest. */
const recordHeadBytesMax = 3 + timestampBytesMax + 3 + 1 + 3 + 3;
const bodyHeadBytesMax = 64;

/**
 * A batch as one body or, where it would pass frameBytesMax, several. Throws OperatingError("overloaded") when a record is
 * larger than logRecordBytesMax.
 */
export function encodeLogs(batch: LogsBatch): EncodedBody[] {
  return createLogsEncoder().encode(batch);
}

/** encodeLogs() for a stream of batches: one buffer serves them all, where each would leave a MiB to be collected. */
export function createLogsEncoder(): { encode(batch: LogsBatch): EncodedBody[] } {
  const tools = { writer: new ByteWriter(), minedBodies: new MinedBodiesWriter() };
  return { encode: (batch) => encodeBodies(tools, batch) };
}

type Tools = { readonly writer: ByteWriter; readonly minedBodies: MinedBodiesWriter };

function encodeBodies(tools: Tools, batch: LogsBatch): EncodedBody[] {
  const bodies: EncodedBody[] = [];
  const count = batch.streamOf.length;
  let lengthsFrom = 0;
  for (let start = 0; start < count;) {
    let end = endOfBody(batch, start);
    // What templates save is known only afterwards.
    for (;;) {
      const next = writeRecords(tools, batch, start, end, lengthsFrom);
      if (tools.writer.length <= rawBytesMax || end - start === 1) {
        lengthsFrom = next;
        break;
      }
      end = start + Math.ceil((end - start) / 2);
    }
    const raw = tools.writer.written();
    const packed = pack(raw, Compression.ZSTD);
    const bodyVersion = batch.mined === undefined ? plainBodyVersion : minedBodyVersion;
    bodies.push({ ...packed, bodySize: raw.length, bodyVersion, items: end - start });
    start = end;
  }
  return bodies;
}

/** The first record that no longer fits a body which begins at `start`. */
function endOfBody(batch: LogsBatch, start: number): number {
  const streams = new Set<number>();
  const attributes = new Set<Labels>();
  const bytesMax = batch.mined === undefined ? rawBytesMax : minedBytesMax;
  let bytes = bodyHeadBytesMax;
  let last = -1;
  for (let i = start; i < batch.streamOf.length; i++) {
    const stream = batch.streamOf[i] ?? 0;
    const own = batch.attributes?.[i];
    let more = recordHeadBytesMax + (batch.bodyEnds[i] ?? 0) - bodyStart(batch, i);
    const isNew = stream !== last && !streams.has(stream);
    if (isNew) more += labelsBytesMax(batch.streams[stream] ?? {});
    if (own !== undefined && !attributes.has(own)) more += labelsBytesMax(own);
    if (more > logRecordBytesMax)
      throw new OperatingError("overloaded", `log record of ${more} bytes`);
    if (bytes + more > bytesMax) return i;
    bytes += more;
    last = stream;
    if (isNew) streams.add(stream);
    if (own !== undefined) attributes.add(own);
  }
  return batch.streamOf.length;
}

function bodyStart(batch: LogsBatch, record: number): number {
  return record === 0 ? 0 : (batch.bodyEnds[record - 1] ?? 0);
}

/** Leaves the body in the writer; gives where the variables of record `end` begin. */
function writeRecords(
  { writer, minedBodies }: Tools,
  batch: LogsBatch,
  start: number,
  end: number,
  lengthsFrom: number,
): number {
  writer.clear();

  const count = end - start;
  writer.ensure(bodyHeadBytesMax);
  writer.varint(count);
  const { used, numbers } = usedStreams(batch, start, end);
  writeLabelTable(writer, used);
  writer.ensure(bodyHeadBytesMax + count * recordHeadBytesMax);
  writeStreams(writer, batch.streamOf, numbers, start, end);
  writeTimes(writer, batch.timestampsMs, start, end);
  writeNanos(writer, batch, start, end);
  for (let i = start; i < end; i++) writer.byte(batch.severities[i] ?? 0);
  const { mined } = batch;
  if (mined === undefined) {
    writePlainBodies(writer, batch, start, end);
    return 0;
  }
  writeAttributes(writer, batch.attributes?.slice(start, end) ?? []);
  return minedBodies.write(writer, batch, mined, start, end, lengthsFrom);
}

// Loops over records stand in functions of their own: the engine compiles a function anew with all that it calls for each of its loops.

/** Streams of the records in order of appearance; `numbers` has the place of each from 1. */
function usedStreams({ streams, streamOf }: LogsBatch, start: number, end: number) {
  const numbers = new Uint32Array(streams.length);
  const used: Labels[] = [];
  for (let i = start; i < end; i++) {
    const stream = streamOf[i] ?? 0;
    assert(stream < streams.length, `stream ${stream} of ${streams.length}`);
    if (numbers[stream] === 0) numbers[stream] = used.push(streams[stream] ?? {});
  }
  return { used, numbers };
}

function writeStreams(
  writer: ByteWriter,
  streamOf: Uint32Array,
  numbers: Uint32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) writer.varint((numbers[streamOf[i] ?? 0] ?? 1) - 1);
}

function writeTimes(
  writer: ByteWriter,
  timestampsMs: Float64Array,
  start: number,
  end: number,
): void {
  let baseMs = 0;
  for (let i = start; i < end; i++) baseMs = writeTimestamp(writer, timestampsMs[i] ?? 0, baseMs);
}

/**
 * Mined bodies tell the step from the record before: sources number the lines of a moment by nanoseconds, so it is nearly
 * always one.
 */
function writeNanos(writer: ByteWriter, { nanos, mined }: LogsBatch, start: number, end: number) {
  let before = 0;
  for (let i = start; i < end; i++) {
    const own = nanos[i] ?? 0;
    writer.varint(mined === undefined ? own : zigzag(own - before));
    before = own;
  }
}

function readNanos(reader: ByteReader, count: number, isSteps: boolean): Uint32Array {
  const nanos = new Uint32Array(count);
  let before = 0;
  for (let i = 0; i < count; i++) {
    const given = reader.varint();
    const own = isSteps ? before + unzigzag(given) : given;
    if (own < 0) throw corrupt(`${own} nanoseconds`);
    before = below(own, nanosMax + 1);
    nanos[i] = before;
  }
  return nanos;
}

function writePlainBodies(writer: ByteWriter, batch: LogsBatch, start: number, end: number): void {
  for (let i = start; i < end; i++) writer.varint((batch.bodyEnds[i] ?? 0) - bodyStart(batch, i));
  writeAttributes(writer, batch.attributes?.slice(start, end) ?? []);
  writer.block(batch.bodies.subarray(bodyStart(batch, start), batch.bodyEnds[end - 1] ?? 0));
}

/** The distinct attribute sets (by identity), then per record 0 or the number of its set, counted from 1. */
function writeAttributes(writer: ByteWriter, attributes: readonly (Labels | undefined)[]): void {
  const numbers = new Map<Labels, number>();
  for (const own of attributes)
    if (own !== undefined && !numbers.has(own)) numbers.set(own, numbers.size + 1);
  writeLabelTable(writer, [...numbers.keys()]);
  if (numbers.size === 0) return;
  writer.ensure(8 * attributes.length);
  for (const own of attributes) writer.varint(own === undefined ? 0 : (numbers.get(own) ?? 0));
}

/** Throws OperatingError("corrupt"). The batch is fresh memory. */
export function decodeLogs(frame: Frame): LogsBatch {
  const { bodyVersion, items } = frame.header;
  if (bodyVersion !== plainBodyVersion && bodyVersion !== minedBodyVersion)
    throw corrupt(`version ${bodyVersion}`);
  const reader = new ByteReader(unpack(frame));
  const count = reader.count(5);
  if (count !== items) throw corrupt(`has ${count} items, expected ${items}`);
  const streams = readLabelTable(reader);
  const streamOf = new Uint32Array(count);
  for (let i = 0; i < count; i++) streamOf[i] = below(reader.varint(), streams.length);
  const timestampsMs = new Float64Array(count);
  let baseMs = 0;
  for (let i = 0; i < count; i++) {
    const timestampMs = readTimestamp(reader, baseMs);
    timestampsMs[i] = timestampMs;
    baseMs = nextBase(timestampMs, baseMs);
  }
  const nanos = readNanos(reader, count, bodyVersion === minedBodyVersion);
  const severities = reader.block(count).slice();
  const records = { streams, streamOf, timestampsMs, nanos, severities };
  if (bodyVersion === plainBodyVersion) {
    const { bodies, bodyEnds, attributes } = readPlain(reader, count);
    expectEnd(reader);
    return { ...records, bodies, bodyEnds, ...(attributes && { attributes }) };
  }
  const attributes = readAttributes(reader, count);
  const columns = readMinedBodies(reader, count);
  expectEnd(reader);
  return withLines(attributes === undefined ? records : { ...records, attributes }, columns);
}

function expectEnd(reader: ByteReader): void {
  if (reader.left !== 0) throw corrupt(`${reader.left} bytes are left over`);
}

function readPlain(reader: ByteReader, count: number) {
  const bodyEnds = new Uint32Array(count);
  let end = 0;
  for (let i = 0; i < count; i++) {
    end += reader.varint();
    if (end > reader.left) throw corrupt(`record ${i} ends at byte ${end}`);
    bodyEnds[i] = end;
  }
  const attributes = readAttributes(reader, count);
  return { attributes, bodyEnds, bodies: reader.block(end).slice() };
}

function readAttributes(reader: ByteReader, count: number): (Labels | undefined)[] | undefined {
  const sets = readLabelTable(reader);
  if (sets.length === 0) return undefined;
  const attributes: (Labels | undefined)[] = [];
  for (let i = 0; i < count; i++) {
    const number = below(reader.varint(), sets.length + 1);
    attributes.push(number === 0 ? undefined : sets[number - 1]);
  }
  return attributes;
}

function below(value: number, limit: number): number {
  if (value >= limit) throw corrupt(`number ${value}, expected less than ${limit}`);
  return value;
}
