/**
 * Numbers that blocks held which were given up, `blocks` in the order of their loss. Of the first `forgotten` the catalog has been lost since: the new one
 * knows nothing of their frames, and may have taken them again, into what is `stored` or into a block that was given up later.
 */
export function lostNumbers(
  blocks: readonly (readonly number[])[],
  forgotten: number,
  stored: readonly number[],
): number[] {
  const known = new Set(stored);
  const lost: number[] = [];
  for (const [i, numbers] of [...blocks.entries()].toReversed()) {
    for (const number of numbers) {
      if (i < forgotten && known.has(number)) continue;
      known.add(number);
      lost.push(number);
    }
  }
  return lost;
}
