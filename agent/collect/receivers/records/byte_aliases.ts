const empty = 0;
const slotsFirst = 512;

type Slots = Int32Array<ArrayBuffer>;

/**
 * Numbers by byte strings, which are known by 64 bits of a hash and nothing else: no string is made, no key is kept. Its seed is
 * the table's own and secret, so nobody can prepare two keys of one hash; that two of a million meet by chance has odds of
 * one to 30 million. The hash is native, because loops over bytes were measured slower than a Map of strings here.
 */
export class ByteAliases {
  size = 0;
  readonly #seed = crypto.getRandomValues(new BigUint64Array(1))[0] ?? 0n;
  readonly #hash = new BigUint64Array(1);
  readonly #hashWords = new Int32Array(this.#hash.buffer);
  /** By slot: the halves of the hash, and the number plus 1 or empty. At most half are taken. */
  #lows = new Int32Array(slotsFirst);
  #highs = new Int32Array(slotsFirst);
  #numbers = new Int32Array(slotsFirst);

  clear(): void {
    this.size = 0;
    if (this.#numbers.length === slotsFirst) this.#numbers.fill(empty);
    else [this.#lows, this.#highs, this.#numbers] = slots(slotsFirst);
  }

  /** The number of the bytes [start, end), or undefined. */
  get(bytes: Uint8Array, start: number, end: number): number | undefined {
    const number = this.#numbers[this.#slotOf(bytes, start, end)] ?? empty;
    return number === empty ? undefined : number - 1;
  }

  /** `number` is 0 or above. */
  set(bytes: Uint8Array, start: number, end: number, number: number): void {
    const slot = this.#slotOf(bytes, start, end);
    const isNew = this.#numbers[slot] === empty;
    this.#lows[slot] = this.#hashWords[0] ?? 0;
    this.#highs[slot] = this.#hashWords[1] ?? 0;
    this.#numbers[slot] = number + 1;
    if (isNew && 2 * ++this.size >= this.#numbers.length) this.#grow();
  }

  /** Where the key is, or the empty slot in which it belongs. Leaves its hash in #hashWords. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    this.#hash[0] = Bun.hash.wyhash(bytes.subarray(start, end), this.#seed);
    const [low = 0, high = 0] = [this.#hashWords[0], this.#hashWords[1]];
    const mask = this.#numbers.length - 1;
    let slot = low & mask;
    while (
      this.#numbers[slot] !== empty &&
      (this.#lows[slot] !== low || this.#highs[slot] !== high)
    )
      slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const capacity = 2 * this.#numbers.length;
    const [lows, highs, numbers] = slots(capacity);
    for (let from = 0; from < this.#numbers.length; from++) {
      const number = this.#numbers[from] ?? empty;
      if (number === empty) continue;
      let slot = (this.#lows[from] ?? 0) & (capacity - 1);
      while (numbers[slot] !== empty) slot = (slot + 1) & (capacity - 1);
      lows[slot] = this.#lows[from] ?? 0;
      highs[slot] = this.#highs[from] ?? 0;
      numbers[slot] = number;
    }
    this.#lows = lows;
    this.#highs = highs;
    this.#numbers = numbers;
  }
}

function slots(capacity: number): readonly [lows: Slots, highs: Slots, numbers: Slots] {
  return [new Int32Array(capacity), new Int32Array(capacity), new Int32Array(capacity)];
}
