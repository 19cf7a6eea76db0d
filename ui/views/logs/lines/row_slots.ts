/**
 * Which element shows which row. Elements of rows that went out of sight are used again for those that come in: making new ones is
 * most of what scrolling costs. They keep the order of rows, so that none has to be moved; before rows that stay, new ones are made.
 */
export class RowSlots {
  #slots = new Map<string, number>();
  #next = 0;

  /** A number for each key, in the order given; a key that stays keeps its number. */
  assign(keys: readonly string[]): readonly number[] {
    const before = this.#slots;
    const wanted = new Set(keys);
    const free: number[] = [];
    for (const [key, slot] of before) if (!wanted.has(key)) free.push(slot);
    const lastKept = keys.findLastIndex((key) => before.has(key));
    this.#slots = new Map(
      keys.map((key, i) => [
        key,
        before.get(key) ?? (i > lastKept ? free.shift() : undefined) ?? this.#next++,
      ]),
    );
    return keys.map((key) => this.#slots.get(key) ?? 0);
  }
}
