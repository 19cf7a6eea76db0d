const minuteMs = 60_000;
/** After so long without a sample a series is not active any more. */
const idleMs = 60 * minuteMs;
const capacityMin = 64;
/** Looking for idle series reads all of them. */
const expireEveryMs = 5 * minuteMs;

/**
 * The series that had a sample in the last hour, by the hash of their labels: a table with open addressing of 12 bytes a place, at
 * most half full. Two series whose 53 bits are equal count as one (odds of 1 : 18 000 among a million series).
 */
export class ActiveSeries {
  #hashes = new Float64Array(capacityMin);
  /** Minutes of Unix time. */
  #seen = new Uint32Array(capacityMin);
  #size = 0;
  #expiredMs = 0;

  get size(): number {
    return this.#size;
  }

  has(hash: number): boolean {
    return this.#hashes[this.#place(hash)] === hash;
  }

  /** The series has, or had until just now, a sample. */
  touch(hash: number, nowMs: number): void {
    let place = this.#place(hash);
    if (this.#hashes[place] !== hash) {
      if (2 * (this.#size + 1) > this.#hashes.length) {
        this.#rebuild(2 * this.#hashes.length, 0);
        place = this.#place(hash);
      }
      this.#hashes[place] = hash;
      this.#size++;
    }
    this.#seen[place] = nowMs / minuteMs;
  }

  /** Forgets the series that were idle for an hour; looks at most every five minutes. */
  expire(nowMs: number): void {
    // A clock that was set back must not stop it for long.
    if (Math.abs(nowMs - this.#expiredMs) < expireEveryMs) return;
    this.#expiredMs = nowMs;
    const sinceMinute = Math.floor((nowMs - idleMs) / minuteMs);
    let active = 0;
    for (const [place, hash] of this.#hashes.entries())
      if (hash !== 0 && (this.#seen[place] ?? 0) > sinceMinute) active++;
    if (active === this.#size) return;
    let capacity = capacityMin;
    while (capacity < 4 * active) capacity *= 2;
    this.#rebuild(capacity, sinceMinute);
  }

  /** Where the hash is, or the free place for it. */
  #place(hash: number): number {
    const mask = this.#hashes.length - 1;
    let place = (hash % 0x1_0000_0000) & mask;
    for (;;) {
      const there = this.#hashes[place];
      if (there === hash || there === 0) return place;
      place = (place + 1) & mask;
    }
  }

  #rebuild(capacity: number, afterMinute: number): void {
    const [hashes, seen] = [this.#hashes, this.#seen];
    this.#hashes = new Float64Array(capacity);
    this.#seen = new Uint32Array(capacity);
    this.#size = 0;
    for (const [from, hash] of hashes.entries()) {
      if (hash === 0 || (seen[from] ?? 0) <= afterMinute) continue;
      const to = this.#place(hash);
      this.#hashes[to] = hash;
      this.#seen[to] = seen[from] ?? 0;
      this.#size++;
    }
  }
}
