// Hot: guarded by `bench ingest`, `bench remote_write`.
import { type Labels, sameLabels } from "./labels.ts";
import { type ItemList, PagedList } from "./paged_list.ts";

const capacityMin = 64;
const free = 0;

/**
 * Label sets, each once, numbered from 0 in the order in which they were added. They are found by a hash that the caller makes, and then compared. 16 to
 * 32 bytes each beside the label sets, and nothing else that a garbage collection must walk.
 */
export class LabelSets {
  readonly #labels = new PagedList<Labels>();
  /** By number. */
  #hashes = new Float64Array(capacityMin);
  /** Numbers plus 1 by hash, with linear probing; at most half full. */
  #table = new Uint32Array(2 * capacityMin);

  get size(): number {
    return this.#labels.length;
  }

  /** By number. */
  get all(): ItemList<Labels> {
    return this.#labels;
  }

  hashAt(number: number): number {
    return this.#hashes[number] ?? 0;
  }

  /** Undefined where the label set is not here. `hash` is hashOf() its labelsKey(). */
  numberOf(labels: Labels, hash: number): number | undefined {
    const [table, hashes] = [this.#table, this.#hashes];
    const mask = table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = (table[at] ?? free) - 1;
      if (number < 0) return undefined;
      if (hashes[number] === hash && sameLabels(this.#labels.at(number) ?? {}, labels))
        return number;
    }
  }

  /** Adds one that is not here yet, and returns its number. */
  add(labels: Labels, hash: number): number {
    const number = this.#labels.push(labels);
    if (number >= this.#hashes.length) this.#grow();
    this.#hashes[number] = hash;
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
    const hashes = new Float64Array(2 * this.#hashes.length);
    hashes.set(this.#hashes);
    this.#table = new Uint32Array(2 * hashes.length);
    const before = this.#hashes.length;
    this.#hashes = hashes;
    for (let number = 0; number < before; number++) this.#place(number);
  }
}
