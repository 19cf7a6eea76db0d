import { OperatingError } from "#shared/errors.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import { processGarbage } from "#shared/runtime/process/garbage.ts";

/** What all requests together may hold in memory; the one that would pass it is told to come again. */
export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #churn: Churn;
  #bytes = 0;

  constructor(bytesMax: number, churn = new Churn({ collect: () => processGarbage.look() })) {
    this.#bytesMax = bytesMax;
    this.#churn = churn;
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

  /** What was held is garbage now. */
  giveBack(bytes: number): void {
    this.#bytes -= bytes;
    this.#churn.add(bytes);
  }
}
