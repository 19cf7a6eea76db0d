/** Longest run that is sorted in one go. */
const runMax = 8;
/** Comparisons between two pauses: some may be of long lists. */
const comparedMax = 16;

/**
 * As toSorted(), with pauses: `pause` is awaited between a few comparisons each, and decides itself whether it is time. What is in order already costs one
 * comparison a pair.
 */
export async function sortInTurns<Item>(
  items: readonly Item[],
  compare: (a: Item, b: Item) => number,
  pause: () => Promise<void> | undefined,
): Promise<Item[]> {
  let from: Item[] = [];
  for (let at = 0; at < items.length; at += runMax) {
    await pause();
    from.push(...items.slice(at, at + runMax).toSorted(compare));
  }
  for (let width = runMax; width < items.length; width *= 2) {
    const to: Item[] = [];
    for (let at = 0; at < from.length; at += 2 * width) {
      const middle = Math.min(at + width, from.length);
      await merge(from, at, middle, Math.min(at + 2 * width, from.length), to, compare, pause);
    }
    from = to;
  }
  return from;
}

/** Appends [start, middle) and [middle, end), both in order, in order; of equals those of the first come first. */
async function merge<Item>(
  from: readonly Item[],
  start: number,
  middle: number,
  end: number,
  to: Item[],
  compare: (a: Item, b: Item) => number,
  pause: () => Promise<void> | undefined,
): Promise<void> {
  let [left, right, compared] = [start, middle, 0];
  while (left < middle || right < end) {
    const [a, b] = [from[left], from[right]];
    if (++compared % comparedMax === 0) await pause();
    const takesLeft =
      right >= end || (left < middle && a !== undefined && b !== undefined && compare(a, b) <= 0);
    const taken = takesLeft ? a : b;
    if (taken !== undefined) to.push(taken);
    if (takesLeft) left++;
    else right++;
  }
}
