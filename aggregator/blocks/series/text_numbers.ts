import { NumberTable } from "#shared/collections/number_table.ts";
import { PagedList } from "#shared/collections/paged_list.ts";

// Hot: names and values of every new series pass here. Guarded by test/bench/labels.ts.

/** Other in every process, so that a sender can't choose texts whose hashes are equal. */
const [seed = 1] = crypto.getRandomValues(new Uint32Array(1));
const pageBits = 12;
const pageSize = 1 << pageBits;

/**
 * Texts, each once, numbered from 0. A Map of as many strings grows in one step, half a second for a million, and a garbage collection looks at all of
 * them in one.
 */
export class TextNumbers {
  readonly #texts = new PagedList<string>();
  /** By number, in pages. */
  readonly #hashes: Uint32Array[] = [];
  readonly #table = new NumberTable((number) => this.#hashAt(number));

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
    table.seek(hash);
    for (let number = table.next(); number >= 0; number = table.next())
      if (this.#hashAt(number) === hash && this.#texts.at(number) === text) return number;
    return undefined;
  }

  /** Adds one that is not here yet, and returns its number. */
  add(text: string): number {
    const hash = Bun.hash.xxHash32(text, seed);
    const number = this.#texts.push(text);
    if (number % pageSize === 0) this.#hashes.push(new Uint32Array(pageSize));
    const page = this.#hashes[number >>> pageBits];
    if (page !== undefined) page[number & (pageSize - 1)] = hash;
    this.#table.add(number, hash);
    return number;
  }

  #hashAt(number: number): number {
    return this.#hashes[number >>> pageBits]?.[number & (pageSize - 1)] ?? 0;
  }
}
