// Hot: guarded by `bench remote_write`.

const empty = 0;
const slotsFirst = 512;
/** Slots of the smaller table that are moved with each new key: all are long before the larger one is full. */
const movedAtOnce = 8;

/** By slot: the halves of a hash, and the number plus 1 or empty. At most half are taken. */
type Slots = {
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  readonly numbers: Int32Array;
};

/**
 * Numbers by byte strings, which are known by 64 bits of a hash and nothing else: no string is made, no key is kept. Its seed is
 * the table's own and secret, so nobody can prepare two keys of one hash; that two of a million meet by chance has odds of
 * one to 30 million. The hash is native, because loops over bytes were measured slower than a Map of strings here. A full table is
 * moved to one of twice the size step by step: a quarter of a million keys at once took 50 ms.
 */
export class ByteAliases {
  size = 0;
  readonly #seed = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
  readonly #hash = new BigUint64Array(1);
  readonly #hashWords = new Int32Array(this.#hash.buffer);
  #slots = newSlots(slotsFirst);
  /** The smaller table while it is moved; its slots before #moved are done with. */
  #before: Slots | undefined;
  #moved = 0;

  clear(): void {
    this.size = 0;
    this.#before = undefined;
    if (this.#slots.numbers.length === slotsFirst) this.#slots.numbers.fill(empty);
    else this.#slots = newSlots(slotsFirst);
  }

  /** The number of the bytes [start, end), or undefined. */
  get(bytes: Uint8Array, start: number, end: number): number | undefined {
    this.#hashOf(bytes, start, end);
    const [low = 0, high = 0] = [this.#hashWords[0], this.#hashWords[1]];
    let number = this.#slots.numbers[slotOf(this.#slots, low, high)] ?? empty;
    if (number === empty && this.#before !== undefined)
      number = this.#before.numbers[slotOf(this.#before, low, high)] ?? empty;
    return number === empty ? undefined : number - 1;
  }

  /** `number` is 0 or above. */
  set(bytes: Uint8Array, start: number, end: number, number: number): void {
    this.#hashOf(bytes, start, end);
    const [low = 0, high = 0] = [this.#hashWords[0], this.#hashWords[1]];
    const slots = this.#slots;
    const slot = slotOf(slots, low, high);
    if (slots.numbers[slot] === empty && !this.#isBefore(low, high)) this.size++;
    put(slots, slot, low, high, number + 1);
    this.#move(movedAtOnce);
    if (2 * this.size < slots.numbers.length) return;
    this.#move(Infinity);
    this.#before = slots;
    this.#moved = 0;
    this.#slots = newSlots(2 * slots.numbers.length);
  }

  #isBefore(low: number, high: number): boolean {
    const before = this.#before;
    return before !== undefined && before.numbers[slotOf(before, low, high)] !== empty;
  }

  /** Moves the next slots of the smaller table; what was set since is newer. */
  #move(count: number): void {
    const before = this.#before;
    if (before === undefined) return;
    const end = Math.min(before.numbers.length, this.#moved + count);
    for (let from = this.#moved; from < end; from++) {
      const number = before.numbers[from] ?? empty;
      if (number === empty) continue;
      const [low = 0, high = 0] = [before.lows[from], before.highs[from]];
      const slot = slotOf(this.#slots, low, high);
      if (this.#slots.numbers[slot] === empty) put(this.#slots, slot, low, high, number);
    }
    this.#moved = end;
    if (end === before.numbers.length) this.#before = undefined;
  }

  /** Leaves the hash in #hashWords. */
  #hashOf(bytes: Uint8Array, start: number, end: number): void {
    this.#hash[0] = Bun.hash.wyhash(bytes.subarray(start, end), this.#seed);
  }
}

function newSlots(capacity: number): Slots {
  return {
    lows: new Int32Array(capacity),
    highs: new Int32Array(capacity),
    numbers: new Int32Array(capacity),
  };
}

/** Where the hash is, or the empty slot in which it belongs. */
function slotOf({ lows, highs, numbers }: Slots, low: number, high: number): number {
  const mask = numbers.length - 1;
  let slot = low & mask;
  while (numbers[slot] !== empty && (lows[slot] !== low || highs[slot] !== high))
    slot = (slot + 1) & mask;
  return slot;
}

function put(slots: Slots, slot: number, low: number, high: number, number: number): void {
  slots.lows[slot] = low;
  slots.highs[slot] = high;
  slots.numbers[slot] = number;
}
