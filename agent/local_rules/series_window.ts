import type { FineMarks } from "#shared/model/metrics.ts";
import type { Labels } from "#shared/model/labels.ts";

/** Samples that may be taken by all windows together. */
export type SampleBudget = { left: number };

const firstLength = 4;

/** The last samples of one series, oldest first: parallel columns that grow up to a budget; there the oldest sample goes. */
export class SeriesWindow {
  /** Without the metric's name. */
  readonly labels: Labels;
  /** Unix milliseconds, ascending; valid from `from` to `to`. */
  timesMs = new Float64Array(1);
  values = new Float64Array(1);
  fine: FineMarks | undefined;
  from = 0;
  to = 0;
  /** When its last stale marker came. */
  staleMs = Number.NEGATIVE_INFINITY;
  /** Whether the store still knows it. */
  isListed = true;
  readonly #budget: SampleBudget;

  /** Takes one sample of the budget. */
  constructor(labels: Labels, budget: SampleBudget) {
    this.labels = labels;
    this.#budget = budget;
    budget.left -= 1;
  }

  get lastMs(): number {
    return this.to > this.from ? (this.timesMs[this.to - 1] ?? 0) : Number.NEGATIVE_INFINITY;
  }

  /** Appends a sample, and forgets those that are not younger than `keepMs` before it, but not itself. False where one had to go too early. */
  add(timeMs: number, value: number, keepMs: number, isFine = false): boolean {
    // What comes late, or twice, changes nothing.
    if (timeMs <= this.lastMs) return true;
    const startMs = timeMs - keepMs;
    while (this.from < this.to && (this.timesMs[this.from] ?? 0) <= startMs) this.from++;
    if (this.from === this.to) this.from = this.to = 0;
    const isWhole = this.#makeRoom();
    this.timesMs[this.to] = timeMs;
    this.values[this.to] = value;
    if (isFine) this.fine ??= new Uint8Array(this.values.length);
    if (this.fine !== undefined) this.fine[this.to] = isFine ? 1 : 0;
    this.to++;
    return isWhole;
  }

  /** The index of the first sample after `timeMs`. */
  after(timeMs: number): number {
    let at = this.from;
    while (at < this.to && (this.timesMs[at] ?? 0) <= timeMs) at++;
    return at;
  }

  /** Gives its part of the budget back; it holds no samples afterwards. */
  release(): void {
    this.#budget.left += this.timesMs.length;
    this.timesMs = new Float64Array(0);
    this.values = new Float64Array(0);
    this.fine = undefined;
    this.from = this.to = 0;
    this.isListed = false;
  }

  #makeRoom(): boolean {
    const length = this.timesMs.length;
    if (this.to < length) return true;
    if (this.from * 2 >= length && this.from > 0) {
      this.#shift();
      return true;
    }
    const longer = length === 0 ? 1 : Math.max(firstLength, 2 * length);
    if (this.#budget.left < longer - length) {
      const isWhole = this.from > 0;
      if (!isWhole) this.from++;
      this.#shift();
      return isWhole;
    }
    this.#budget.left -= longer - length;
    const [timesMs, values] = [new Float64Array(longer), new Float64Array(longer)];
    timesMs.set(this.timesMs.subarray(this.from, this.to));
    values.set(this.values.subarray(this.from, this.to));
    [this.timesMs, this.values] = [timesMs, values];
    if (this.fine !== undefined) {
      const fine = new Uint8Array(longer);
      fine.set(this.fine.subarray(this.from, this.to));
      this.fine = fine;
    }
    [this.from, this.to] = [0, this.to - this.from];
    return true;
  }

  #shift(): void {
    this.timesMs.copyWithin(0, this.from, this.to);
    this.values.copyWithin(0, this.from, this.to);
    this.fine?.copyWithin(0, this.from, this.to);
    [this.from, this.to] = [0, this.to - this.from];
  }
}
