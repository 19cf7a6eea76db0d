import { ByteQueue } from "./byte_queue.ts";
import type { MemoryBudget } from "./memory_budget.ts";

const newline = 0x0a;

/** Finds lines among the bytes of a connection. */
export class LineFraming {
  readonly #queue: ByteQueue;
  readonly #bytesMax: number;
  readonly #take: (bytes: Buffer, start: number, end: number) => void;
  readonly #tooLong: () => void;
  #isSkipping = false;

  /** `take` gets some whole lines at once, which hold until it returns; `tooLong` is called for each line over `bytesMax` that is skipped. */
  constructor(
    bytesMax: number,
    memory: MemoryBudget,
    {
      take,
      tooLong,
    }: {
      readonly take: (bytes: Buffer, start: number, end: number) => void;
      readonly tooLong: () => void;
    },
  ) {
    this.#queue = new ByteQueue(memory);
    this.#bytesMax = bytesMax;
    this.#take = take;
    this.#tooLong = tooLong;
  }

  /** Throws OperatingError("overloaded") when the receivers hold too much. */
  push(chunk: Uint8Array): void {
    this.#queue.append(chunk);
    const { bytes } = this.#queue;
    let start = 0;
    if (this.#isSkipping) {
      const end = bytes.indexOf(newline);
      this.#isSkipping = end < 0;
      start = end < 0 ? bytes.length : end + 1;
    }
    const end = bytes.lastIndexOf(newline) + 1;
    if (end > start) {
      this.#take(bytes, start, end);
      start = end;
    }
    if (bytes.length - start > this.#bytesMax) {
      this.#isSkipping = true;
      this.#tooLong();
      start = bytes.length;
    }
    this.#queue.consume(start);
  }

  /** A last line without an end is one, too. */
  end(): void {
    const { bytes } = this.#queue;
    if (bytes.length > 0 && !this.#isSkipping) this.#take(bytes, 0, bytes.length);
    this.#queue.close();
  }
}
