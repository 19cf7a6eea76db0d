import type { ByteSink } from "./byte_sink.ts";

/** The two words of 2^52, which stands for a value that is the one before it (value_codec.ts). */
const sameLow = 0;
const sameHigh = 0x4330_0000;

/**
 * BYTE_STREAM_SPLIT of doubles, bit by bit: the first bytes of all, then their second ones, and so on. Two values of three are 2^52 in blocks, so
 * the planes are filled with its bytes, and only other values are taken apart.
 */
export function writeSplit(sink: ByteSink, values: Float64Array, count: number): void {
  sink.ensure(8 * count);
  const { bytes, length: at } = sink;
  sink.length += 8 * count;
  const words = new Uint32Array(values.buffer, values.byteOffset, 2 * count);
  for (let plane = 0; plane < 8; plane++) {
    const byte = plane < 4 ? sameLow >>> (8 * plane) : sameHigh >>> (8 * (plane - 4));
    bytes.fill(byte & 0xff, at + plane * count, at + (plane + 1) * count);
  }
  for (let i = 0; i < count; i++) {
    const low = words[2 * i] ?? 0;
    const high = words[2 * i + 1] ?? 0;
    if (low === sameLow && high === sameHigh) continue;
    let to = at + i;
    bytes[to] = low & 0xff;
    bytes[(to += count)] = (low >>> 8) & 0xff;
    bytes[(to += count)] = (low >>> 16) & 0xff;
    bytes[(to += count)] = low >>> 24;
    bytes[(to += count)] = high & 0xff;
    bytes[(to += count)] = (high >>> 8) & 0xff;
    bytes[(to += count)] = (high >>> 16) & 0xff;
    bytes[(to += count)] = high >>> 24;
  }
}
