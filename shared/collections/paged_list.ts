// Hot: guarded by `bench ingest`, `bench remote_write`.

const pageBits = 12;
const pageSize = 1 << pageBits;

/** What a list and a PagedList have in common. */
export type ItemList<Item> = Iterable<Item> & {
  readonly length: number;
  at(index: number): Item | undefined;
  entries(): Iterable<[number, Item]>;
};

/**
 * A list that grows at its end. A garbage collection looks at all items of an array in one step, for which the process stands still: 100 ms for half a
 * million objects. Here they lie in many small arrays.
 */
export class PagedList<Item> implements ItemList<Item> {
  readonly #pages: Item[][] = [];
  #last: Item[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Returns the item's place. */
  push(item: Item): number {
    if (this.#length % pageSize === 0) {
      this.#last = [];
      this.#pages.push(this.#last);
    }
    this.#last.push(item);
    return this.#length++;
  }

  /** `index` is not negative. */
  at(index: number): Item | undefined {
    return this.#pages[index >>> pageBits]?.[index & (pageSize - 1)];
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (const page of this.#pages) yield* page;
  }

  *entries(): Generator<[number, Item]> {
    let index = 0;
    for (const page of this.#pages) for (const item of page) yield [index++, item];
  }
}
