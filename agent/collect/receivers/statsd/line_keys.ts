import type { LinePart } from "./line_reader.ts";

/** How far from its slot a key may lie: also with keys that someone chose to meet there, a look takes so long at most. */
const probesMax = 16;
const firstSlots = 1_024;
const firstBytes = 64 * 1_024;
/** No line has it, so it parts the pieces of a key. */
const newline = 0x0a;
const prime = 0x01000193;
/** Result of get() for what is not there. */
export const unknownKey = -1;

/**
 * Numbers by what names a series in a line: name, type, tags and container as they were sent. Exact, because the bytes are
 * compared, and no text is made. It may forget: over its bound all of it, beyond sixteen keys of one hash the newest before.
 */
export class LineKeys {
  readonly #keysMax: number;
  readonly #bytesMax: number;
  readonly #seed = crypto.getRandomValues(new Int32Array(1))[0] ?? 0;
  #keys = 0;
  #used = 0;
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  #numbers = new Int32Array(firstSlots).fill(unknownKey);
  #hashes = new Int32Array(firstSlots);
  #starts = new Uint32Array(firstSlots);
  #hash = 0;

  constructor({ keysMax, bytesMax }: { readonly keysMax: number; readonly bytesMax: number }) {
    this.#keysMax = keysMax;
    this.#bytesMax = bytesMax;
  }

  get size(): number {
    return this.#keys;
  }

  clear(): void {
    this.#keys = 0;
    this.#used = 0;
    this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.#numbers = new Int32Array(firstSlots).fill(unknownKey);
    this.#hashes = new Int32Array(firstSlots);
    this.#starts = new Uint32Array(firstSlots);
  }

  /** The number that set() was given for the part's series, or unknownKey. `hasContainer`: whether that is a part of the key. */
  get(bytes: Uint8Array, part: LinePart, hasContainer: boolean): number {
    const slot = this.#find(bytes, part, hasContainer);
    return slot < 0 ? unknownKey : (this.#numbers[slot] ?? unknownKey);
  }

  /** `number` is 0 or above. */
  set(bytes: Uint8Array, part: LinePart, hasContainer: boolean, number: number): void {
    const container = hasContainer ? part.containerEnd - part.containerStart : 0;
    const length =
      part.nameEnd - part.nameStart + part.tagsEnd - part.tagsStart + container + lettersOfType + 3;
    if (this.#used + length > this.#bytesMax || this.#keys >= this.#keysMax) this.clear();
    if (2 * this.#keys >= this.#numbers.length) this.#grow();
    const found = this.#find(bytes, part, hasContainer);
    const slot = found < 0 ? ~found : found;
    if (this.#numbers[slot] === unknownKey) this.#keys++;
    if (found < 0) {
      this.#hashes[slot] = this.#hash;
      this.#starts[slot] = this.#append(bytes, part, hasContainer, length);
    }
    this.#numbers[slot] = number;
  }

  /** The key's slot; where it is not there, ~ of the slot that it would take. Leaves its hash in #hash. */
  #find(bytes: Uint8Array, part: LinePart, hasContainer: boolean): number {
    let hash = this.#seed ^ part.type;
    for (let i = part.nameStart; i < part.nameEnd; i++)
      hash = Math.imul(hash ^ (bytes[i] ?? 0), prime);
    for (let i = part.tagsStart; i < part.tagsEnd; i++)
      hash = Math.imul(hash ^ (bytes[i] ?? 0), prime);
    if (hasContainer)
      for (let i = part.containerStart; i < part.containerEnd; i++)
        hash = Math.imul(hash ^ (bytes[i] ?? 0), prime);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    hash ^= hash >>> 13;
    this.#hash = hash;
    const mask = this.#numbers.length - 1;
    let slot = hash & mask;
    for (let probe = 0; probe < probesMax; probe++) {
      if (this.#numbers[slot] === unknownKey) return ~slot;
      if (
        this.#hashes[slot] === hash &&
        this.#isAt(this.#starts[slot] ?? 0, bytes, part, hasContainer)
      )
        return slot;
      slot = (slot + 1) & mask;
    }
    return ~((slot - 1) & mask);
  }

  #isAt(start: number, bytes: Uint8Array, part: LinePart, hasContainer: boolean): boolean {
    const own = this.#bytes;
    let from = start;
    if (own[from++] !== part.type) return false;
    for (let i = part.nameStart; i < part.nameEnd; i++) if (own[from++] !== bytes[i]) return false;
    if (own[from++] !== newline) return false;
    for (let i = part.tagsStart; i < part.tagsEnd; i++) if (own[from++] !== bytes[i]) return false;
    if (own[from++] !== newline) return false;
    if (hasContainer)
      for (let i = part.containerStart; i < part.containerEnd; i++)
        if (own[from++] !== bytes[i]) return false;
    return own[from] === newline;
  }

  #append(bytes: Uint8Array, part: LinePart, hasContainer: boolean, length: number): number {
    const start = this.#used;
    if (start + length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(2 * Math.max(this.#bytes.length, length));
      this.#bytes.copy(grown, 0, 0, start);
      this.#bytes = grown;
    }
    const own = this.#bytes;
    let to = start;
    own[to++] = part.type;
    for (let i = part.nameStart; i < part.nameEnd; i++) own[to++] = bytes[i] ?? 0;
    own[to++] = newline;
    for (let i = part.tagsStart; i < part.tagsEnd; i++) own[to++] = bytes[i] ?? 0;
    own[to++] = newline;
    if (hasContainer)
      for (let i = part.containerStart; i < part.containerEnd; i++) own[to++] = bytes[i] ?? 0;
    own[to++] = newline;
    this.#used = to;
    return start;
  }

  #grow(): void {
    const [numbers, hashes, starts] = [this.#numbers, this.#hashes, this.#starts];
    const capacity = 2 * numbers.length;
    this.#numbers = new Int32Array(capacity).fill(unknownKey);
    this.#hashes = new Int32Array(capacity);
    this.#starts = new Uint32Array(capacity);
    this.#keys = 0;
    const mask = capacity - 1;
    for (let from = 0; from < numbers.length; from++) {
      if (numbers[from] === unknownKey) continue;
      const hash = hashes[from] ?? 0;
      let slot = hash & mask;
      let probe = 1;
      for (; probe < probesMax && this.#numbers[slot] !== unknownKey; probe++)
        slot = (slot + 1) & mask;
      if (this.#numbers[slot] !== unknownKey) continue;
      this.#numbers[slot] = numbers[from] ?? unknownKey;
      this.#hashes[slot] = hash;
      this.#starts[slot] = starts[from] ?? 0;
      this.#keys++;
    }
  }
}

const lettersOfType = 1;
