// Hot: guarded by `bench day`.

export const stripeBytes = 32;
const prime1 = 0x9e3779b185ebca87n;
const prime2 = 0xc2b2ae3d27d4eb4fn;
const prime3 = 0x165667b19e3779f9n;
const prime4 = 0x85ebca77c2b2ae63n;
const prime5 = 0x27d4eb2f165667c5n;
const [low1, high1] = halvesOf(prime1);
const [low2, high2] = halvesOf(prime2);

/**
 * xxHash64 with seed 0 of bytes that come in pieces: the runtime's takes all of them at once, which for a large file would be as much memory. The algorithm
 * is that of https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, its numbers of 64 bits as two halves. Some 100 MB/s.
 */
export class XxHash64 {
  /** Four sums of 64 bits, the lower half first. */
  readonly #sums = Uint32Array.of(...[prime1 + prime2, prime2, 0n, -prime1].flatMap(halvesOf));
  #bytes = 0;

  /** The next bytes: whole stripes, from an address that words can be read at. */
  add(bytes: Uint8Array<ArrayBuffer>): void {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    if (bytes.length % stripeBytes !== 0) throw new RangeError(`${bytes.length} bytes`);
    for (let lane = 0; lane < 4; lane++) this.#addLane(words, lane);
    this.#bytes += bytes.length;
  }

  /** The hash of all that came, and of less than a stripe behind it. */
  end(tail: Uint8Array): bigint {
    let hash = this.#bytes === 0 ? prime5 : this.#joined();
    hash = BigInt.asUintN(64, hash + BigInt(this.#bytes + tail.length));
    const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
    let at = 0;
    for (; at + 8 <= tail.length; at += 8) {
      hash ^= rounded(0n, view.getBigUint64(at, true));
      hash = multiplied(rotated(hash, 27n), prime1) + prime4;
    }
    if (at + 4 <= tail.length) {
      hash ^= multiplied(BigInt(view.getUint32(at, true)), prime1);
      hash = multiplied(rotated(hash, 23n), prime2) + prime3;
      at += 4;
    }
    for (; at < tail.length; at++) {
      hash ^= multiplied(BigInt(view.getUint8(at)), prime5);
      hash = multiplied(rotated(hash, 11n), prime1);
    }
    hash = BigInt.asUintN(64, hash);
    hash = multiplied(hash ^ (hash >> 33n), prime2);
    hash = multiplied(hash ^ (hash >> 29n), prime3);
    return hash ^ (hash >> 32n);
  }

  /** One of the four words of 64 bits of each stripe: sum = rotated(sum + word * prime2, 31) * prime1. */
  #addLane(words: Uint32Array, lane: number): void {
    let low = this.#sums[2 * lane] ?? 0;
    let high = this.#sums[2 * lane + 1] ?? 0;
    for (let at = 2 * lane; at < words.length; at += stripeBytes / 4) {
      const wordLow = words[at] ?? 0;
      const wordHigh = words[at + 1] ?? 0;
      const addedLow = Math.imul(wordLow, low2) >>> 0;
      const addedHigh =
        upperHalf(wordLow, low2) + Math.imul(wordLow, high2) + Math.imul(wordHigh, low2);
      const sumLow = low + addedLow;
      const sumHigh = (high + addedHigh + (sumLow > 0xffff_ffff ? 1 : 0)) | 0;
      const turnedLow = ((sumLow << 31) | (sumHigh >>> 1)) >>> 0;
      const turnedHigh = (sumHigh << 31) | ((sumLow | 0) >>> 1);
      low = Math.imul(turnedLow, low1) >>> 0;
      high =
        (upperHalf(turnedLow, low1) + Math.imul(turnedLow, high1) + Math.imul(turnedHigh, low1)) >>>
        0;
    }
    this.#sums[2 * lane] = low;
    this.#sums[2 * lane + 1] = high;
  }

  #joined(): bigint {
    const sums = new BigUint64Array(this.#sums.buffer);
    const turns = [1n, 7n, 12n, 18n] as const;
    let hash = 0n;
    for (const [i, by] of turns.entries()) hash += rotated(sums[i] ?? 0n, by);
    for (const sum of sums) hash = multiplied(hash ^ rounded(0n, sum), prime1) + prime4;
    return hash;
  }
}

function halvesOf(value: bigint): [number, number] {
  return [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))];
}

/** Bits 32 to 63 of a product of two numbers of 32 bits; no step has more than 32. */
function upperHalf(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  const first = aHigh * bLow + ((aLow * bLow) >>> 16);
  const second = aLow * bHigh + (first & 0xffff);
  return aHigh * bHigh + (first >>> 16) + (second >>> 16);
}

function multiplied(a: bigint, b: bigint): bigint {
  return BigInt.asUintN(64, a * b);
}

function rotated(value: bigint, by: bigint): bigint {
  const whole = BigInt.asUintN(64, value);
  return BigInt.asUintN(64, whole << by) | (whole >> (64n - by));
}

function rounded(sum: bigint, word: bigint): bigint {
  return multiplied(rotated(sum + word * prime2, 31n), prime1);
}
