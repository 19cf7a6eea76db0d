// Hot: guarded by `bench ingest`, `bench remote_write`, `bench labels`.

const capacityMin = 128;
const free = 0;
/** Numbers of the smaller table that are moved with each new one: all are long before the larger one is full. */
const movedAtOnce = 4;
const noTable = new Uint32Array(0);

/**
 * Numbers from 0 on by a hash of 32 bits or more, with open addressing; at most half of the places are taken. Several numbers may have one hash: who looks for
 * one goes through those that seek() and next() give, and compares. A full table is moved to one of twice the size step by step: half a million numbers
 * at once took 60 ms.
 */
export class NumberTable {
  readonly #hashAt: (number: number) => number;
  /** Numbers plus 1. */
  #table = new Uint32Array(capacityMin);
  /** The smaller table while it is moved, with the numbers below #limit; those below #moved are in the other, too. */
  #before = noTable;
  #moved = 0;
  #limit = 0;
  /** Where next() goes on. */
  #hash = 0;
  #at = 0;
  #isInBefore = false;

  /** `hashAt` gives the hash of a number that was added. */
  constructor(hashAt: (number: number) => number) {
    this.#hashAt = hashAt;
  }

  /** Places for numbers, taken or free, of four bytes each. */
  get places(): number {
    return this.#table.length + this.#before.length;
  }

  /** next() gives what may have this hash. */
  seek(hash: number): void {
    this.#hash = hash;
    this.#at = hash & (this.#table.length - 1);
    this.#isInBefore = false;
  }

  /** A number whose hash may be the one sought, or -1 after the last of them. */
  next(): number {
    const table = this.#isInBefore ? this.#before : this.#table;
    const entry = table[this.#at] ?? free;
    if (entry !== free) {
      this.#at = (this.#at + 1) & (table.length - 1);
      return entry - 1;
    }
    if (this.#isInBefore || this.#before === noTable) return -1;
    this.#isInBefore = true;
    this.#at = this.#hash & (this.#before.length - 1);
    return this.next();
  }

  /** Adds the next number: 0, 1, 2 and so on. */
  add(number: number, hash: number): void {
    if (2 * (number + 1) > this.#table.length) {
      this.#move(Infinity);
      this.#before = this.#table;
      this.#moved = 0;
      this.#limit = number;
      this.#table = new Uint32Array(2 * this.#before.length);
    }
    this.#place(number, hash);
    this.#move(movedAtOnce);
  }

  #move(count: number): void {
    if (this.#before === noTable) return;
    const end = Math.min(this.#limit, this.#moved + count);
    for (; this.#moved < end; this.#moved++) this.#place(this.#moved, this.#hashAt(this.#moved));
    if (end === this.#limit) this.#before = noTable;
  }

  #place(number: number, hash: number): void {
    const table = this.#table;
    const mask = table.length - 1;
    let at = hash & mask;
    while (table[at] !== free) at = (at + 1) & mask;
    table[at] = number + 1;
  }
}
