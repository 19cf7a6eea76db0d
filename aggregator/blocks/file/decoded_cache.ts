import { processPressure } from "#shared/runtime/process/memory_pressure.ts";

/** What is kept. Who puts a value in says how much memory it takes. */
type Entry<Value> = { readonly value: Value; readonly bytes: number };

/** How many times what may be kept is much too much. */
const muchShare = 1.1;

type Options = {
  /** Is told how much memory is let go. */
  readonly onEvicted?: (bytes: number) => void;
  /**
   * Lets go any, by chance, rather than the least recently used. Who goes through all there is again and again, a little more than the bound, would
   * find nothing of it: each goes just before it is wanted.
   */
  readonly evictsAny?: boolean;
  /** Of the bound, in bytes, what may be kept now. */
  readonly lendable?: (bytesMax: number) => number;
};

/**
 * Values by key within a bound of bytes, the least recently used go first. Blocks never change, so what was decoded
 * from one is right for as long as it is kept. While the process holds much memory, a quarter of the bound is kept.
 */
export class DecodedCache<Value> {
  readonly #bytesMax: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #options: Options & Required<Pick<Options, "lendable">>;
  #bytes = 0;

  constructor(bytesMax: number, options: Options = {}) {
    this.#bytesMax = bytesMax;
    this.#options = { lendable: (bytes) => processPressure.lendable(bytes), ...options };
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    this.#trim();
    return entry?.value;
  }

  /** What is larger than the bound is not kept, nor what was there of it before it grew. */
  set(key: string, value: Value, bytes: number): void {
    const before = this.#entries.get(key)?.bytes ?? 0;
    this.#bytes -= before;
    this.#entries.delete(key);
    if (bytes > this.#keptMax) {
      this.#options.onEvicted?.(bytes);
      return;
    }
    this.#bytes += bytes;
    this.#entries.set(key, { value, bytes });
    this.#trim();
  }

  /** Lets go of all whose key begins with this. */
  deleteAll(prefix: string): void {
    for (const [key, { bytes }] of this.#entries) {
      if (!key.startsWith(prefix)) continue;
      this.#entries.delete(key);
      this.#bytes -= bytes;
    }
  }

  get #keptMax(): number {
    return this.#options.lendable(this.#bytesMax);
  }

  #trim(): void {
    const keptMax = this.#keptMax;
    if (this.#bytes > keptMax * muchShare) this.#evictMuch(keptMax);
    while (this.#bytes > keptMax) this.#evict();
  }

  /** In one pass: to look for a place by chance again and again takes seconds where there are thousands. */
  #evictMuch(keptMax: number): void {
    const { onEvicted, evictsAny = false } = this.#options;
    const share = evictsAny ? 1 - keptMax / this.#bytes : 1;
    for (const [key, { bytes }] of this.#entries) {
      if (this.#bytes <= keptMax) return;
      if (Math.random() >= share) continue;
      this.#entries.delete(key);
      this.#bytes -= bytes;
      onEvicted?.(bytes);
    }
  }

  #evict(): void {
    const { onEvicted, evictsAny = false } = this.#options;
    let left = evictsAny ? Math.floor(Math.random() * this.#entries.size) : 0;
    for (const [key, { bytes }] of this.#entries)
      if (left-- === 0) {
        this.#entries.delete(key);
        this.#bytes -= bytes;
        onEvicted?.(bytes);
        return;
      }
  }
}
