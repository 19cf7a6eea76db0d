const minuteMs = 60_000;
/** After so long without a sample a series is not active any more. */
const idleMs = 60 * minuteMs;
const capacityMin = 64;
/** Looking for idle series reads all of them. */
const expireEveryMs = 5 * minuteMs;
/** Places of the smaller table that are moved with each new series: all are long before the larger one is full. */
const movedAtOnce = 64;
const none: Table = { hashes: new Float64Array(0), seen: new Uint32Array(0) };

type Table = {
  readonly hashes: Float64Array;
  /** Minutes of Unix time. */
  readonly seen: Uint32Array;
};

/**
 * The series that had a sample in the last hour, by the hash of their labels: a table with open addressing of 12 bytes a place, at
 * most half full. Two series whose 53 bits are equal count as one (odds of 1 : 18 000 among a million series). A full table is moved to a larger one step
 * by step: half a million series at once took 60 ms.
 */
export class ActiveSeries {
  #table = newTable(capacityMin);
  /** The smaller table while it is moved; its places before #moved are in the other. */
  #before = none;
  #moved = 0;
  #size = 0;
  #expiredMs = 0;

  get size(): number {
    return this.#size;
  }

  has(hash: number): boolean {
    return isIn(this.#table, hash) || (this.#before !== none && isIn(this.#before, hash));
  }

  /** The series has, or had until just now, a sample. */
  touch(hash: number, nowMs: number): void {
    const minute = nowMs / minuteMs;
    const place = placeOf(this.#table, hash);
    if (this.#table.hashes[place] === hash) {
      this.#table.seen[place] = minute;
      return;
    }
    if (this.#before === none || !isIn(this.#before, hash)) this.#size++;
    put(this.#table, hash, minute);
    this.#move(movedAtOnce);
    if (2 * (this.#size + 1) <= this.#table.hashes.length) return;
    this.#move(Infinity);
    this.#before = this.#table;
    this.#moved = 0;
    this.#table = newTable(2 * this.#before.hashes.length);
  }

  /** Forgets the series that were idle for an hour; looks at most every five minutes. */
  expire(nowMs: number): void {
    // A clock that was set back must not stop it for long.
    if (Math.abs(nowMs - this.#expiredMs) < expireEveryMs) return;
    this.#expiredMs = nowMs;
    this.#move(Infinity);
    const { hashes, seen } = this.#table;
    const sinceMinute = Math.floor((nowMs - idleMs) / minuteMs);
    let active = 0;
    for (let place = 0; place < hashes.length; place++)
      if (hashes[place] !== 0 && (seen[place] ?? 0) > sinceMinute) active++;
    if (active === this.#size) return;
    let capacity = capacityMin;
    while (capacity < 4 * active) capacity *= 2;
    const kept = newTable(capacity);
    for (let place = 0; place < hashes.length; place++) {
      const minute = seen[place] ?? 0;
      if (hashes[place] !== 0 && minute > sinceMinute) put(kept, hashes[place] ?? 0, minute);
    }
    this.#table = kept;
    this.#size = active;
  }

  /** Moves the next places of the smaller table; what was seen since is in the other already. */
  #move(places: number): void {
    if (this.#before === none) return;
    const { hashes, seen } = this.#before;
    const end = Math.min(hashes.length, this.#moved + places);
    for (let place = this.#moved; place < end; place++) {
      const hash = hashes[place] ?? 0;
      if (hash !== 0 && !isIn(this.#table, hash)) put(this.#table, hash, seen[place] ?? 0);
    }
    this.#moved = end;
    if (end === hashes.length) this.#before = none;
  }
}

function newTable(capacity: number): Table {
  return { hashes: new Float64Array(capacity), seen: new Uint32Array(capacity) };
}

function isIn(table: Table, hash: number): boolean {
  return table.hashes[placeOf(table, hash)] === hash;
}

function put(table: Table, hash: number, minute: number): void {
  const place = placeOf(table, hash);
  table.hashes[place] = hash;
  table.seen[place] = minute;
}

/** Where the hash is, or the free place for it. */
function placeOf({ hashes }: Table, hash: number): number {
  const mask = hashes.length - 1;
  let place = (hash % 0x1_0000_0000) & mask;
  for (;;) {
    const there = hashes[place];
    if (there === hash || there === 0) return place;
    place = (place + 1) & mask;
  }
}
