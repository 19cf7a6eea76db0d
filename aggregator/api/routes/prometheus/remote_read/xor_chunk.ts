import { zigzag } from "#proto/codec/byte_writer.ts";
import { BitWriter } from "./bit_writer.ts";

/** Samples of a chunk at most, as Prometheus cuts its own. */
export const chunkSamplesMax = 120;

/**
 * Prometheus's XOR chunk (tsdb/docs/format/chunks.md, after Gorilla): the number of samples in two bytes, then times as
 * differences of differences and values as differences in bits. Values are taken as their two 32-bit words, so that no NaN
 * is rewritten on the way.
 */
export class XorChunkWriter {
  readonly #out = new BitWriter();
  #leading = noWindow;
  #trailing = 0;

  /** A chunk of samples [from, to), at least one and `chunkSamplesMax` at most. Owned by the writer until the next one. */
  chunk(timestampsMs: Float64Array, words: Uint32Array, from: number, to: number): Uint8Array {
    const out = this.#out;
    out.clear();
    this.#leading = noWindow;
    this.#trailing = 0;
    out.bits(to - from, 16);
    let delta = 0;
    for (let i = from; i < to; i++) {
      const time = timestampsMs[i] ?? 0;
      const [low, high] = [words[2 * i] ?? 0, words[2 * i + 1] ?? 0];
      if (i === from) {
        out.uvarint(zigzag(time));
        out.bits(high, 32);
        out.bits(low, 32);
        continue;
      }
      const before = delta;
      delta = time - (timestampsMs[i - 1] ?? 0);
      if (i === from + 1) out.uvarint(delta);
      else this.#time(delta - before);
      this.#value(low ^ (words[2 * i - 2] ?? 0), high ^ (words[2 * i - 1] ?? 0));
    }
    return out.written();
  }

  #time(change: number): void {
    const out = this.#out;
    if (change === 0) out.bit(false);
    else if (isWithin(change, 14)) {
      out.bits(0b10, 2);
      out.bits(change, 14);
    } else if (isWithin(change, 17)) {
      out.bits(0b110, 3);
      out.bits(change, 17);
    } else if (isWithin(change, 20)) {
      out.bits(0b1110, 4);
      out.bits(change, 20);
    } else {
      out.bits(0b1111, 4);
      out.bits(Math.floor(change / 2 ** 32), 32);
      out.bits(change, 32);
    }
  }

  #value(low: number, high: number): void {
    const out = this.#out;
    if (low === 0 && high === 0) {
      out.bit(false);
      return;
    }
    out.bit(true);
    const zeros = high === 0 ? 32 + Math.clz32(low) : Math.clz32(high);
    // Five bits hold it.
    const leading = Math.min(31, zeros);
    const trailing = low === 0 ? 32 + trailingZeros(high) : trailingZeros(low);
    if (this.#leading !== noWindow && leading >= this.#leading && trailing >= this.#trailing) {
      out.bit(false);
    } else {
      this.#leading = leading;
      this.#trailing = trailing;
      out.bit(true);
      out.bits(leading, 5);
      // 64 is written as 0: no difference has no bits, so 0 is free.
      out.bits(64 - leading - trailing, 6);
    }
    this.#window(low, high, 64 - this.#leading - this.#trailing);
  }

  /** The `count` bits above the trailing ones. */
  #window(low: number, high: number, count: number): void {
    const trailing = this.#trailing;
    const shiftedLow =
      trailing >= 32
        ? high >>> (trailing - 32)
        : trailing === 0
          ? low
          : (low >>> trailing) | (high << (32 - trailing));
    const shiftedHigh = trailing >= 32 ? 0 : high >>> trailing;
    if (count > 32) this.#out.bits(shiftedHigh, count - 32);
    this.#out.bits(shiftedLow, Math.min(count, 32));
  }
}

const noWindow = 0xff;

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Prometheus's ranges lie one to the right: 14 bits hold -8191 to 8192. */
function isWithin(value: number, bits: number): boolean {
  const half = 2 ** (bits - 1);
  return value > -half && value <= half;
}
