/** A power of two: what the senders that come again after an error sent a moment ago. 1 MiB. */
const slots = 1 << 17;

/**
 * Remembers entries by a hash of 64 bits, so that those of a push that is sent again are known. Bounded: a newer entry takes the place of
 * an older one.
 */
export class RecentLines {
  #low = new Uint32Array(slots);
  #high = new Uint32Array(slots);

  /** Whether the entry was given before. Remembers it. */
  isKnown(stream: string, unixNanos: bigint, line: Uint8Array): boolean {
    const hash = Bun.hash.xxHash64(line, Bun.hash.xxHash64(`${unixNanos} ${stream}`));
    const low = Number(hash & 0xffff_ffffn);
    const high = Number(hash >> 32n);
    const slot = low & (slots - 1);
    if (this.#low[slot] === low && this.#high[slot] === high) return true;
    this.#low[slot] = low;
    this.#high[slot] = high;
    return false;
  }

  /** Forgets everything: what was remembered last was not stored. */
  clear(): void {
    this.#low.fill(0);
    this.#high.fill(0);
  }
}
