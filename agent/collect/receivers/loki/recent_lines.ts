/** A power of two: what the senders that come again after an error sent a moment ago. 1 MiB. */
const slots = 1 << 17;
/** Of what is hashed before the line: its time, and the hashes of its stream and of its metadata. */
const headBytes = 28;
/** Longer lines are hashed by themselves first. */
const copiedBytesMax = 16 * 1024;

/** Of an entry, what is no part of its line. */
type EntryHead = { readonly ms: number; readonly nanos: number; readonly hash: bigint };

/**
 * Remembers entries by a hash of 64 bits, so that those of a push that is sent again are known. Bounded: a newer entry takes the place of
 * an older one.
 */
export class RecentLines {
  /** Made by the first entry: most agents take none. */
  #low = new Uint32Array();
  #high = new Uint32Array();
  #last = 0;
  readonly #bytes = Buffer.alloc(headBytes + copiedBytesMax);
  readonly #view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset);

  /** The stream of the entries that follow. */
  stream(key: string): void {
    this.#view.setBigUint64(12, Bun.hash.xxHash64(key), true);
  }

  /** Whether the entry with the line source[start, end) was given before. `hash` is that of its metadata. Remembers it. */
  isKnown(
    { ms, nanos, hash: own }: EntryHead,
    source: Buffer,
    start: number,
    end: number,
  ): boolean {
    if (this.#low.length === 0) {
      this.#low = new Uint32Array(slots);
      this.#high = new Uint32Array(slots);
    }
    const view = this.#view;
    view.setFloat64(0, ms, true);
    view.setUint32(8, nanos, true);
    view.setBigUint64(20, own, true);
    let length = headBytes + end - start;
    if (end - start <= copiedBytesMax) source.copy(this.#bytes, headBytes, start, end);
    else {
      length = headBytes + 8;
      view.setBigUint64(headBytes, Bun.hash.xxHash64(source.subarray(start, end)), true);
    }
    const hash = Bun.hash.xxHash64(this.#bytes.subarray(0, length));
    const low = Number(hash & 0xffff_ffffn);
    const high = Number(hash >> 32n);
    const slot = low & (slots - 1);
    if (this.#low[slot] === low && this.#high[slot] === high) return true;
    this.#low[slot] = low;
    this.#high[slot] = high;
    this.#last = slot;
    return false;
  }

  /** Forgets the entry that isKnown() has just remembered. */
  forgetLast(): void {
    this.#low[this.#last] = 0;
    this.#high[this.#last] = 0;
  }

  /** Forgets everything: what was remembered last was not stored. */
  clear(): void {
    this.#low.fill(0);
    this.#high.fill(0);
  }
}
