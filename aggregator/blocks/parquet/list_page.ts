import { ByteSink } from "./byte_sink.ts";
import { listLevels, type PackedPage } from "./parquet_writer.ts";

/** What fills the values of a page, and how much room that takes at most. */
export type PageValues = {
  readonly encoding: number;
  readonly bytesMax: number;
  readonly write: (sink: ByteSink) => void;
};

/**
 * The page of a column of lists: of row i, `lengths[i]` values. Levels are runs, a few bytes a row, each kind with its length in front
 * (https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3). Compressed in another
 * thread; `sink` is only for use here until then.
 */
export async function packLists(
  lengths: Uint32Array,
  values: PageValues,
  level: number,
  sink: ByteSink,
): Promise<PackedPage> {
  sink.clear();
  sink.ensure(lengths.length * levelBytesMax + 8 + values.bytesMax);
  const slots = withLength(sink, () => writeRepetitions(sink, lengths));
  withLength(sink, () => writeDefinitions(sink, lengths));
  values.write(sink);
  const rawBytes = sink.length;
  const body = await Bun.zstdCompress(sink.written(), { level });
  return { encoding: values.encoding, slots, rawBytes, body };
}

/** Of a row: two runs of repetition levels, and one or two of definition. */
const levelBytesMax = 32;

function withLength<Result>(sink: ByteSink, write: () => Result): Result {
  const at = sink.length;
  sink.ensure(4);
  sink.length += 4;
  const result = write();
  const length = sink.length - at - 4;
  for (let byte = 0; byte < 4; byte++) sink.bytes[at + byte] = (length >>> (8 * byte)) & 0xff;
  return result;
}

/** 0 where a row begins, 1 for its further values. Gives how many levels there are. */
function writeRepetitions(sink: ByteSink, lengths: Uint32Array): number {
  let [slots, beginnings] = [0, 0];
  for (const length of lengths) {
    beginnings += 1;
    slots += Math.max(length, 1);
    if (length < 2) continue;
    writeRun(sink, beginnings, 0);
    writeRun(sink, length - 1, listLevels.repetition);
    beginnings = 0;
  }
  writeRun(sink, beginnings, 0);
  return slots;
}

function writeDefinitions(sink: ByteSink, lengths: Uint32Array): void {
  let [count, ofEmpty] = [0, false];
  for (const length of lengths) {
    if ((length === 0) !== ofEmpty) {
      writeRun(sink, count, definitionOf(ofEmpty));
      [count, ofEmpty] = [0, length === 0];
    }
    count += Math.max(length, 1);
  }
  writeRun(sink, count, definitionOf(ofEmpty));
}

function definitionOf(isEmpty: boolean): number {
  return isEmpty ? listLevels.ofEmpty : listLevels.definition;
}

/** `level` is at most a byte. */
function writeRun(sink: ByteSink, count: number, level: number): void {
  if (count === 0) return;
  sink.varint(2 * count);
  sink.ensure(1);
  sink.bytes[sink.length++] = level;
}
