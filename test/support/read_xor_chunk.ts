/** Samples of a chunk; values as two 32-bit words each, the low one first. */
export type XorSamples = { readonly timestampsMs: number[]; readonly words: number[] };

/**
 * Reads Prometheus's XOR chunks by their documentation (tsdb/docs/format/chunks.md), apart from our writer, over BigInt: for
 * tests alone.
 */
export function readXorChunk(chunk: Uint8Array): XorSamples {
  const bits = new BitReader(chunk);
  const count = Number(bits.take(16));
  const samples: XorSamples = { timestampsMs: [], words: [] };
  let time = 0n;
  let delta = 0n;
  let value = 0n;
  let window = { leading: 0, trailing: 0 };
  for (let i = 0; i < count; i++) {
    if (i === 0) {
      const zigzag = bits.uvarint();
      time = zigzag % 2n === 0n ? zigzag / 2n : -(zigzag + 1n) / 2n;
      value = bits.take(64);
    } else {
      delta = i === 1 ? bits.uvarint() : delta + changeOf(bits);
      time += delta;
      if (bits.take(1) === 1n) {
        if (bits.take(1) === 1n) {
          const leading = Number(bits.take(5));
          const size = Number(bits.take(6)) || 64;
          window = { leading, trailing: 64 - leading - size };
        }
        value ^= bits.take(64 - window.leading - window.trailing) << BigInt(window.trailing);
      }
    }
    samples.timestampsMs.push(Number(time));
    samples.words.push(Number(value & 0xffff_ffffn), Number(value >> 32n));
  }
  return samples;
}

function changeOf(bits: BitReader): bigint {
  for (const size of [0, 14, 17, 20]) {
    if (bits.take(1) === 1n) continue;
    if (size === 0) return 0n;
    const raw = bits.take(size);
    return raw > 1n << BigInt(size - 1) ? raw - (1n << BigInt(size)) : raw;
  }
  return BigInt.asIntN(64, bits.take(64));
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(count: number): bigint {
    let value = 0n;
    for (let i = 0; i < count; i++, this.#at++) {
      const byte = this.#bytes[this.#at >>> 3];
      if (byte === undefined) throw new Error("chunk ends in a sample");
      value = (value << 1n) | BigInt((byte >>> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  uvarint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.take(8);
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return value;
    }
  }
}
