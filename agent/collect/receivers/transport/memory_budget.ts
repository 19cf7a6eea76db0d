import { OperatingError } from "#shared/errors.ts";
import { Churn } from "#shared/runtime/process/churn.ts";
import { processGarbage } from "#shared/runtime/process/garbage.ts";
import { processPressure } from "#shared/runtime/process/memory_pressure.ts";

/** Of a bound, in bytes, what may be lent now. */
type Lendable = (bytesMax: number) => number;
type Options = { readonly churn?: Churn; readonly lendable?: Lendable };

/**
 * What all requests together may hold in memory. One that would exceed it is refused and may come again later. While the process holds much memory,
 * a request is also refused where others hold a quarter of it.
 */
export class MemoryBudget {
  readonly #bytesMax: number;
  readonly #churn: Churn;
  readonly #lendable: Lendable;
  #bytes = 0;

  constructor(bytesMax: number, { churn, lendable }: Options = {}) {
    this.#bytesMax = bytesMax;
    this.#churn = churn ?? new Churn({ collect: () => processGarbage.look() });
    this.#lendable = lendable ?? ((bytes) => processPressure.lendable(bytes));
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
    const lendable = this.#lendable(this.#bytesMax);
    if (this.#bytes >= lendable)
      throw new OperatingError(
        "overloaded",
        `the process holds more memory than memory_high, and requests hold ${this.#bytes} bytes: they may hold ${lendable} until it is less`,
      );
    this.#bytes += bytes;
  }

  /** What was held is garbage now. */
  giveBack(bytes: number): void {
    this.#bytes -= bytes;
    this.#churn.add(bytes);
  }
}
