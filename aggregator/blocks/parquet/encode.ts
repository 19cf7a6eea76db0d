// Hot: guarded by `bench size`, `bench day`.
import { ByteSink } from "./byte_sink.ts";

/** Encodings of Parquet pages, written: https://github.com/apache/parquet-format/blob/master/Encodings.md */

/** Deltas a block and a miniblock, as nearly all writers have them. */
const blockValues = 128;
const miniBlockValues = 32;
const two24 = 2 ** 24;

/**
 * DELTA_BINARY_PACKED of whole numbers whose differences are below 2^52. `first` and `deltas` may be more than a double
 * holds exactly only in `first`, which is why it is given as a writer of its zigzag varint.
 */
export function writeDeltas(
  sink: ByteSink,
  count: number,
  writeFirst: (sink: ByteSink) => void,
  deltaAt: (i: number) => number,
): void {
  sink.varint(blockValues);
  sink.varint(blockValues / miniBlockValues);
  sink.varint(count);
  writeFirst(sink);
  const deltas = new Float64Array(blockValues);
  for (let from = 1; from < count; from += blockValues) {
    const here = Math.min(blockValues, count - from);
    let min = Infinity;
    for (let i = 0; i < here; i++) {
      const delta = deltaAt(from + i);
      deltas[i] = delta;
      if (delta < min) min = delta;
    }
    sink.varint(min < 0 ? -2 * min - 1 : 2 * min);
    deltas.fill(min, here);
    writeMiniBlocks(sink, deltas, min, here);
  }
}

/** Widths of all miniblocks, then those that hold a delta. */
function writeMiniBlocks(sink: ByteSink, deltas: Float64Array, min: number, count: number): void {
  const widths: number[] = [];
  for (let from = 0; from < blockValues; from += miniBlockValues) {
    let max = 0;
    if (from < count)
      for (let i = from; i < from + miniBlockValues; i++)
        max = Math.max(max, (deltas[i] ?? 0) - min);
    widths.push(bitsOf(max));
  }
  sink.ensure(widths.length + blockValues * 8);
  for (const width of widths) sink.bytes[sink.length++] = width;
  for (const [mini, width] of widths.entries()) {
    const from = mini * miniBlockValues;
    if (from < count) packBits(sink, deltas, from, miniBlockValues, width, min);
  }
}

function bitsOf(max: number): number {
  return max < 2 ** 31 ? 32 - Math.clz32(max) : 32 + bitsOf(Math.floor(max / 2 ** 32));
}

/** values[from, from + count) less `min`, `width` bits each, lowest bit first. The sink has room. */
function packBits(
  sink: ByteSink,
  values: ArrayLike<number>,
  from: number,
  count: number,
  width: number,
  min: number,
): void {
  if (width === 0) return;
  const { bytes } = sink;
  let at = sink.length;
  let held = 0;
  let bits = 0;
  for (let i = from; i < from + count; i++) {
    let value = (values[i] ?? 0) - min;
    // At most 24 bits at a time, so that with the 7 that wait they are within 32.
    for (let left = width; left > 0; left -= 24) {
      const take = Math.min(left, 24);
      held |= (value % two24) << bits;
      value = Math.floor(value / two24);
      bits += take;
      for (; bits >= 8; bits -= 8) {
        bytes[at++] = held & 0xff;
        held >>>= 8;
      }
    }
  }
  if (bits > 0) bytes[at++] = held & 0xff;
  sink.length = at;
}

/** DELTA_LENGTH_BYTE_ARRAY: all lengths (below 2^24), then all bytes. Written as writeDeltas() does, but without doubles. */
export function writeLengths(sink: ByteSink, lengths: Uint32Array): void {
  const count = lengths.length;
  sink.varint(blockValues);
  sink.varint(blockValues / miniBlockValues);
  sink.varint(count);
  sink.varint(2 * (lengths[0] ?? 0));
  const deltas = new Int32Array(blockValues);
  for (let from = 1; from < count; from += blockValues)
    writeLengthBlock(sink, lengths, from, Math.min(blockValues, count - from), deltas);
}

/** `count` lengths from `from` on as a block. A function of its own is compiled once, the loop around it would be several times. */
function writeLengthBlock(
  sink: ByteSink,
  lengths: Uint32Array,
  from: number,
  count: number,
  deltas: Int32Array,
): void {
  let before = lengths[from - 1] ?? 0;
  let min = 0x7fff_ffff;
  for (let i = 0; i < count; i++) {
    const own = lengths[from + i] ?? 0;
    const delta = own - before;
    before = own;
    deltas[i] = delta;
    if (delta < min) min = delta;
  }
  sink.varint(min < 0 ? -2 * min - 1 : 2 * min);
  for (let i = 0; i < count; i++) deltas[i] = (deltas[i] ?? 0) - min;
  deltas.fill(0, count);
  sink.ensure(4 + 4 * blockValues);
  let widthAt = sink.length;
  sink.length += blockValues / miniBlockValues;
  sink.bytes.fill(0, widthAt, sink.length);
  for (let at = 0; at < count; at += miniBlockValues) {
    // A bitwise union is as wide as the widest one.
    let union = 0;
    for (let i = at; i < at + miniBlockValues; i++) union |= deltas[i] ?? 0;
    const width = 32 - Math.clz32(union);
    sink.bytes[widthAt++] = width;
    if (width > 0) packWords(sink, deltas, at, width);
  }
}

