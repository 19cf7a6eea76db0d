import type { Labels } from "#shared/model/labels.ts";
import type { ExemplarSamples, StartTimestamps } from "#shared/model/metrics.ts";
import { type ByteReader, corrupt, unzigzag } from "./byte_reader.ts";
import { type ByteWriter, zigzag } from "./byte_writer.ts";
import { labelsBytesMax, readLabelTable, writeLabelTable } from "./label_table.ts";
import { nextBase, readTimestamp, timestampBytesMax, writeTimestamp } from "./timestamps.ts";

/** Bytes that one start timestamp takes at most. */
export const startBytesMax = 8 + 2 * timestampBytesMax;
/** Bytes that one exemplar takes at most. */
export function exemplarBytesMax(labels: Labels | undefined): number {
  return 24 + timestampBytesMax + labelsBytesMax(labels ?? {});
}

/** Exemplars [start, end): their columns, times, values, and then a label table with a set for each. */
export function writeExemplars(
  writer: ByteWriter,
  { columns, timestampsMs, values, labels }: ExemplarSamples,
  start: number,
  end: number,
): void {
  writer.varint(end - start);
  writeColumns(writer, columns, start, end);
  writeTimes(writer, timestampsMs, start, end);
  const words = new Uint32Array(values.slice(start, end).buffer);
  for (const word of words) writer.word(word);
  writeLabelTable(writer, labels.slice(start, end));
}

/** Throws OperatingError("corrupt"), also for a column at or above `columnsMax`. */
export function readExemplars(reader: ByteReader, columnsMax: number): ExemplarSamples {
  const count = reader.count(10);
  const columns = readColumns(reader, count, columnsMax);
  const timestampsMs = readTimes(reader, count);
  const values = new Float64Array(count);
  const words = new Uint32Array(values.buffer);
  for (let i = 0; i < words.length; i++) words[i] = reader.word();
  const labels = readLabelTable(reader);
  if (labels.length !== count) throw corrupt(`${labels.length} label sets of ${count} exemplars`);
  return { columns, timestampsMs, values, labels };
}

/** Start timestamps at these places: columns, times of the samples, starts. */
export function writeStarts(
  writer: ByteWriter,
  { columns, timestampsMs, startsMs }: StartTimestamps,
  start: number,
  end: number,
): void {
  writer.varint(end - start);
  writeColumns(writer, columns, start, end);
  writeTimes(writer, timestampsMs, start, end);
  writeTimes(writer, startsMs, start, end);
}

/** Throws OperatingError("corrupt"), also for a column at or above `columnsMax`. */
export function readStarts(reader: ByteReader, columnsMax: number): StartTimestamps {
  const count = reader.count(3);
  const columns = readColumns(reader, count, columnsMax);
  const timestampsMs = readTimes(reader, count);
  const startsMs = readTimes(reader, count);
  if (!startsMs.every(Number.isSafeInteger)) throw corrupt("start timestamp is not whole");
  return { columns, timestampsMs, startsMs };
}

function writeColumns(writer: ByteWriter, columns: Uint32Array, start: number, end: number): void {
  let column = 0;
  for (let i = start; i < end; i++) {
    const next = columns[i] ?? 0;
    writer.varint(zigzag(next - column));
    column = next;
  }
}

function readColumns(reader: ByteReader, count: number, columnsMax: number): Uint32Array {
  const columns = new Uint32Array(count);
  let column = 0;
  for (let i = 0; i < count; i++) {
    column += unzigzag(reader.varint());
    if (!(column >= 0 && column < columnsMax))
      throw corrupt(`entry of column ${column} of ${columnsMax}`);
    columns[i] = column;
  }
  return columns;
}

function writeTimes(writer: ByteWriter, timesMs: Float64Array, start: number, end: number): void {
  let base = 0;
  for (let i = start; i < end; i++) base = writeTimestamp(writer, timesMs[i] ?? 0, base);
}

function readTimes(reader: ByteReader, count: number): Float64Array {
  const timesMs = new Float64Array(count);
  let base = 0;
  for (let i = 0; i < count; i++) {
    const time = readTimestamp(reader, base);
    timesMs[i] = time;
    base = nextBase(time, base);
  }
  return timesMs;
}
