/** Groups of one length and span that are compared; series that are scraped together are nearly always the first. */
const candidatesMax = 8;
/** Groups that are remembered: some 16 MB at 1,000 samples a row. */
const groupsMax = 4_096;

type Group = { readonly number: number; readonly offsets: Uint32Array };

/**
 * Numbers for equal lists of times in one file, so that a reader decodes each only once. Rows of equal numbers have equal times; the
 * reverse is not promised.
 */
export class TimeGroups {
  readonly #byEnds = new Map<number, Group[]>();
  #remembered = 0;
  #next = 0;

  /** The number of offsets [begin, end): milliseconds after a first time, ascending from 0. */
  numberOf(offsets: Uint32Array, begin: number, end: number): number {
    const count = end - begin;
    // Not unique, and need not be.
    const key = (offsets[end - 1] ?? 0) * 1_024 + count;
    let groups = this.#byEnds.get(key);
    for (const { number, offsets: known } of groups ?? [])
      if (known.length === count && isSame(known, offsets, begin)) return number;
    const number = this.#next++;
    if (this.#remembered >= groupsMax || (groups?.length ?? 0) >= candidatesMax) return number;
    if (groups === undefined) this.#byEnds.set(key, (groups = []));
    groups.push({ number, offsets: offsets.slice(begin, end) });
    this.#remembered += 1;
    return number;
  }
}

function isSame(known: Uint32Array, offsets: Uint32Array, begin: number): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== offsets[begin + i]) return false;
  return true;
}
