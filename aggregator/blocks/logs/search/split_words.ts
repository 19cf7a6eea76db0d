import { digitKind, hashWord, wordBytesMin, wordKinds } from "./search_words.ts";

const zero = "0".charCodeAt(0);
const nine = "9".charCodeAt(0);

/** The words with a digit in the texts of some shapes, numbered by shape. They are where the shape says; only their digits are a text's own. */
export class SplitWords {
  /** By shape: its first word. One more than there are shapes. */
  readonly firstOf: Uint32Array;
  /** By word. */
  readonly lengths: number[] = [];
  /** Digits of the text before the word. */
  readonly digitsBefore: number[] = [];
  longest = 0;
  /** With 0 for each digit, one after another; a word is there twice, and the second time its digits are a text's. */
  readonly #patterns: number[] = [];
  readonly #starts: number[] = [];
  #hashed: Uint8Array | undefined;
  /** By word: whether it is nothing else. */
  readonly #areDigits: boolean[] = [];

  constructor(shapes: readonly Uint8Array[]) {
    this.firstOf = new Uint32Array(shapes.length + 1);
    for (const [number, shape] of shapes.entries()) {
      this.#add(shape);
      this.firstOf[number + 1] = this.count;
    }
  }

  get count(): number {
    return this.lengths.length;
  }

  /** The hash of a word whose digits begin at `digit`. */
  hash(word: number, digits: Uint8Array, digit: number): number {
    const length = this.lengths[word] ?? 0;
    if (this.#areDigits[word] === true) return hashWord(digits, digit, digit + length);
    const patterns = (this.#hashed ??= Uint8Array.from(this.#patterns));
    const from = this.#starts[word] ?? 0;
    const to = from + length;
    let next = digit;
    for (let i = from; i < to; i++) {
      const byte = patterns[i] ?? 0;
      patterns[i + length] = byte === zero ? (digits[next++] ?? 0) : byte;
    }
    return hashWord(patterns, to, to + length);
  }

  #add(shape: Uint8Array): void {
    let digits = 0;
    for (let at = 0; at < shape.length;) {
      const [start, before] = [at, digits];
      let length = 0;
      let kinds = 0;
      for (; at < shape.length; at++) {
        const byte = shape[at] ?? 0;
        const kind = wordKinds[byte] ?? 0;
        if (kind === 0) break;
        kinds |= kind;
        const run = byte >= zero && byte <= nine ? byte - zero : 0;
        digits += run;
        length += Math.max(1, run);
      }
      if (length >= wordBytesMin && (kinds & digitKind) !== 0)
        this.#keep(shape.subarray(start, at), length, before);
      at++;
    }
  }

  #keep(word: Uint8Array, length: number, before: number): void {
    this.lengths.push(length);
    this.digitsBefore.push(before);
    this.longest = Math.max(this.longest, length);
    const patterns = this.#patterns;
    this.#starts.push(patterns.length);
    this.#areDigits.push(word.every((byte) => byte >= zero && byte <= nine));
    for (const byte of word) {
      const run = byte >= zero && byte <= nine ? byte - zero : 0;
      if (run === 0) patterns.push(byte);
      for (let i = 0; i < run; i++) patterns.push(zero);
    }
    for (let i = 0; i < length; i++) patterns.push(zero);
  }
}
