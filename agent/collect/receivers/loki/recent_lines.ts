// Hot: guarded by `bench pushed_logs`.
/** A power of two: what the senders that come again after an error sent a moment ago. 1 MiB. */
const slots = 1 << 17;
/**
 * Places that an entry may have, newest first: with one alone, a push of 20,000 entries would push out a thousand of its own, and with eight every
 * fifth such push some.
 */
const ways = 16;
/** Different ones for the two halves of a hash, so that entries which are alike in one are not in the other. */
const [lowFactor, highFactor] = [0x9e3779b1, 0x85ebca6b];

/** 64 bits. */
export type EntryHash = { readonly low: number; readonly high: number };

/** The hash of nothing. */
export const noHash: EntryHash = { low: 0, high: 0 };

export function hashOfText(text: string): EntryHash {
  const hash = Bun.hash.xxHash64(text);
  return { low: Number(hash & 0xffff_ffffn) | 0, high: Number(hash >> 32n) | 0 };
}

/** What the first entries of a push need; it doubles. */
const firstNoted = 256;

/** The entries that one push has brought into RecentLines, in order, so that it can take back those that were not stored. */
export class NotedLines {
  #low = new Int32Array(firstNoted);
  #high = new Int32Array(firstNoted);
  count = 0;

  add(low: number, high: number): void {
    if (this.count === this.#low.length) {
      this.#low = doubled(this.#low);
      this.#high = doubled(this.#high);
    }
    this.#low[this.count] = low;
    this.#high[this.count++] = high;
  }

  low(at: number): number {
    return this.#low[at] ?? 0;
  }

  high(at: number): number {
    return this.#high[at] ?? 0;
  }
}

/**
 * Remembers entries by a hash of 64 bits, so that those of a push that is sent again are known. Bounded: a newer entry takes the place of
 * the oldest of eight.
 */
export class RecentLines {
  /** Made by the first entry: most agents take none. */
  #low = new Int32Array();
  #high = new Int32Array();
  #stream = noHash;
  #noted = new NotedLines();
  /** Hashes begin with them, so that no sender knows which of its entries have the same one. */
  readonly #seeds = crypto.getRandomValues(new Int32Array(2));

  /** The stream of the entries that follow, and where those of them are noted that are new. */
  stream(key: string, noted: NotedLines): void {
    this.#stream = hashOfText(key);
    this.#noted = noted;
  }

  /**
   * Whether the entry with the line source[start, end) was given before. `own` is the hash of its metadata. Remembers it. Four bytes a step of plain numbers take a
   * third of the time of a native hash, with its view and its BigInt.
   */
  isKnown(
    ms: number,
    nanos: number,
    own: EntryHash,
    source: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (this.#low.length === 0) {
      this.#low = new Int32Array(slots);
      this.#high = new Int32Array(slots);
    }
    const { low: streamLow, high: streamHigh } = this.#stream;
    const seconds = Math.floor(ms / 1_000);
    // Below 2^30: milliseconds within the second, and nanoseconds within those.
    const rest = (ms - 1_000 * seconds) * 1_000_000 + nanos;
    let low = mixed(mixed(this.#seeds[0] ?? 0, seconds, lowFactor), rest, lowFactor);
    let high = turned(turned(this.#seeds[1] ?? 0, seconds, highFactor), rest, highFactor);
    low = mixed(mixed(low, streamLow, lowFactor), own.low, lowFactor);
    high = turned(turned(high, streamHigh, highFactor), own.high, highFactor);
    // Behind whole words one byte more a step: the length says where they begin.
    low = mixed(low, end - start, lowFactor);
    high = turned(high, end - start, highFactor);
    let at = start;
    for (const stop = end - 3; at < stop; at += 4) {
      const word =
        (source[at] ?? 0) |
        ((source[at + 1] ?? 0) << 8) |
        ((source[at + 2] ?? 0) << 16) |
        ((source[at + 3] ?? 0) << 24);
      low = mixed(low, word, lowFactor);
      high = turned(high, word, highFactor);
    }
    for (; at < end; at++) {
      low = mixed(low, source[at] ?? 0, lowFactor);
      high = turned(high, source[at] ?? 0, highFactor);
    }
    return this.#isKnown(spread(low), spread(high));
  }

  #isKnown(low: number, high: number): boolean {
    const lows = this.#low;
    const highs = this.#high;
    const first = firstSlot(low);
    for (let at = first; at < first + ways; at++)
      if (lows[at] === low && highs[at] === high) return true;
    for (let at = first + ways - 1; at > first; at--) {
      lows[at] = lows[at - 1] ?? 0;
      highs[at] = highs[at - 1] ?? 0;
    }
    lows[first] = low;
    highs[first] = high;
    this.#noted.add(low, high);
    return false;
  }

  /** Forgets the noted entries from number `from` on: they were not stored. Entries of other pushes stay. */
  forget(noted: NotedLines, from = 0): void {
    for (let n = from; n < noted.count; n++) {
      const [low, high] = [noted.low(n), noted.high(n)];
      const first = firstSlot(low);
      for (let at = first; at < first + ways; at++)
        if (this.#low[at] === low && this.#high[at] === high) {
          this.#low[at] = 0;
          this.#high[at] = 0;
        }
    }
    noted.count = Math.min(noted.count, from);
  }
}

function firstSlot(low: number): number {
  return (low & (slots / ways - 1)) * ways;
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * numbers.length);
  more.set(numbers);
  return more;
}

function mixed(hash: number, word: number, factor: number): number {
  return Math.imul(((hash << 13) | (hash >>> 19)) ^ word, factor);
}

/** As mixed(), by another turn. */
function turned(hash: number, word: number, factor: number): number {
  return Math.imul(((hash << 17) | (hash >>> 15)) ^ word, factor);
}

/** Brings the upper bits into the lower ones; one to one. */
function spread(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), highFactor);
  const twice = Math.imul(once ^ (once >>> 13), lowFactor);
  return twice ^ (twice >>> 16);
}
