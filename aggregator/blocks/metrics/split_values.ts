import { plainDivisor } from "./value_codec.ts";

/**
 * Values of blocks straight out of the byte planes of BYTE_STREAM_SPLIT, row by row, without the doubles in between. A stored
 * difference d is 2^52 + |d| with the sign of d (value_codec.ts): its bits are |d| itself under the exponent 0x433. So the six low
 * planes are the low 48 bits of |d|, the next is 0x30 and its four high bits, and the last is 0x43, or 0xC3 below zero. Two of three
 * rows are constant: seven planes of one byte each, which is seen four bytes at a time.
 */
export class SplitValues {
  readonly #bytes: Uint8Array;
  readonly #count: number;
  /** Four bytes each, of the whole memory that #bytes lies in, from the first whole word on. */
  readonly #words: Int32Array;
  /** Index of a byte in the memory of #words, less its index in #bytes. */
  readonly #shift: number;

  /** `bytes` are eight planes of `count` bytes. */
  constructor(bytes: Uint8Array, count: number) {
    const { buffer, byteOffset, byteLength } = bytes;
    const from = byteOffset - (byteOffset % 4);
    this.#bytes = bytes;
    this.#count = count;
    this.#words = new Int32Array(buffer, from, (byteOffset - from + byteLength) >> 2);
    this.#shift = byteOffset - from;
  }

  /** The value of a row [at, at + count) that holds only one, or undefined. */
  constantOf(at: number, count: number, divisor: number): number | undefined {
    if (divisor === plainDivisor) return undefined;
    // The low planes are those that differ.
    for (let plane = 0; plane < 8; plane++)
      if (!this.#isAll(plane, at + 1, at + count, zeroPlanes[plane] ?? 0)) return undefined;
    return this.#differenceAt(at) / divisor;
  }

  /** The `count` values of a row that begins at `at`, into values[to] and those after it. */
  decode(at: number, count: number, divisor: number, values: Float64Array, to: number): void {
    const row: Row = { bytes: this.#bytes, at, step: this.#count, count, to };
    if (divisor === plainDivisor) {
      decodePlain(row, values);
      return;
    }
    const used = this.#planesUsed(at + 1, at + count);
    const first = this.#differenceAt(at);
    if (used === 1) decodeOne(row, first, divisor, values);
    else if (used === 3) decodeThree(row, first, divisor, values);
    else if (used === 6) decodeSix(row, first, divisor, values);
    else this.#decodeAny(row, divisor, values);
  }

  #decodeAny({ at, count, to }: Row, divisor: number, values: Float64Array): void {
    let scaled = 0;
    for (let i = 0; i < count; i++) {
      scaled += this.#differenceAt(at + i);
      values[to + i] = scaled / divisor;
    }
  }

  /** Four planes as one number. */
  #wordOf(plane: number, at: number): number {
    const bytes = this.#bytes;
    const step = this.#count;
    const first = plane * step + at;
    return (
      ((bytes[first] ?? 0) |
        ((bytes[first + step] ?? 0) << 8) |
        ((bytes[first + 2 * step] ?? 0) << 16) |
        ((bytes[first + 3 * step] ?? 0) << 24)) >>>
      0
    );
  }

