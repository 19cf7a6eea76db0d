// Hot: guarded by `bench logs`.
import { ByteSink } from "../../parquet/byte_sink.ts";
import { hashWord } from "./word_hash.ts";
import type { WrittenTexts } from "./written_texts.ts";

const sizeMin = 64;
/** Slots that are looked at for a text; half of them are free, so that more are taken side by side only where texts are made for it. */
const probesMax = 256;

/** The different texts of a column, numbered in the order in which they came. */
export class TextDictionary {
  readonly #bytes = new ByteSink(256);
  #starts = new Uint32Array(sizeMin + 1);
  #hashes = new Int32Array(sizeMin);
  /** Open addressing: the number of a text plus 1, or 0. */
  #slots = new Uint32Array(2 * sizeMin);
  count = 0;
  /** Whether so many texts have one hash that not all are found again: they have several numbers. */
  isFlooded = false;
  /** Changes with clear(): numbers hold until then. */
  generation = 0;

  clear(): void {
    if (this.count > 0) this.#slots.fill(0);
    this.#bytes.clear();
    this.count = 0;
    this.isFlooded = false;
    this.generation++;
  }

  /** Bytes of all texts. */
  get length(): number {
    return this.#bytes.length;
  }

  /** Good until the next call of another method. */
  get texts(): WrittenTexts {
    const starts = this.#starts;
    const lengths = new Uint32Array(this.count);
    for (let i = 0; i < lengths.length; i++) lengths[i] = (starts[i + 1] ?? 0) - (starts[i] ?? 0);
    return { bytes: this.#bytes.written(), lengths };
  }

  lengthOf(number: number): number {
    return (this.#starts[number + 1] ?? 0) - (this.#starts[number] ?? 0);
  }

  /** The number of the text bytes[from, from + length). */
  numberOf(bytes: Uint8Array, from: number, length: number): number {
    const hash = hashWord(bytes, from, from + length);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = slotOf(hash, mask);
    for (let probe = 0; probe < probesMax; probe++, slot = (slot + 1) & mask) {
      const known = slots[slot] ?? 0;
      if (known === 0) {
        slots[slot] = this.count + 1;
        return this.#add(hash, bytes, from, length);
      }
      if (this.#hashes[known - 1] === hash && this.#is(known - 1, bytes, from, length))
        return known - 1;
    }
    this.isFlooded = true;
    return this.#add(hash, bytes, from, length);
  }

  /** Appends a text, and gives its length. */
  copyTo(sink: ByteSink, number: number): number {
    const from = this.#starts[number] ?? 0;
    const length = (this.#starts[number + 1] ?? 0) - from;
    sink.copy(this.#bytes.bytes, from, length);
    return length;
  }

  #is(number: number, bytes: Uint8Array, from: number, length: number): boolean {
    const start = this.#starts[number] ?? 0;
    if ((this.#starts[number + 1] ?? 0) - start !== length) return false;
    const own = this.#bytes.bytes;
    for (let i = 0; i < length; i++) if (own[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #add(hash: number, bytes: Uint8Array, from: number, length: number): number {
    const number = this.count++;
    if (number === this.#hashes.length) this.#grow();
    this.#bytes.copy(bytes, from, length);
    this.#starts[number + 1] = this.#bytes.length;
    this.#hashes[number] = hash;
    if (2 * this.count > this.#slots.length && !this.isFlooded) this.#rehash();
    return number;
  }

  #grow(): void {
    const size = 2 * this.#hashes.length;
    const [starts, hashes] = [new Uint32Array(size + 1), new Int32Array(size)];
    starts.set(this.#starts);
    hashes.set(this.#hashes);
    this.#starts = starts;
    this.#hashes = hashes;
  }

  #rehash(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let i = 0; i < this.count; i++) {
      let slot = slotOf(this.#hashes[i] ?? 0, mask);
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = i + 1;
    }
    this.#slots = slots;
  }
}

function slotOf(hash: number, mask: number): number {
  return (Math.imul(hash, 0x9e3779b1) >>> 8) & mask;
}
