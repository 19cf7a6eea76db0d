import {
  type Buckets,
  type CounterResetHint,
  customSchema,
  type Histogram,
  noBuckets,
} from "#shared/model/histogram.ts";
import { histogramBucketsMax, isValidHistogram } from "#shared/model/histogram_checks.ts";
import type { HistogramSamples } from "#shared/model/metrics.ts";
import { type ByteReader, corrupt, unzigzag } from "./byte_reader.ts";
import { type ByteWriter, zigzag } from "./byte_writer.ts";
import { nextBase, readTimestamp, timestampBytesMax, writeTimestamp } from "./timestamps.ts";

const hints: readonly CounterResetHint[] = ["unknown", "reset", "not_reset", "gauge"];
/** Set where counts are integers from 0 to 2^53 - 1, written as varints; else they are doubles. */
const integersFlag = 4;
/** Set where the schema is customSchema and bounds follow. */
const customFlag = 8;
const headBytesMax = 8 + timestampBytesMax + 64;

/** Bytes that one histogram takes at most. */
export function histogramBytesMax(histogram: Histogram | undefined): number {
  if (histogram === undefined) return headBytesMax;
  const { positive, negative, customValues } = histogram;
  const buckets = positive.indices.length + negative.indices.length;
  return headBytesMax + 16 * buckets + 8 * customValues.length;
}

/** Samples [start, end): their columns, then times, then the histograms, each on its own. */
export function writeHistograms(
  writer: ByteWriter,
  samples: HistogramSamples,
  start: number,
  end: number,
): void {
  writer.varint(end - start);
  let column = 0;
  for (let i = start; i < end; i++) {
    const next = samples.columns[i] ?? 0;
    writer.varint(zigzag(next - column));
    column = next;
  }
  let timestampMs = 0;
  for (let i = start; i < end; i++)
    timestampMs = writeTimestamp(writer, samples.timestampsMs[i] ?? 0, timestampMs);
  const doubles = new Doubles();
  for (let i = start; i < end; i++) {
    const histogram = samples.histograms[i];
    if (histogram !== undefined) writeHistogram(writer, histogram, doubles);
  }
}

function writeHistogram(writer: ByteWriter, histogram: Histogram, doubles: Doubles): void {
  const { schema, zeroThreshold, zeroCount, count, sum, customValues } = histogram;
  const { positive, negative } = histogram;
  const isWhole =
    isInteger(count) &&
    isInteger(zeroCount) &&
    positive.counts.every(isInteger) &&
    negative.counts.every(isInteger);
  const isCustom = schema === customSchema;
  writer.byte(
    hints.indexOf(histogram.counterResetHint) |
      (isWhole ? integersFlag : 0) |
      (isCustom ? customFlag : 0),
  );
  doubles.write(writer, sum);
  if (isCustom) {
    writer.varint(customValues.length);
    for (const bound of customValues) doubles.write(writer, bound);
  } else {
    writer.varint(zigzag(schema));
    doubles.write(writer, zeroThreshold);
  }
  const writeCount = (value: number) =>
    isWhole ? writer.varint(value) : doubles.write(writer, value);
  writeCount(count);
  writeCount(zeroCount);
  for (const { indices, counts } of [positive, negative]) {
    writer.varint(indices.length);
    let index = 0;
    for (const next of indices) {
      writer.varint(zigzag(next - index));
      index = next;
    }
    for (const value of counts) writeCount(value);
  }
}

function isInteger(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
}

/** Throws OperatingError("corrupt"), also for a column at or above `columnsMax` and for what is no histogram. */
export function readHistograms(reader: ByteReader, columnsMax: number): HistogramSamples {
  const count = reader.count(8);
  const columns = new Uint32Array(count);
  let column = 0;
  for (let i = 0; i < count; i++) {
    column += unzigzag(reader.varint());
    if (!(column >= 0 && column < columnsMax))
      throw corrupt(`histogram of column ${column} of ${columnsMax}`);
    columns[i] = column;
  }
  const timestampsMs = new Float64Array(count);
  let timestampMs = 0;
  for (let i = 0; i < count; i++) {
    timestampsMs[i] = readTimestamp(reader, timestampMs);
    timestampMs = nextBase(timestampsMs[i] ?? 0, timestampMs);
  }
  const doubles = new Doubles();
  const histograms: Histogram[] = [];
  for (let i = 0; i < count; i++) histograms.push(readHistogram(reader, doubles));
  return { columns, timestampsMs, histograms };
}

function readHistogram(reader: ByteReader, doubles: Doubles): Histogram {
  const flags = reader.byte();
  const counterResetHint = hints[flags & 3] ?? "unknown";
  const isCustom = (flags & customFlag) !== 0;
  const sum = doubles.read(reader);
  const customValues: number[] = [];
  let [schema, zeroThreshold] = [customSchema, 0];
  if (isCustom) {
    for (let left = reader.count(8); left > 0; left--) customValues.push(doubles.read(reader));
  } else {
    schema = unzigzag(reader.varint());
    zeroThreshold = doubles.read(reader);
  }
  const readCount = () => ((flags & integersFlag) !== 0 ? reader.varint() : doubles.read(reader));
  const histogram = {
    schema,
    zeroThreshold,
    customValues,
    sum,
    counterResetHint,
    count: readCount(),
    zeroCount: readCount(),
    positive: readBuckets(reader, readCount),
    negative: readBuckets(reader, readCount),
  };
  if (!isValidHistogram(histogram)) throw corrupt("histogram with an impossible layout");
  return histogram;
}

function readBuckets(reader: ByteReader, readCount: () => number): Buckets {
  const length = reader.count(2);
  if (length === 0) return noBuckets;
  if (length > histogramBucketsMax) throw corrupt(`histogram of ${length} buckets`);
  const indices = new Int32Array(length);
  let index = 0;
  for (let i = 0; i < length; i++) indices[i] = index += unzigzag(reader.varint());
  return { indices, counts: Float64Array.from(indices, readCount) };
}

/** Numbers as the eight bytes that they have in memory, little-endian. */
class Doubles {
  readonly #value = new Float64Array(1);
  readonly #words = new Uint32Array(this.#value.buffer);

  write(writer: ByteWriter, value: number): void {
    this.#value[0] = value;
    writer.words(this.#words[0] ?? 0, this.#words[1] ?? 0);
  }

  read(reader: ByteReader): number {
    this.#words[0] = reader.word();
    this.#words[1] = reader.word();
    return this.#value[0] ?? 0;
  }
}
