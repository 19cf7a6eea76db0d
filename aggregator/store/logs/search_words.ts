/** Shorter words are not in the filter of a row group. */
export const wordBytesMin = 8;

const ordinary = 1;
const digit = 2;
/** What a byte is: 0 between words. Letters, digits, `_`, `-`, `.` and all that is not ASCII make words. */
const kinds = new Uint8Array(256).fill(ordinary, 0x80);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.")
  kinds[character.charCodeAt(0)] = ordinary;
for (const character of "0123456789") kinds[character.charCodeAt(0)] = digit;

/** Whether a byte stands between words. */
export function isBetween(byte: number | undefined): boolean {
  return kinds[byte ?? 0] === 0;
}

export function isDigit(byte: number): boolean {
  return kinds[byte] === digit;
}

/** Calls `take` with the bounds of each word with a digit in bytes[from, to). */
export function eachNumberedWord(
  bytes: Uint8Array,
  from: number,
  to: number,
  take: (start: number, end: number) => void,
): void {
  let start = from;
  let hasDigit = false;
  for (let i = from; i < to; i++) {
    const kind = kinds[bytes[i] ?? 0];
    if (kind === digit) hasDigit = true;
    else if (kind === 0) {
      if (hasDigit) take(start, i);
      start = i + 1;
      hasDigit = false;
    }
  }
  if (hasDigit) take(start, to);
}

const basis = 0x811c9dc5 | 0;
const prime = 0x01000193;

/** A word's hash: FNV-1a in 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function hashWord(bytes: Uint8Array, start: number, end: number): number {
  let hash = basis;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), prime);
  return hash;
}

/** The odd numbers by which Parquet's split-block Bloom filter finds a bit in each of a block's eight words (parquet-format's BloomFilter.md). */
const salts = [
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
].map((salt) => salt | 0);
const wordsInBlock = salts.length;
export const blockBytes = 4 * wordsInBlock;

/** A split-block Bloom filter as Parquet's, over hashWord() instead of xxHash64, which is slow in JavaScript. */
export class WordFilter {
  readonly #words: Uint32Array;

  /** Whole blocks. */
  constructor(words: Uint32Array) {
    this.#words = words;
  }

  add(hash: number): void {
    const block = this.#blockOf(hash);
    const low = mixed(hash);
    for (let i = 0; i < wordsInBlock; i++)
      this.#words[block + i] = (this.#words[block + i] ?? 0) | bitOf(low, i);
  }

  mayHave(hash: number): boolean {
    if (this.#words.length === 0) return false;
    const block = this.#blockOf(hash);
    const low = mixed(hash);
    for (let i = 0; i < wordsInBlock; i++)
      if (((this.#words[block + i] ?? 0) & bitOf(low, i)) === 0) return false;
    return true;
  }

  #blockOf(hash: number): number {
    const blocks = this.#words.length / wordsInBlock;
    const spread = mixed(hash ^ 0x5bd1e995) >>> 0;
    return wordsInBlock * Math.floor((spread / 2 ** 32) * blocks);
  }
}

function bitOf(hash: number, i: number): number {
  return 1 << (Math.imul(hash, salts[i] ?? 1) >>> 27);
}

/** MurmurHash3's finalizer: every bit of the hash depends on every other (https://github.com/aappleby/smhasher). */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
