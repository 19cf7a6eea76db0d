import { OperatingError } from "#shared/errors.ts";
import { processGarbage } from "#shared/runtime/process/garbage.ts";

/** What requests give back between two looks for garbage, and how long those lie apart at least. */
const churnMaxBytes = 64 * 1024 ** 2;
const restMs = 1_000;

type Options = {
  /** Begins to collect garbage where the process has grown by much, without stopping it for that. */
  readonly collect?: () => void;
  readonly monotonic?: () => number;
};

const runtime: Required<Options> = {
  collect: () => processGarbage.look(),
  monotonic: () => performance.now(),
};

/** What all requests together may hold in memory; the one that would pass it is told to come again. */
export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #options: Required<Options>;
  #bytes = 0;
  #churnBytes = 0;
  #restsUntilMs = -Infinity;

  constructor(bytesMax: number, options: Options = {}) {
    this.#bytesMax = bytesMax;
    this.#options = { ...runtime, ...options };
  }

  /** What is taken now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws OperatingError("overloaded"). What is taken must be given back. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#bytesMax)
      throw new OperatingError(
        "overloaded",
        `requests hold ${this.#bytes} bytes, and ${bytes} more would pass the limit of ${this.#bytesMax}`,
      );
    this.#bytes += bytes;
  }

  /**
   * What was held is garbage now. On machines with much memory the runtime looks for that only when its heap is three times what was in
   * use, so that some large requests would leave more behind than `bytesMax`.
   */
  giveBack(bytes: number): void {
    this.#bytes -= bytes;
    this.#churnBytes += bytes;
    if (this.#churnBytes < churnMaxBytes) return;
    const { collect, monotonic } = this.#options;
    const nowMs = monotonic();
    if (nowMs < this.#restsUntilMs) return;
    this.#restsUntilMs = nowMs + restMs;
    this.#churnBytes = 0;
    collect();
  }
}
