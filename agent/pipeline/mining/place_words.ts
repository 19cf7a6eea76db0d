const none = -1;
const initialPlaces = 1_024;

/**
 * The different words that were seen in a place, up to a number; an open-addressed table over columns that grow with what is in it. (As a
 * Map of Sets it would take half a KiB a place, 16 MiB when it is full.)
 */
export class PlaceWords {
  readonly #placesMax: number;
  readonly #wordsMax: number;
  /** Place of an entry, or none: always twice as many as there are entries at most. */
  #slots = new Int32Array(2 * initialPlaces).fill(none);
  #low: Int32Array<ArrayBuffer> = new Int32Array(initialPlaces);
  #high: Int32Array<ArrayBuffer> = new Int32Array(initialPlaces);
  #counts = new Uint8Array(initialPlaces);
  #words: Int32Array<ArrayBuffer>;
  #places = 0;

  /** `wordsMax`: up to 256. Over `placesMax` places all are forgotten. */
  constructor({ placesMax, wordsMax }: { placesMax: number; wordsMax: number }) {
    this.#placesMax = placesMax;
    this.#wordsMax = wordsMax;
    this.#words = new Int32Array(initialPlaces * (wordsMax - 1));
  }

  /** Adds a word to the place of this key (its two halves); true when it has `wordsMax` of them, which are forgotten then. */
  add(low: number, high: number, word: number): boolean {
    const entry = this.#entryOf(low, high);
    const from = entry * (this.#wordsMax - 1);
    const count = this.#counts[entry] ?? 0;
    for (let i = from; i < from + count; i++) if (this.#words[i] === word) return false;
    if (count === this.#wordsMax - 1) {
      this.#counts[entry] = 0;
      return true;
    }
    this.#words[from + count] = word;
    this.#counts[entry] = count + 1;
    return false;
  }

  clear(): void {
    this.#slots.fill(none);
    this.#places = 0;
  }

  #entryOf(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let slot = slotOf(low, high, mask);
    for (let entry = none; (entry = this.#slots[slot] ?? none) !== none; slot = (slot + 1) & mask)
      if (this.#low[entry] === low && this.#high[entry] === high) return entry;
    if (this.#places === this.#placesMax) {
      this.clear();
      return this.#newEntry(low, high, slotOf(low, high, mask));
    }
    if (this.#places < this.#low.length) return this.#newEntry(low, high, slot);
    this.#grow();
    return this.#entryOf(low, high);
  }

  #newEntry(low: number, high: number, slot: number): number {
    const entry = this.#places++;
    this.#low[entry] = low;
    this.#high[entry] = high;
    this.#counts[entry] = 0;
    this.#slots[slot] = entry;
    return entry;
  }

  #grow(): void {
    this.#low = doubled(this.#low);
    this.#high = doubled(this.#high);
    this.#words = doubled(this.#words);
    const counts = new Uint8Array(2 * this.#counts.length);
    counts.set(this.#counts);
    this.#counts = counts;
    this.#slots = new Int32Array(2 * this.#slots.length).fill(none);
    const mask = this.#slots.length - 1;
    for (let entry = 0; entry < this.#places; entry++) {
      let slot = slotOf(this.#low[entry] ?? 0, this.#high[entry] ?? 0, mask);
      while (this.#slots[slot] !== none) slot = (slot + 1) & mask;
      this.#slots[slot] = entry;
    }
  }
}

function slotOf(low: number, high: number, mask: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  return (mixed ^ (mixed >>> 15)) & mask;
}

function doubled(column: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(2 * column.length);
  grown.set(column);
  return grown;
}
