import type { Histogram, HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import { setStale } from "#shared/model/special_values.ts";
import type { BucketColumn } from "../../read/source.ts";

/** What a bucket says of its samples, besides the last one's time and value. */
export const bucketColumns: readonly BucketColumn[] = [
  "count",
  "fine",
  "sum",
  "min",
  "max",
  "first",
  "firstMs",
  "resets",
];

/**
 * A series in buckets, as parallel arrays. The time and value of an entry are those of the last sample in the bucket.
 *
 * `resets` is the sum of the values that stood right before a counter reset within the bucket, so that what the counter
 * gained from the first to the last sample is `last - first + resets`. `fine` is how many of the `count` samples are fine. A stale marker that ends a bucket's samples is an entry
 * of its own, with count 0; one with samples after it in the same bucket is left out. Of native histograms the last of each bucket
 * is an entry, and each that stood right before a reset; of those only time and count mean anything beside the histogram.
 */
export type BucketSeries = {
  readonly labels: Labels;
  readonly key?: string;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly columns: Readonly<Record<BucketColumn, Float64Array>>;
  readonly histograms?: HistogramColumn | undefined;
};

/** Entries of one series that grow; filled, read and emptied, series after series, with the same memory. */
export class BucketBuffer {
  length = 0;
  timestampsMs = new Float64Array(0);
  values = new Float64Array(0);
  words = new Uint32Array(0);
  count = new Float64Array(0);
  fine = new Float64Array(0);
  sum = new Float64Array(0);
  min = new Float64Array(0);
  max = new Float64Array(0);
  first = new Float64Array(0);
  firstMs = new Float64Array(0);
  resets = new Float64Array(0);
  histograms: (Histogram | undefined)[] | undefined;

  clear(): void {
    this.length = 0;
    this.histograms = undefined;
  }

  /** Room for this many more. */
  reserve(more: number): void {
    const needed = this.length + more;
    if (needed <= this.values.length) return;
    const size = Math.max(needed, 2 * this.values.length, 64);
    const grown = (column: Float64Array) => {
      const next = new Float64Array(size);
      next.set(column.subarray(0, this.length));
      return next;
    };
    this.timestampsMs = grown(this.timestampsMs);
    this.values = grown(this.values);
    this.words = new Uint32Array(this.values.buffer);
    for (const name of bucketColumns) this[name] = grown(this[name]);
  }

  /** Takes the last entry away. */
  pop(): void {
    this.length -= 1;
    if (this.histograms !== undefined) this.histograms[this.length] = undefined;
  }

  pushMarker(timeMs: number): void {
    const at = this.#open(timeMs, 0);
    setStale(this.words, at);
  }

  pushHistogram(timeMs: number, histogram: Histogram, count: number): void {
    const at = this.#open(timeMs, count);
    this.values[at] = 0;
    this.histograms ??= [];
    this.histograms[at] = histogram;
  }

  /** An entry of one time that says nothing but how many samples it stands for; its value is to be set. */
  #open(timeMs: number, count: number): number {
    this.reserve(1);
    const at = this.length++;
    this.timestampsMs[at] = timeMs;
    this.count[at] = count;
    this.fine[at] = 0;
    this.sum[at] = 0;
    this.min[at] = 0;
    this.max[at] = 0;
    this.first[at] = 0;
    this.firstMs[at] = timeMs;
    this.resets[at] = 0;
    return at;
  }

  /** What is in it; valid until it is changed. */
  view(labels: Labels, key?: string): BucketSeries {
    const cut = (column: Float64Array) => column.subarray(0, this.length);
    const series = {
      labels,
      timestampsMs: cut(this.timestampsMs),
      values: cut(this.values),
      columns: {
        count: cut(this.count),
        fine: cut(this.fine),
        sum: cut(this.sum),
        min: cut(this.min),
        max: cut(this.max),
        first: cut(this.first),
        firstMs: cut(this.firstMs),
        resets: cut(this.resets),
      },
      histograms: this.#histograms(),
    };
    return key === undefined ? series : { ...series, key };
  }

  /** The same with memory of its own. */
  copy(labels: Labels, key?: string): BucketSeries {
    const view = this.view(labels, key);
    const { columns } = view;
    return {
      ...view,
      timestampsMs: view.timestampsMs.slice(),
      values: view.values.slice(),
      columns: {
        count: columns.count.slice(),
        fine: columns.fine.slice(),
        sum: columns.sum.slice(),
        min: columns.min.slice(),
        max: columns.max.slice(),
        first: columns.first.slice(),
        firstMs: columns.firstMs.slice(),
        resets: columns.resets.slice(),
      },
    };
  }

  #histograms(): HistogramColumn | undefined {
    const { histograms, length } = this;
    if (histograms === undefined) return undefined;
    return Array.from({ length }, (_, i) => histograms[i]);
  }
}
