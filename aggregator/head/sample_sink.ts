import { wordsOf } from "#shared/model/special_values.ts";

/**
 * Collects one series' samples out of its tables, and gives them sorted by time, each time once. Reused from series to
 * series. Values are kept as words: a number would lose a NaN's payload.
 */
export class SampleSink {
  count = 0;
  #timestampsMs = new Float64Array(64);
  #arrivals = new Float64Array(64);
  #tables = new Uint32Array(64);
  #values = new Float64Array(64);
  /** The words of #values. */
  #words = wordsOf(this.#values);
  #table = 0;
  #isAscending = true;

  clear(): void {
    this.count = 0;
    this.#isAscending = true;
  }

  /** What is pushed from now on comes from the series' `table`th table. */
  from(table: number): void {
    this.#table = table;
  }

  push(timestampMs: number, low: number, high: number, arrival: number): void {
    const at = this.count++;
    if (at === this.#timestampsMs.length) this.#grow();
    if (at > 0 && timestampMs <= (this.#timestampsMs[at - 1] ?? 0)) this.#isAscending = false;
    this.#timestampsMs[at] = timestampMs;
    this.#arrivals[at] = arrival;
    this.#tables[at] = this.#table;
    this.#words[2 * at] = low;
    this.#words[2 * at + 1] = high;
  }

  #grow(): void {
    const { length } = this.#timestampsMs;
    const [times, arrivals, tables] = [this.#timestampsMs, this.#arrivals, this.#tables];
    const values = this.#values;
    this.#timestampsMs = new Float64Array(2 * length);
    this.#timestampsMs.set(times);
    this.#arrivals = new Float64Array(2 * length);
    this.#arrivals.set(arrivals);
    this.#tables = new Uint32Array(2 * length);
    this.#tables.set(tables);
    this.#values = new Float64Array(2 * length);
    this.#values.set(values);
    this.#words = wordsOf(this.#values);
  }

  /** The samples, in memory of their own. `duplicate` is told the table of each sample whose time another one has. */
  take(duplicate?: (table: number) => void): { timestampsMs: Float64Array; values: Float64Array } {
    if (!this.#isAscending) return this.#takeSorted(duplicate);
    // slice() copies memory, so NaN bits stay.
    return {
      timestampsMs: this.#timestampsMs.slice(0, this.count),
      values: this.#values.slice(0, this.count),
    };
  }

  #takeSorted(duplicate?: (table: number) => void) {
    const [times, arrivals] = [this.#timestampsMs, this.#arrivals];
    const order = Uint32Array.from({ length: this.count }, (_, i) => i).toSorted(
      (a, b) =>
        (times[a] ?? 0) - (times[b] ?? 0) || (arrivals[a] ?? 0) - (arrivals[b] ?? 0) || a - b,
    );
    const timestampsMs = new Float64Array(this.count);
    const values = new Float64Array(this.count);
    const words = wordsOf(values);
    let count = 0;
    for (const from of order) {
      const timestampMs = times[from] ?? 0;
      if (count > 0 && timestampsMs[count - 1] === timestampMs) {
        duplicate?.(this.#tables[from] ?? 0);
        continue;
      }
      timestampsMs[count] = timestampMs;
      words[2 * count] = this.#words[2 * from] ?? 0;
      words[2 * count + 1] = this.#words[2 * from + 1] ?? 0;
      count++;
    }
    return { timestampsMs: timestampsMs.slice(0, count), values: values.slice(0, count) };
  }
}
