import { PagedList } from "#shared/model/paged_list.ts";

// Hot: names and values of every new series pass here. Guarded by test/bench/labels.ts.

/** Other in every process, so that a sender can't choose texts whose hashes are equal. */
const [seed = 1] = crypto.getRandomValues(new Uint32Array(1));
const capacityMin = 256;
const free = 0;

/**
 * Texts, each once, numbered from 0. A Map of as many strings grows in one step, half a second for a million, and a garbage collection looks at all of
 * them in one.
 */
export class TextNumbers {
  readonly #texts = new PagedList<string>();
  /** By number. */
  #hashes = new Uint32Array(capacityMin);
  /** Numbers plus 1 by hash, with linear probing; at most half full. */
  #table = new Uint32Array(2 * capacityMin);

  get size(): number {
    return this.#texts.length;
  }

  at(number: number): string | undefined {
    return this.#texts.at(number);
  }

  /** By number. */
  [Symbol.iterator](): Iterator<string> {
    return this.#texts[Symbol.iterator]();
  }

  /** Undefined where the text is not here. */
  numberOf(text: string): number | undefined {
    const hash = Bun.hash.xxHash32(text, seed);
    const table = this.#table;
    const mask = table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = (table[at] ?? free) - 1;
      if (number < 0) return undefined;
      if (this.#hashes[number] === hash && this.#texts.at(number) === text) return number;
    }
  }

  /** Adds one that is not here yet, and returns its number. */
  add(text: string): number {
    const number = this.#texts.push(text);
    if (number === this.#hashes.length) this.#grow();
    this.#hashes[number] = Bun.hash.xxHash32(text, seed);
    this.#place(number);
    return number;
  }

  #place(number: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = (this.#hashes[number] ?? 0) & mask;
    while (table[at] !== free) at = (at + 1) & mask;
    table[at] = number + 1;
  }

  #grow(): void {
    const before = this.#hashes;
    this.#hashes = new Uint32Array(2 * before.length);
    this.#hashes.set(before);
    this.#table = new Uint32Array(2 * this.#hashes.length);
    for (let number = 0; number < before.length; number++) this.#place(number);
  }
}
