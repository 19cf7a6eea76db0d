import { ByteQueue } from "../transport/byte_queue.ts";
import type { MemoryBudget } from "../transport/memory_budget.ts";

/** Messages that end at a NUL, as GELF over TCP has them; a longer one than the limit is skipped and told. */
export class NullFraming {
  readonly #queue: ByteQueue;
  readonly #bytesMax: number;
  readonly #onMessage: (message: Buffer) => void;
  readonly #onTooLong: () => void;
  #scanned = 0;
  #isSkipping = false;

  constructor(
    bytesMax: number,
    memory: MemoryBudget,
    on: { readonly message: (message: Buffer) => void; readonly tooLong: () => void },
  ) {
    this.#queue = new ByteQueue(memory);
    this.#bytesMax = bytesMax;
    this.#onMessage = on.message;
    this.#onTooLong = on.tooLong;
  }

  /** Messages are views that hold until the call returns. Throws OperatingError("overloaded"). */
  push(chunk: Uint8Array): void {
    this.#queue.append(chunk);
    for (;;) {
      const { bytes } = this.#queue;
      const end = bytes.indexOf(0, this.#scanned);
      const length = end < 0 ? bytes.length : end;
      if (length > this.#bytesMax && !this.#isSkipping) {
        this.#isSkipping = true;
        this.#onTooLong();
      }
      if (end < 0) {
        if (this.#isSkipping) this.#queue.consume(length);
        this.#scanned = this.#queue.length;
        return;
      }
      if (!this.#isSkipping && end > 0) this.#onMessage(bytes.subarray(0, end));
      this.#isSkipping = false;
      this.#scanned = 0;
      this.#queue.consume(end + 1);
    }
  }

  /** A last message without its NUL is one, too. */
  end(): void {
    const { bytes } = this.#queue;
    if (bytes.length > 0 && !this.#isSkipping) this.#onMessage(bytes);
    this.#queue.close();
  }
}
