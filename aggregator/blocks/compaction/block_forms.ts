import type { Block } from "../../read/store.ts";

/** Which blocks were found to hold more than plain numbers. The catalog does not say, and a file is only looked at when it is merged. */
export class BlockForms {
  #others: ReadonlySet<string> = new Set();

  mayBeOfNumbers({ id, signal }: Block): boolean {
    return signal === "metrics" && !this.#others.has(id);
  }

  remember(others: readonly Block[]): void {
    this.#others = new Set([...this.#others, ...others.map(({ id }) => id)]);
  }

  /** Forgets those that are gone. */
  keep(blocks: readonly Block[]): void {
    if (this.#others.size === 0) return;
    this.#others = new Set(blocks.map(({ id }) => id)).intersection(this.#others);
  }
}
