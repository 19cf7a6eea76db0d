type DeltaSum = { total: number; lastMs: number };
type Change = {
  readonly sum: DeltaSum;
  readonly added: number;
  readonly beforeMs: number;
};

/** After so long without a point a sum begins again, as senders of deltas forget series, too. */
const staleMs = 300_000;

/**
 * Running sums of series that are sent as differences, so that they are stored as counters. A request's changes are taken back
 * when it could not be stored, because the sender brings them again.
 */
export class DeltaSums {
  readonly #sumsMax: number;
  readonly #sums = new Map<string, DeltaSum>();
  #changes: Change[] = [];
  #sweptMs = 0;

  constructor(sumsMax: number) {
    this.#sumsMax = sumsMax;
  }

  /** Opens a request; drops sums that nobody adds to any more. */
  begin(nowMs: number): void {
    this.#changes = [];
    if (Math.abs(nowMs - this.#sweptMs) < staleMs) return;
    this.#sweptMs = nowMs;
    for (const [key, { lastMs }] of this.#sums)
      if (lastMs < nowMs - 2 * staleMs) this.#sums.delete(key);
  }

  /** The total after `difference`; "late" for one that is not newer than the last, "full" where no more sums fit. */
  add(key: string, timestampMs: number, difference: number): number | "late" | "full" {
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      if (this.#sums.size >= this.#sumsMax) return "full";
      sum = { total: 0, lastMs: -Infinity };
      this.#sums.set(key, sum);
    }
    if (timestampMs <= sum.lastMs) return "late";
    if (timestampMs - sum.lastMs > staleMs) sum.total = 0;
    this.#changes.push({ sum, added: difference, beforeMs: sum.lastMs });
    sum.total += difference;
    sum.lastMs = timestampMs;
    return sum.total;
  }

  /** What this request changed, to be handed to undo(). */
  changes(): readonly Change[] {
    return this.#changes;
  }

  undo(changes: readonly Change[]): void {
    for (const { sum, added, beforeMs } of changes.toReversed()) {
      sum.total -= added;
      sum.lastMs = beforeMs;
    }
  }
}
