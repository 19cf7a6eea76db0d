import {
  blockBytes,
  digitKind,
  hashWord,
  wordBytesMin,
  WordFilter,
  wordKinds,
} from "./search_words.ts";

/** Bytes a word in the filter: more are of little use, and fewer let too many pass. */
const bytesPerWord = 1;
const bytesPerWordMin = 0.55;
/** Where all words would take more, only long ones are in it: the first of these lengths with which they fit. */
const lengths = [wordBytesMin, 10, 12, 14, 16, 20, 24, 28, 32];

/** The words with a digit of a row group's texts. They are hashed only when it is known how long those are that fit. */
export class GroupWords {
  /** Texts by column, and in all of them one after another where each word begins and how long it is. */
  readonly #columns: { readonly bytes: Uint8Array; readonly end: number }[] = [];
  #starts = new Uint32Array(16_384);
  #lengths = new Uint32Array(16_384);
  #count = 0;
  readonly #hashes = new HashSet();

  clear(): void {
    this.#columns.length = 0;
    this.#count = 0;
  }

  /** Takes note of the words of a column, whose bytes must stay until filter(), and gives the length of the longest one; 0 where it has none. */
  take(bytes: Uint8Array, texts: Uint32Array): number {
    const first = this.#count;
    let at = 0;
    for (let text = 0; text < texts.length; text++) {
      const end = at + (texts[text] ?? 0);
      if (end - at >= wordBytesMin) this.#wordsOf(bytes, at, end);
      at = end;
    }
    this.#columns.push({ bytes, end: this.#count });
    let longest = 0;
    for (let i = first; i < this.#count; i++)
      if ((this.#lengths[i] ?? 0) > longest) longest = this.#lengths[i] ?? 0;
    return longest;
  }

  #wordsOf(bytes: Uint8Array, from: number, end: number): void {
    for (let at = from; at < end; at++) {
      let kinds = wordKinds[bytes[at] ?? 0] ?? 0;
      if (kinds === 0) continue;
      const start = at;
      for (at++; at < end; at++) {
        const kind = wordKinds[bytes[at] ?? 0] ?? 0;
        if (kind === 0) break;
        kinds |= kind;
      }
      if (at - start >= wordBytesMin && (kinds & digitKind) !== 0) this.#add(start, at - start);
    }
  }

  #add(start: number, length: number): void {
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#lengths = doubled(this.#lengths);
    }
    this.#starts[this.#count] = start;
    this.#lengths[this.#count++] = length;
  }

  /** A filter of at most so many bytes, and the length of the shortest words in it. */
  filter(bytesMax: number): { readonly wordMin: number; readonly filter: Uint32Array } {
    const hashes = this.#hashes;
    hashes.clear();
    const wordsMax = Math.floor(bytesMax / bytesPerWordMin);
    let [wordMin, count] = [lengths.at(-1) ?? 0, 0];
    // From the longest on; words that come again are found only when they are hashed.
    for (let i = lengths.length - 1; i >= 0; i--) {
      const min = lengths[i] ?? 0;
      const isLongest = i === lengths.length - 1;
      this.#hash(
        min,
        isLongest ? Infinity : (lengths[i + 1] ?? 0),
        isLongest ? Infinity : wordsMax,
      );
      if (!isLongest && hashes.size > wordsMax) break;
      [wordMin, count] = [min, hashes.size];
    }
    const bytes = Math.min(bytesMax, count * bytesPerWord);
    const filter = new Uint32Array(Math.ceil(bytes / blockBytes) * (blockBytes / 4));
    const words = new WordFilter(filter);
    for (let i = 0; i < count; i++) words.add(hashes.values[i] ?? 0);
    return { wordMin, filter };
  }

  /** Adds the words of lengths from `min` to below `limit`, until there are more than `countMax` different ones. */
  #hash(min: number, limit: number, countMax: number): void {
    let word = 0;
    for (const { bytes, end } of this.#columns)
      for (; word < end; word++) {
        const length = this.#lengths[word] ?? 0;
        if (length < min || length >= limit) continue;
        const start = this.#starts[word] ?? 0;
        this.#hashes.add(hashWord(bytes, start, start + length));
        if (this.#hashes.size > countMax) return;
      }
  }
}

/** Hashes, each once, in the order in which they came. */
class HashSet {
  values = new Int32Array(16_384);
  size = 0;
  /** Open addressing: the place among the values, from 1. */
  #slots = new Uint32Array(65_536);

  clear(): void {
    this.size = 0;
    this.#slots.fill(0);
  }

  add(hash: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (Math.imul(hash, 0x9e3779b1) >>> 8) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const known = slots[slot] ?? 0;
      if (known === 0) break;
      if (this.values[known - 1] === hash) return;
    }
    if (this.size === this.values.length) this.values = doubled(this.values);
    this.values[this.size++] = hash;
    slots[slot] = this.size;
    if (2 * this.size > slots.length) this.#rehash();
  }

  #rehash(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let i = 0; i < this.size; i++) {
      let slot = (Math.imul(this.values[i] ?? 0, 0x9e3779b1) >>> 8) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

function doubled<Values extends Uint32Array | Int32Array>(values: Values): Values;
function doubled(values: Uint32Array | Int32Array): Uint32Array | Int32Array {
  const more =
    values instanceof Uint32Array
      ? new Uint32Array(2 * values.length)
      : new Int32Array(2 * values.length);
  more.set(values);
  return more;
}
