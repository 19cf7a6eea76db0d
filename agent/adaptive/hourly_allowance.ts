const hourMs = 3_600_000;

/** So much an hour, all of it at once if need be; what was taken comes back evenly. */
export class HourlyAllowance {
  readonly #max: number;
  #left: number;
  #lastMs: number | undefined;

  constructor(max: number) {
    this.#max = max;
    this.#left = max;
  }

  /** Whether there was enough left, by a clock that never goes back; then it is taken. */
  take(amount: number, monotonicMs: number): boolean {
    const sinceMs = monotonicMs - (this.#lastMs ?? monotonicMs);
    this.#lastMs = monotonicMs;
    this.#left = Math.min(this.#max, this.#left + (this.#max * sinceMs) / hourMs);
    if (this.#left < amount) return false;
    this.#left -= amount;
    return true;
  }
}
