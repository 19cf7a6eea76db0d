/** A power of two: what a sender repeats is a few kinds of a few programs. */
const slots = 4_096;

type Entry<Known> = {
  readonly bytes: Uint8Array;
  readonly also: number;
  readonly known: Known;
};

/**
 * What is known of byte strings that come again and again, such as heads of messages, together with a number. Exact: the bytes are compared. Bounded:
 * what is newer takes the place of what has the same slot. For short strings; a loop costs less than a string of them.
 */
export class ByteMemo<Known> {
  readonly #entries: (Entry<Known> | undefined)[] = Array.from({ length: slots }, () => undefined);
  /** By slot the hash of what was told last: what comes once only costs no entry. */
  readonly #told = new Int32Array(slots);

  /** What set() was told of the bytes [start, end) and the number, if it is still there. */
  get(bytes: Uint8Array, start: number, end: number, also: number): Known | undefined {
    const entry = this.#entries[slotOf(hashOf(bytes, start, end, also))];
    if (entry === undefined || entry.also !== also) return undefined;
    const own = entry.bytes;
    if (own.length !== end - start) return undefined;
    for (let i = 0; i < own.length; i++) if (own[i] !== bytes[start + i]) return undefined;
    return entry.known;
  }

  /** Remembers it, from the second time on. */
  set(bytes: Uint8Array, start: number, end: number, also: number, known: Known): void {
    const hash = hashOf(bytes, start, end, also);
    const slot = slotOf(hash);
    if (this.#told[slot] === hash)
      this.#entries[slot] = { bytes: bytes.slice(start, end), also, known };
    this.#told[slot] = hash;
  }
}

const prime = 0x01000193;

/** FNV-1a, with its bits mixed at the end. */
function hashOf(bytes: Uint8Array, start: number, end: number, also: number): number {
  let hash = 0x811c9dc5 ^ also;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), prime);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

function slotOf(hash: number): number {
  return hash >>> 20;
}
