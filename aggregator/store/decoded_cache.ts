/** What is kept: how much memory it takes is told by whoever puts it in. */
type Entry<Value> = { readonly value: Value; readonly bytes: number };

/**
 * Values by key within a bound of bytes, the least recently used go first. Blocks never change, so what was decoded
 * from one is right for as long as it is kept.
 */
export class DecodedCache<Value> {
  readonly #bytesMax: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #onEvicted: ((bytes: number) => void) | undefined;
  #bytes = 0;

  /** `onEvicted` is told how much memory is let go. */
  constructor(bytesMax: number, onEvicted?: (bytes: number) => void) {
    this.#bytesMax = bytesMax;
    this.#onEvicted = onEvicted;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** What is larger than the bound is not kept, nor what was there of it before it grew. */
  set(key: string, value: Value, bytes: number): void {
    const before = this.#entries.get(key)?.bytes ?? 0;
    this.#bytes -= before;
    this.#entries.delete(key);
    if (bytes > this.#bytesMax) {
      this.#onEvicted?.(bytes);
      return;
    }
    this.#bytes += bytes;
    this.#entries.set(key, { value, bytes });
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) break;
      this.#entries.delete(oldest);
      this.#bytes -= entry.bytes;
      this.#onEvicted?.(entry.bytes);
    }
  }
}
