type Keyed = { readonly key: string };

/** Two lists that ascend by key as one; of the same key both are joined. */
export function mergedByKey<Item extends Keyed>(
  before: Item[],
  after: Item[],
  join: (before: Item, after: Item) => Item,
): Item[] {
  if (before.length === 0) return after;
  if (after.length === 0) return before;
  const merged: Item[] = [];
  let [b, a] = [0, 0];
  for (;;) {
    const [first, second] = [before[b], after[a]];
    if (first === undefined || second === undefined) break;
    if (first.key === second.key) {
      merged.push(join(first, second));
      b++;
      a++;
    } else if (first.key < second.key) {
      merged.push(first);
      b++;
    } else {
      merged.push(second);
      a++;
    }
  }
  for (; b < before.length; b++) pushAt(merged, before, b);
  for (; a < after.length; a++) pushAt(merged, after, a);
  return merged;
}

function pushAt<Item>(to: Item[], from: readonly Item[], index: number): void {
  const item = from[index];
  if (item !== undefined) to.push(item);
}
