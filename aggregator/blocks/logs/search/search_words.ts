/** Shorter words are not in the filter of a row group. */
export const wordBytesMin = 8;

const ordinary = 1;
export const digitKind = 2;
/** What a byte is: 0 between words. Letters, digits, `_`, `-`, `.` and all that is not ASCII make words. */
export const wordKinds = new Uint8Array(256).fill(ordinary, 0x80);
for (const character of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-.")
  wordKinds[character.charCodeAt(0)] = ordinary;
for (const character of "0123456789") wordKinds[character.charCodeAt(0)] = digitKind;

/** Whether a byte stands between words. */
export function isBetween(byte: number | undefined): boolean {
  return wordKinds[byte ?? 0] === 0;
}

export function isDigit(byte: number): boolean {
  return wordKinds[byte] === digitKind;
}

/** Odd numbers of Parquet's split-block Bloom filter (parquet-format's BloomFilter.md). */
const salts = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d].map((salt) => salt | 0);
const wordsInBlock = 8;
export const blockBytes = 4 * wordsInBlock;

/**
 * A Bloom filter in blocks, as Parquet's is, but with a bit in four of a block's eight words, one of each two: with the few bits that there are for a
 * word, 4.4 to 8, one in eight to one in forty of other words passes, where eight bits would let pass one in four at worst.
 */
export class WordFilter {
  readonly #words: Uint32Array;

  /** Whole blocks. */
  constructor(words: Uint32Array) {
    this.#words = words;
  }

  add(hash: number): void {
    const block = this.#blockOf(hash);
    const low = mixed(hash);
    for (let i = 0; i < salts.length; i++) {
      const salted = Math.imul(low, salts[i] ?? 1);
      const at = block + 2 * i + ((salted >>> 26) & 1);
      this.#words[at] = (this.#words[at] ?? 0) | (1 << (salted >>> 27));
    }
  }

  mayHave(hash: number): boolean {
    if (this.#words.length === 0) return false;
    const block = this.#blockOf(hash);
    const low = mixed(hash);
    for (let i = 0; i < salts.length; i++) {
      const salted = Math.imul(low, salts[i] ?? 1);
      const word = this.#words[block + 2 * i + ((salted >>> 26) & 1)] ?? 0;
      if ((word & (1 << (salted >>> 27))) === 0) return false;
    }
    return true;
  }

  #blockOf(hash: number): number {
    const blocks = this.#words.length / wordsInBlock;
    const spread = mixed(hash ^ 0x5bd1e995) >>> 0;
    return wordsInBlock * Math.floor((spread / 2 ** 32) * blocks);
  }
}

/** MurmurHash3's finalizer: every bit of the hash depends on every other (https://github.com/aappleby/smhasher). */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
