import { processPressure } from "#shared/runtime/process/memory_pressure.ts";

/** What is kept. Who puts a value in says how much memory it takes. */
type Entry<Value> = { readonly value: Value; readonly bytes: number };

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
    while (this.#bytes > keptMax) this.#evict();
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
