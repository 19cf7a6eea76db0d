// Hot: guarded by `bench ingest`, `bench pace`.
import type { FineMarks } from "#shared/model/metrics.ts";
import type { Histogram, HistogramColumn } from "#shared/model/histogram.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import { type SampleRun, runOf } from "../../read/cut_metrics.ts";

export type SinkSamples = {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** As in SeriesSamples. */
  readonly histograms?: HistogramColumn;
  readonly fine?: FineMarks;
};

/** Told of a sample whose time another one has: its table, and whether the other one says the same. */
type DuplicateSample = (table: number, isSame: boolean) => void;

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
  /** By place; none for series of numbers. */
  readonly #histograms = new Map<number, Histogram>();
  /** By place, as far as it was needed; undefined while nothing that was collected is fine. */
  #fine: FineMarks | undefined;
  #table = 0;
  #isAscending = true;
  /** What take() gave last: series of one scrape have the same times, and share them. */
  #taken = new Float64Array(0);

  clear(): void {
    this.count = 0;
    this.#isAscending = true;
    this.#histograms.clear();
    this.#fine = undefined;
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

  /** What was pushed last is a fine sample. */
  markFine(): void {
    const { length } = this.#timestampsMs;
    if (this.#fine === undefined) this.#fine = new Uint8Array(length);
    else if (this.#fine.length < length) {
      const fine = new Uint8Array(length);
      fine.set(this.#fine);
      this.#fine = fine;
    }
    this.#fine[this.count - 1] = 1;
  }

  pushHistogram(timestampMs: number, histogram: Histogram, arrival: number): void {
    this.#histograms.set(this.count, histogram);
    this.push(timestampMs, 0, 0, arrival);
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

  /** The samples, sorted, each time once, which no longer change. Times are the same array as before where they are the same. */
  take(): SinkSamples {
    if (!this.#isAscending) return this.#sorted();
    if (!this.#isTaken()) this.#taken = this.#timestampsMs.slice(0, this.count);
    // slice() copies memory, so NaN bits stay.
    const values = this.#values.slice(0, this.count);
    const timestampsMs = this.#taken;
    if (this.#histograms.size === 0 && this.#fine === undefined) return { timestampsMs, values };
    return { timestampsMs, values, ...this.#histogramColumn(), ...this.#marks() };
  }

  #isTaken(): boolean {
    const [times, taken] = [this.#timestampsMs, this.#taken];
    if (taken.length !== this.count) return false;
    for (let i = 0; i < taken.length; i++) if (taken[i] !== times[i]) return false;
    return true;
  }

  /** Leaves only the newest. */
  keepNewest(): void {
    if (this.count < 2 || this.#histograms.size > 0 || !this.#isAscending) return;
    const last = this.count - 1;
    this.#timestampsMs[0] = this.#timestampsMs[last] ?? 0;
    this.#words[0] = this.#words[2 * last] ?? 0;
    this.#words[1] = this.#words[2 * last + 1] ?? 0;
    this.#fine = undefined;
    this.count = 1;
  }

  /** The same in the sink's own memory where they are in order as they are: good until the next clear(). */
  run(): SampleRun {
    if (!this.#isAscending) return runOf(this.#sorted());
    const [timestampsMs, values] = [this.#timestampsMs, this.#values];
    return {
      count: this.count,
      timestampsMs,
      values,
      ...this.#histogramColumn(),
      ...this.#marks(),
    };
  }

  /** How many samples have a time that another one has; of equal times the first one in stands. */
  duplicates(duplicate: DuplicateSample): number {
    if (this.#isAscending) return 0;
    return this.count - this.#sorted(duplicate).values.length;
  }

  #histogramColumn(): { readonly histograms?: HistogramColumn } {
    if (this.#histograms.size === 0) return {};
    const histograms = Array.from({ length: this.count }, (_, i) => this.#histograms.get(i));
    return { histograms };
  }

  #marks(): { readonly fine?: FineMarks } {
    if (this.#fine === undefined) return {};
    const fine = new Uint8Array(this.count);
    fine.set(this.#fine.subarray(0, this.count));
    return { fine };
  }

  #isSame(a: number, b: number): boolean {
    const words = this.#words;
    if (words[2 * a] !== words[2 * b] || words[2 * a + 1] !== words[2 * b + 1]) return false;
    const histograms = this.#histograms;
    return histograms.size === 0 || Bun.deepEquals(histograms.get(a), histograms.get(b));
  }

  #sorted(duplicate?: DuplicateSample): SinkSamples {
    const [times, arrivals] = [this.#timestampsMs, this.#arrivals];
    const order = Uint32Array.from({ length: this.count }, (_, i) => i).toSorted(
      (a, b) =>
        (times[a] ?? 0) - (times[b] ?? 0) || (arrivals[a] ?? 0) - (arrivals[b] ?? 0) || a - b,
    );
    const timestampsMs = new Float64Array(this.count);
    const values = new Float64Array(this.count);
    const words = wordsOf(values);
    const histograms: (Histogram | undefined)[] = [];
    const fine = this.#fine && new Uint8Array(this.count);
    let [count, kept] = [0, 0];
    for (const from of order) {
      const timestampMs = times[from] ?? 0;
      if (count > 0 && timestampsMs[count - 1] === timestampMs) {
        duplicate?.(this.#tables[from] ?? 0, this.#isSame(kept, from));
        continue;
      }
      kept = from;
      timestampsMs[count] = timestampMs;
      words[2 * count] = this.#words[2 * from] ?? 0;
      words[2 * count + 1] = this.#words[2 * from + 1] ?? 0;
      if (this.#histograms.size > 0) histograms.push(this.#histograms.get(from));
      if (fine !== undefined) fine[count] = this.#fine?.[from] ?? 0;
      count++;
    }
    const samples = {
      timestampsMs: timestampsMs.slice(0, count),
      values: values.slice(0, count),
      ...(fine === undefined ? {} : { fine: fine.slice(0, count) }),
    };
    return histograms.some((one) => one !== undefined) ? { ...samples, histograms } : samples;
  }
}
