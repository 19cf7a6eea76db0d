/** The furthest that a sample may lie ahead of the scrape, and behind it where it is its series' newest; as in Prometheus. */
const aheadMaxMs = 600_000;
const behindMaxMs = 3_600_000;
const columnsMin = 64;

export type OwnTimeVerdict = "new" | "known" | "conflict" | "out_of_bounds" | "too_old";

/** The newest sample with a timestamp of its own, by column; and whether the next one may be stored. */
export class OwnTimes {
  readonly #outOfOrderMs: number;
  /** Empty for most targets, whose samples have no times. */
  #timestampsMs = new Float64Array(0);
  #values = new Float64Array(0);

  /** `outOfOrderMs`: how late a sample may be that is not its series' newest. */
  constructor(outOfOrderMs: number) {
    this.#outOfOrderMs = outOfOrderMs;
  }

  /** Judges a sample, and remembers it when it is the newest. `isInRow`: the scrape has one without a time as well. */
  take(
    column: number,
    timestampMs: number,
    value: number,
    scrapeMs: number,
    isInRow: boolean,
  ): OwnTimeVerdict {
    if (timestampMs > scrapeMs + aheadMaxMs) return "out_of_bounds";
    if (column >= this.#values.length) this.#grow(column);
    const last = this.#timestampsMs[column] ?? -Infinity;
    // The same sample exposed again, as caches do: stored already, so neither new nor lost.
    if (timestampMs === last) return Object.is(value, this.#values[column]) ? "known" : "conflict";
    if (isInRow && timestampMs === scrapeMs) return "conflict";
    const behindMs = scrapeMs - timestampMs;
    if (timestampMs < last || (isInRow && behindMs > 0))
      return this.#outOfOrderMs > 0 && behindMs <= this.#outOfOrderMs ? "new" : "too_old";
    if (behindMs > Math.max(this.#outOfOrderMs, behindMaxMs)) return "too_old";
    this.#timestampsMs[column] = timestampMs;
    this.#values[column] = value;
    return "new";
  }

  /** With these columns alone, in this order. */
  keep(columns: readonly number[]): void {
    const timestampsMs = Float64Array.from(
      columns,
      (column) => this.#timestampsMs[column] ?? -Infinity,
    );
    const values = Float64Array.from(columns, (column) => this.#values[column] ?? 0);
    this.#timestampsMs.fill(-Infinity);
    this.#timestampsMs.set(timestampsMs.subarray(0, this.#timestampsMs.length));
    this.#values.set(values.subarray(0, this.#values.length));
  }

  #grow(column: number): void {
    const length = Math.max(columnsMin, 2 * column);
    const timestampsMs = new Float64Array(length).fill(-Infinity);
    const values = new Float64Array(length);
    timestampsMs.set(this.#timestampsMs);
    values.set(this.#values);
    this.#timestampsMs = timestampsMs;
    this.#values = values;
  }
}