/** A miniblock of whole numbers of at most 25 bits. The sink has room. */
function packWords(sink: ByteSink, values: Int32Array, from: number, width: number): void {
  const { bytes } = sink;
  let at = sink.length;
  let [held, bits] = [0, 0];
  for (let i = from; i < from + miniBlockValues; i++) {
    held |= (values[i] ?? 0) << bits;
    bits += width;
    for (; bits >= 8; bits -= 8) {
      bytes[at++] = held & 0xff;
      held >>>= 8;
    }
  }
  sink.length = at;
}

/** The hybrid of runs and packed bits, without a length in front; `width` bits a value, at most 24. */
export function writeRuns(sink: ByteSink, values: Uint32Array, width: number): void {
  const count = values.length;
  const valueBytes = Math.ceil(width / 8);
  /** Values that wait to be packed begin here. */
  let waiting = 0;
  let at = 0;
  while (at < count) {
    const value = values[at] ?? 0;
    let end = at + 1;
    while (end < count && values[end] === value) end++;
    // Packed values come by eights, so a run begins where the waiting ones fill up.
    const missing = (8 - ((at - waiting) % 8)) % 8;
    if (end - at - missing >= 8) {
      packWaiting(sink, values, waiting, at + missing, width);
      const from = at + missing;
      sink.varint((end - from) * 2);
      sink.ensure(valueBytes);
      for (let byte = 0; byte < valueBytes; byte++)
        sink.bytes[sink.length++] = (value >>> (8 * byte)) & 0xff;
      waiting = end;
    }
    at = end;
  }
  packWaiting(sink, values, waiting, count, width);
}

function packWaiting(
  sink: ByteSink,
  values: Uint32Array,
  from: number,
  to: number,
  width: number,
): void {
  if (to === from) return;
  const groups = Math.ceil((to - from) / 8);
  sink.varint(groups * 2 + 1);
  sink.ensure(groups * width + 8);
  if (width === 0) return;
  const { bytes } = sink;
  let at = sink.length;
  let [held, bits] = [0, 0];
  for (let i = from, end = from + groups * 8; i < end; i++) {
    // With the 7 bits that wait they are within 32.
    held |= (i < to ? (values[i] ?? 0) : 0) << bits;
    bits += width;
    for (; bits >= 8; bits -= 8) {
      bytes[at++] = held & 0xff;
      held >>>= 8;
    }
  }
  sink.length = at;
}

/** writeRuns() of values that are 0 or 1, `width` being 1. */
export function writeFlags(sink: ByteSink, flags: Uint8Array): void {
  const count = flags.length;
  let waiting = 0;
  let at = 0;
  while (at < count) {
    const flag = flags[at] ?? 0;
    let end = at + 1;
    while (end < count && flags[end] === flag) end++;
    const missing = (8 - ((at - waiting) % 8)) % 8;
    if (end - at - missing >= 8) {
      packFlags(sink, flags, waiting, at + missing);
      sink.varint((end - at - missing) * 2);
      sink.ensure(1);
      sink.bytes[sink.length++] = flag;
      waiting = end;
    }
    at = end;
  }
  packFlags(sink, flags, waiting, count);
}

/** PLAIN of the first `count` flags, which are 0 or 1: a bit each, the lowest first. */
export function writeBits(sink: ByteSink, flags: Uint8Array, count: number): void {
  sink.ensure(Math.ceil(count / 8));
  const { bytes } = sink;
  let at = sink.length;
  for (let i = 0; i < count; i += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8 && i + bit < count; bit++) byte |= (flags[i + bit] ?? 0) << bit;
    bytes[at++] = byte;
  }
  sink.length = at;
}

function packFlags(sink: ByteSink, flags: Uint8Array, from: number, to: number): void {
  if (to === from) return;
  const groups = Math.ceil((to - from) / 8);
  sink.varint(groups * 2 + 1);
  sink.ensure(groups);
  const { bytes } = sink;
  let at = sink.length;
  for (let i = from; i < to; i += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8 && i + bit < to; bit++) byte |= (flags[i + bit] ?? 0) << bit;
    bytes[at++] = byte;
  }
  sink.length = at;
}

/** Bits that numbers below `count` need. */
export function widthOf(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}
