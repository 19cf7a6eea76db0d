import type { MetricsRow } from "#shared/model/metrics.ts";

/**
 * Counters that began anew since a row was shipped, and have by the next one come as far again: without a row in between they would seem to have gone
 * on. The row in which the first of them was lowest is kept for that.
 */
export class HiddenResets {
  /** By number of the counter, as it was in the row before, and in the row that was shipped last. NaN where it had no sample. */
  #before = new Float64Array(0);
  #shipped = new Float64Array(0);
  #fallen: MetricsRow | undefined;

  /** `counters` are columns; their list only grows. */
  add(row: MetricsRow, counters: readonly number[]): void {
    if (this.#before.length < counters.length) this.#grow(2 * counters.length);
    for (let i = 0; i < counters.length; i++) {
      const value = row.values[counters[i] ?? 0] ?? Number.NaN;
      if (value < (this.#before[i] ?? 0)) this.#fallen ??= row;
      this.#before[i] = value;
    }
  }

  /** The row to ship before this one, which is shipped; undefined where none is needed. */
  take(values: Float64Array, counters: readonly number[]): MetricsRow | undefined {
    const fallen = this.#fallen;
    let isHidden = false;
    for (let i = 0; i < counters.length; i++) {
      const place = counters[i] ?? 0;
      const value = values[place] ?? Number.NaN;
      const low = fallen?.values[place] ?? Number.NaN;
      const last = this.#shipped[i] ?? Number.NaN;
      if (low < last && value >= last) isHidden = true;
      this.#shipped[i] = value;
    }
    this.#fallen = undefined;
    return isHidden && fallen?.values !== values ? fallen : undefined;
  }

  #grow(length: number): void {
    const [before, shipped] = [this.#before, this.#shipped];
    this.#before = new Float64Array(length).fill(Number.NaN);
    this.#shipped = new Float64Array(length).fill(Number.NaN);
    this.#before.set(before);
    this.#shipped.set(shipped);
  }
}
