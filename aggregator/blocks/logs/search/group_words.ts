import type { WrittenTexts } from "../texts/written_texts.ts";
import { blockBytes, digitKind, wordBytesMin, WordFilter, wordKinds } from "./search_words.ts";
import { hashWord } from "../texts/word_hash.ts";

/** Bytes a word in the filter: more are of little use, and fewer let too many pass. */
const bytesPerWord = 1;
const bytesPerWordMin = 0.55;
/** Where all words would take more, only long ones are in it: the first of these lengths with which they fit. */
const lengths = [wordBytesMin, 10, 12, 14, 16, 20, 24, 28, 32];
/** By length, the last one for all that are longer: the last of those lengths that is not longer. */
const classOf = Uint8Array.from({ length: (lengths.at(-1) ?? 0) + 1 }, (_, length) =>
  Math.max(
    0,
    lengths.findLastIndex((least) => least <= length),
  ),
);

/** The words with a digit of a row group's texts. They are hashed only when it is known how long those are that fit. */
export class GroupWords {
  /** By length as in `lengths`. */
  readonly #classes = lengths.map(() => new WordClass());
  readonly #hashes = new HashSet();

  clear(): void {
    for (const words of this.#classes) words.clear();
  }

  /** Takes note of the words of a column, which must stay until filter(), and gives the length of the longest one; 0 where it has none. */
  take({ bytes, lengths: texts }: WrittenTexts): number {
    let [at, longest] = [0, 0];
    for (let text = 0; text < texts.length; text++) {
      const end = at + (texts[text] ?? 0);
      if (end - at >= wordBytesMin) longest = Math.max(longest, this.#wordsOf(bytes, at, end));
      at = end;
    }
    for (const words of this.#classes) words.end(bytes);
    return longest;
  }

  /** Gives the length of the longest one. */
  #wordsOf(bytes: Uint8Array, from: number, end: number): number {
    let longest = 0;
    for (let at = from; at < end; at++) {
      let kinds = wordKinds[bytes[at] ?? 0] ?? 0;
      if (kinds === 0) continue;
      const start = at;
      for (at++; at < end; at++) {
        const kind = wordKinds[bytes[at] ?? 0] ?? 0;
        if (kind === 0) break;
        kinds |= kind;
      }
      const length = at - start;
      if (length < wordBytesMin || (kinds & digitKind) === 0) continue;
      if (length > longest) longest = length;
      this.#classes[classOf[Math.min(length, classOf.length - 1)] ?? 0]?.add(start, length);
    }
    return longest;
  }

  /** A filter of at most so many bytes, and the length of the shortest words in it. */
  filter(bytesMax: number): { readonly wordMin: number; readonly filter: Uint32Array } {
    const hashes = this.#hashes;
    hashes.clear();
    const wordsMax = Math.floor(bytesMax / bytesPerWordMin);
    let [wordMin, count] = [lengths.at(-1) ?? 0, 0];
    // From the longest on; words that come again are found only when they are hashed.
    for (let i = lengths.length - 1; i >= 0; i--) {
      const isLongest = i === lengths.length - 1;
      this.#classes[i]?.hashInto(hashes, isLongest ? Infinity : wordsMax);
      if (!isLongest && hashes.size > wordsMax) break;
      [wordMin, count] = [lengths[i] ?? 0, hashes.size];
    }
    const bytes = Math.min(bytesMax, count * bytesPerWord);
    const filter = new Uint32Array(Math.ceil(bytes / blockBytes) * (blockBytes / 4));
    const words = new WordFilter(filter);
    for (let i = 0; i < count; i++) words.add(hashes.values[i] ?? 0);
    return { wordMin, filter };
  }
}

/** A column's words end where `end` says. */
type ColumnWords = { readonly end: number; readonly bytes: Uint8Array };

/** Words of about one length. */
class WordClass {
  readonly #columns: ColumnWords[] = [];
  #starts = new Uint32Array(0);
  #lengths = new Uint32Array(0);
  #count = 0;

  clear(): void {
    this.#columns.length = 0;
    this.#count = 0;
  }

  add(start: number, length: number): void {
    if (this.#count === this.#starts.length) {
      this.#starts = doubled(this.#starts);
      this.#lengths = doubled(this.#lengths);
    }
    this.#starts[this.#count] = start;
    this.#lengths[this.#count++] = length;
  }

  /** The words that were added last are of a column of such bytes. */
  end(bytes: Uint8Array): void {
    if (this.#count > (this.#columns.at(-1)?.end ?? 0))
      this.#columns.push({ end: this.#count, bytes });
  }

  /** Until there are more than `countMax` different ones. */
  hashInto(hashes: HashSet, countMax: number): void {
    let at = 0;
    for (const { end, bytes } of this.#columns)
      for (; at < end; at++) {
        const start = this.#starts[at] ?? 0;
        hashes.add(hashWord(bytes, start, start + (this.#lengths[at] ?? 0)));
        if (hashes.size > countMax) return;
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
    if (this.size === this.values.length) {
      const values = new Int32Array(2 * this.size);
      values.set(this.values);
      this.values = values;
    }
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

function doubled(values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(Math.max(1_024, 2 * values.length));
  more.set(values);
  return more;
}
