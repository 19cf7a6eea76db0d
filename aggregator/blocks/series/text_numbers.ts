import { NumberTable } from "#shared/collections/number_table.ts";
import { PagedList } from "#shared/collections/paged_list.ts";
import { PagedNumbers } from "#shared/collections/paged_numbers.ts";

// Hot: names and values of every new series pass here. Guarded by test/bench/labels.ts.

/** Other in every process, so that a sender can't choose texts whose hashes are equal. */
const [seed = 1] = crypto.getRandomValues(new Uint32Array(1));

/**
 * Texts, each once, numbered from 0. A Map of as many strings grows in one step, half a second for a million, and a garbage collection looks at all of
 * them in one.
 */
export class TextNumbers {
  readonly #texts = new PagedList<string>();
  /** By number. */
  readonly #hashes = new PagedNumbers((size) => new Uint32Array(size));
  readonly #table = new NumberTable((number) => this.#hashes.at(number));

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
      if (this.#hashes.at(number) === hash && this.#texts.at(number) === text) return number;
    return undefined;
  }

  /** Adds one that is not here yet, and returns its number. */
  add(text: string): number {
    const hash = Bun.hash.xxHash32(text, seed);
    const number = this.#texts.push(text);
    this.#hashes.push(hash);
    this.#table.add(number, hash);
    return number;
  }
}
