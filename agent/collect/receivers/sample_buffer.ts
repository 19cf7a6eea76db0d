import type { Histogram } from "#shared/model/histogram.ts";
import type { SparseSamples } from "#shared/model/metrics.ts";
import { isAbsent, setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import { TooLargeError } from "./body.ts";

/** A sample takes four bytes on the wire at least and 200 until it is stored; senders bring some thousand at once. */
const samplesMax = 2 ** 20;

/** Samples, of which some are histograms: by place, with two words in place of the value that tell it from another one. */
export type PushedSamples = SparseSamples & { readonly natives?: ReadonlyMap<number, Histogram> };

/** Samples of one request as columns; pushing more than a request may bring throws TooLargeError. Their memory is used again for the next. */
export class SampleBuffer {
  length = 0;
  #columns = new Uint32Array(1_024);
  #timestampsMs = new Float64Array(1_024);
  #values = new Float64Array(1_024);
  #words = wordsOf(this.#values);
  #natives = new Map<number, Histogram>();

  clear(): void {
    this.length = 0;
    this.#natives.clear();
  }

  /** A value by its two 32-bit halves, so that the bits of a NaN stay. The one NaN that is our own mark becomes an ordinary one. */
  pushWords(column: number, timestampMs: number, low: number, high: number): void {
    const at = this.#next(column, timestampMs);
    this.#words[2 * at] = low;
    this.#words[2 * at + 1] = high;
    if (isAbsent(this.#words, at)) setNormalNan(this.#words, at);
  }

  /** Samples [start, end) of parallel arrays, as pushWords() takes them. */
  pushRun(
    fromColumns: Uint32Array,
    fromTimesMs: Float64Array,
    fromWords: Uint32Array,
    start: number,
    end: number,
  ): void {
    while (this.length + end - start > this.#columns.length) this.#grow();
    const [columns, timestampsMs, words] = [this.#columns, this.#timestampsMs, this.#words];
    let at = this.length;
    for (let i = start; i < end; i++, at++) {
      columns[at] = fromColumns[i] ?? 0;
      timestampsMs[at] = fromTimesMs[i] ?? 0;
      words[2 * at] = fromWords[2 * i] ?? 0;
      words[2 * at + 1] = fromWords[2 * i + 1] ?? 0;
      if (isAbsent(words, at)) setNormalNan(words, at);
    }
    this.length = at;
  }

  /** A histogram, with what stands for it where samples are compared. */
  pushHistogram(
    column: number,
    timestampMs: number,
    histogram: Histogram,
    low: number,
    high: number,
  ): void {
    this.#natives.set(this.length, histogram);
    this.pushWords(column, timestampMs, low, high);
  }

  /** A NaN of any bits is stored as Prometheus's ordinary one. */
  push(column: number, timestampMs: number, value: number): void {
    const at = this.#next(column, timestampMs);
    if (Number.isNaN(value)) setNormalNan(this.#words, at);
    else this.#values[at] = value;
  }

  pushStale(column: number, timestampMs: number): void {
    setStale(this.#words, this.#next(column, timestampMs));
  }

  /** What was pushed, as memory of its own. */
  take(): PushedSamples {
    const end = this.length;
    this.length = 0;
    const natives = this.#natives;
    if (natives.size > 0) this.#natives = new Map();
    const samples = {
      columns: this.#columns.slice(0, end),
      timestampsMs: this.#timestampsMs.slice(0, end),
      values: this.#values.slice(0, end),
    };
    return natives.size === 0 ? samples : { ...samples, natives };
  }

  #next(column: number, timestampMs: number): number {
    if (this.length === this.#columns.length) this.#grow();
    const at = this.length++;
    this.#columns[at] = column;
    this.#timestampsMs[at] = timestampMs;
    return at;
  }

  #grow(): void {
    const capacity = 2 * this.#columns.length;
    if (capacity > samplesMax)
      throw new TooLargeError(`request has more than ${samplesMax} samples: send less at once`);
    const [columns, times] = [new Uint32Array(capacity), new Float64Array(capacity)];
    const values = new Float64Array(capacity);
    columns.set(this.#columns);
    times.set(this.#timestampsMs);
    values.set(this.#values);
    this.#columns = columns;
    this.#timestampsMs = times;
    this.#values = values;
    this.#words = wordsOf(values);
  }
}
