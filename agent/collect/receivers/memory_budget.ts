import { OperatingError } from "#shared/errors.ts";

/** What all requests together may hold in memory; the one that would pass it is told to come again. */
export class MemoryBudget {
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
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

  giveBack(bytes: number): void {
    this.#bytes -= bytes;
  }
}
