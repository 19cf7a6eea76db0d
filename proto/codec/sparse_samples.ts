import type { SparseSamples } from "#shared/model/metrics.ts";
import { isAbsent, wordsOf } from "#shared/model/special_values.ts";
import { type ByteReader, corrupt, unzigzag } from "./byte_reader.ts";
import { type ByteWriter, zigzag } from "./byte_writer.ts";
import { changeBytesMax, ColumnState } from "./column_state.ts";
import { nextBase, readTimestamp, timestampBytesMax, writeTimestamp } from "./timestamps.ts";

/** Bytes that one sample takes at most. */
export const sparseSampleBytesMax = 8 + timestampBytesMax + changeBytesMax;

/** Samples [start, end): their columns, then times, then values, by difference to the one before (values: of the same column). */
export function writeSparse(
  writer: ByteWriter,
  samples: SparseSamples,
  start: number,
  end: number,
): number {
  const count = end - start;
  writer.ensure(8 + count * sparseSampleBytesMax);
  writer.varint(count);
  let column = 0;
  for (let i = start; i < end; i++) {
    const next = samples.columns[i] ?? 0;
    writer.varint(zigzag(next - column));
    column = next;
  }
  let timestampMs = 0;
  for (let i = start; i < end; i++) {
    const next = samples.timestampsMs[i] ?? 0;
    timestampMs = writeTimestamp(writer, next, timestampMs);
  }
  const { state, places } = placesOf(samples.columns.subarray(start, end));
  const words = wordsOf(samples.values);
  let present = 0;
  for (let i = start; i < end; i++) {
    if (!isAbsent(words, i)) present++;
    state.writeValue(writer, places[i - start] ?? 0, samples.values, words, i);
  }
  return present;
}

/** Throws OperatingError("corrupt"), also for a column at or above `columnsMax`. */
export function readSparse(reader: ByteReader, columnsMax: number): SparseSamples {
  const count = reader.count(3);
  const columns = new Uint32Array(count);
  let column = 0;
  for (let i = 0; i < count; i++) {
    column += unzigzag(reader.varint());
    if (!(column >= 0 && column < columnsMax))
      throw corrupt(`sample of column ${column} of ${columnsMax}`);
    columns[i] = column;
  }
  const timestampsMs = new Float64Array(count);
  let timestampMs = 0;
  for (let i = 0; i < count; i++) {
    timestampsMs[i] = readTimestamp(reader, timestampMs);
    timestampMs = nextBase(timestampsMs[i] ?? 0, timestampMs);
  }
  const { state, places } = placesOf(columns);
  const values = new Float64Array(count);
  const words = wordsOf(values);
  for (let i = 0; i < count; i++) {
    const place = places[i] ?? 0;
    state.readValue(reader, place);
    words[2 * i] = state.words[2 * place] ?? 0;
    words[2 * i + 1] = state.words[2 * place + 1] ?? 0;
  }
  return { columns, timestampsMs, values };
}

/** Columns numbered in order of appearance, so that the state is as small as the samples and not as the schema. */
function placesOf(columns: Uint32Array): { state: ColumnState; places: Uint32Array } {
  const numbers = new Map<number, number>();
  const places = new Uint32Array(columns.length);
  for (const [i, column] of columns.entries()) {
    const place = numbers.get(column) ?? numbers.size;
    numbers.set(column, place);
    places[i] = place;
  }
  const state = new ColumnState();
  state.grow(numbers.size);
  return { state, places };
}
