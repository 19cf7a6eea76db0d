// Hot: guarded by `bench ingest`, `bench remote_write`.
import { type Labels, sameLabels } from "./labels.ts";
import { NumberTable } from "../collections/number_table.ts";
import { type ItemList, PagedList } from "../collections/paged_list.ts";
import { PagedNumbers } from "../collections/paged_numbers.ts";

/**
 * Label sets, each once, numbered from 0 in the order in which they were added. They are found by a hash that the caller makes, and then compared. 16 to
 * 28 bytes each beside the label sets, and nothing else that a garbage collection must walk.
 */
export class LabelSets {
  readonly #labels = new PagedList<Labels>();
  /** By number. */
  readonly #hashes = new PagedNumbers((size) => new Float64Array(size));
  readonly #table = new NumberTable((number) => this.hashAt(number));

  get size(): number {
    return this.#labels.length;
  }

  /** By number. */
  get all(): ItemList<Labels> {
    return this.#labels;
  }

  hashAt(number: number): number {
    return this.#hashes.at(number);
  }

  /** Undefined where the label set is not here. `hash` is hashOf() its labelsKey(). */
  numberOf(labels: Labels, hash: number): number | undefined {
    const table = this.#table;
    table.seek(hash);
    for (let number = table.next(); number >= 0; number = table.next())
      if (this.hashAt(number) === hash && sameLabels(this.#labels.at(number) ?? {}, labels))
        return number;
    return undefined;
  }

  /** Adds one that is not here yet, and returns its number. */
  add(labels: Labels, hash: number): number {
    const number = this.#labels.push(labels);
    this.#hashes.push(hash);
    this.#table.add(number, hash);
    return number;
  }
}
