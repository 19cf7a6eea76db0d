import type { MemoryBudget } from "./memory_budget.ts";

const firstBytes = 4_096;

/**
 * Bytes of a connection that wait until they make a whole message, in one buffer that doubles; what it holds is taken from the
 * memory of all receivers. Views of it hold until the next append().
 */
export class ByteQueue {
  readonly #memory: MemoryBudget;
  #buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  constructor(memory: MemoryBudget) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** The bytes that wait. */
  get bytes(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Throws OperatingError("overloaded") when all receivers together hold too much. */
  append(chunk: Uint8Array): void {
    const length = this.length + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) this.#makeRoom(length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /** Lets go of the first `count` bytes. */
  consume(count: number): void {
    this.#start += count;
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
  }

  close(): void {
    this.#memory.giveBack(this.#buffer.length);
    this.#buffer = Buffer.alloc(0);
    this.#start = 0;
    this.#end = 0;
  }

  #makeRoom(length: number): void {
    let size = Math.max(firstBytes, this.#buffer.length);
    // Half of it may be consumed bytes, so that moving what waits costs no more than what came.
    while (size < 2 * length) size *= 2;
    if (size > this.#buffer.length) this.#memory.take(size - this.#buffer.length);
    const grown = size > this.#buffer.length ? Buffer.allocUnsafe(size) : this.#buffer;
    this.#buffer.copy(grown, 0, this.#start, this.#end);
    this.#buffer = grown;
    this.#end -= this.#start;
    this.#start = 0;
  }
}