  #differenceAt(at: number): number {
    const high = this.#wordOf(4, at);
    const exponent = (high >>> 20) & 0x7ff;
    // 2^52 moved away by 2^52 has the next exponent.
    const size = exponent === 0x433 ? (high & 0xfffff) * 2 ** 32 + this.#wordOf(0, at) : 2 ** 52;
    return high < 2 ** 31 ? size : -size;
  }

  /** How many of the low planes may differ from zero anywhere in [from, to). */
  #planesUsed(from: number, to: number): 1 | 3 | 6 | 7 {
    if (!this.#isAll(6, from, to, 0x30)) return 7;
    for (let plane = 5; plane >= 3; plane--) if (!this.#isAll(plane, from, to, 0)) return 6;
    return this.#isAll(2, from, to, 0) && this.#isAll(1, from, to, 0) ? 1 : 3;
  }

  /** Whether bytes [from, to) of a plane are all the same one. */
  #isAll(plane: number, from: number, to: number, byte: number): boolean {
    const bytes = this.#bytes;
    let i = plane * this.#count + from;
    const end = plane * this.#count + to;
    for (; i < end && (i + this.#shift) % 4 !== 0; i++) if (bytes[i] !== byte) return false;
    const words = this.#words;
    const word = Math.imul(byte, 0x01010101);
    const wordsEnd = (end + this.#shift) >> 2;
    let at = (i + this.#shift) >> 2;
    for (; at < wordsEnd; at++) if (words[at] !== word) return false;
    for (i = Math.max(i, 4 * at - this.#shift); i < end; i++) if (bytes[i] !== byte) return false;
    return true;
  }
}

/** The planes of 2^52, which stands for no difference. */
const zeroPlanes = [0, 0, 0, 0, 0, 0, 0x30, 0x43];

/** A row's bytes: of its `count` values, byte p of value i is bytes[at + p * step + i]. They go to values[to] and those after it. */
type Row = {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly step: number;
  readonly count: number;
  readonly to: number;
};

// Plain functions with a loop each: they are fast from their first row on, as a cold read needs it.

/** Bit by bit. */
function decodePlain({ bytes, at, step, count, to }: Row, values: Float64Array): void {
  const words = wordsAt(values, to, count);
  const fourth = at + 4 * step;
  for (let i = 0; i < count; i++) {
    words[2 * i] =
      (bytes[at + i] ?? 0) |
      ((bytes[at + step + i] ?? 0) << 8) |
      ((bytes[at + 2 * step + i] ?? 0) << 16) |
      ((bytes[at + 3 * step + i] ?? 0) << 24);
    words[2 * i + 1] =
      (bytes[fourth + i] ?? 0) |
      ((bytes[fourth + step + i] ?? 0) << 8) |
      ((bytes[fourth + 2 * step + i] ?? 0) << 16) |
      ((bytes[fourth + 3 * step + i] ?? 0) << 24);
  }
}

/** Two words a value: as numbers, NaNs would lose their payload. */
function wordsAt(values: Float64Array, at: number, count: number): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset + 8 * at, count * 2);
}

/** Differences below 2^8. */
function decodeOne(
  { bytes, at, step, count, to }: Row,
  first: number,
  divisor: number,
  values: Float64Array,
): void {
  const signs = at + 7 * step;
  let scaled = first;
  values[to] = scaled / divisor;
  for (let i = 1; i < count; i++) {
    const size = bytes[at + i] ?? 0;
    scaled += (bytes[signs + i] ?? 0) < 0x80 ? size : -size;
    values[to + i] = scaled / divisor;
  }
}

/** Differences below 2^24. */
function decodeThree(
  { bytes, at, step, count, to }: Row,
  first: number,
  divisor: number,
  values: Float64Array,
): void {
  const second = at + step;
  const third = second + step;
  const signs = at + 7 * step;
  let scaled = first;
  values[to] = scaled / divisor;
  for (let i = 1; i < count; i++) {
    const size =
      (bytes[at + i] ?? 0) | ((bytes[second + i] ?? 0) << 8) | ((bytes[third + i] ?? 0) << 16);
    scaled += (bytes[signs + i] ?? 0) < 0x80 ? size : -size;
    values[to + i] = scaled / divisor;
  }
}

/** Differences below 2^48. */
function decodeSix(
  { bytes, at, step, count, to }: Row,
  first: number,
  divisor: number,
  values: Float64Array,
): void {
  const third = at + 2 * step;
  const fourth = third + step;
  const signs = at + 7 * step;
  let scaled = first;
  values[to] = scaled / divisor;
  for (let i = 1; i < count; i++) {
    const low =
      (bytes[at + i] ?? 0) | ((bytes[at + step + i] ?? 0) << 8) | ((bytes[third + i] ?? 0) << 16);
    const high =
      (bytes[fourth + i] ?? 0) |
      ((bytes[fourth + step + i] ?? 0) << 8) |
      ((bytes[fourth + 2 * step + i] ?? 0) << 16);
    const size = low + high * 2 ** 24;
    scaled += (bytes[signs + i] ?? 0) < 0x80 ? size : -size;
    values[to + i] = scaled / divisor;
  }
}
