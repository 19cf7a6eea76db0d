import type { Histogram } from "#shared/model/histogram.ts";
import type { SparseSamples } from "#shared/model/metrics.ts";
import { isAbsent, setNormalNan, setStale, wordsOf } from "#shared/model/special_values.ts";
import { TooLargeError } from "../transport/body.ts";

/** A sample takes four bytes on the wire at least and 200 until it is stored; senders bring some thousand at once. */
const samplesMax = 2 ** 20;

/** Samples, of which some are histograms: by place, with two words in place of the value that tell it from another one. */
export type PushedSamples = SparseSamples & { readonly natives?: ReadonlyMap<number, Histogram> };

const firstCapacity = 1_024;
/** Memory for so many samples (320 KiB) is used again, and so many pieces of it are kept; what is larger is let go. */
const keptCapacityMax = 16_384;
const keptMax = 8;

type Memory = {
  readonly columns: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly words: Uint32Array;
};

/** Samples of one request as columns; pushing more than a request may bring throws TooLargeError. Their memory is used again for others. */
export class SampleBuffer {
  length = 0;
  #memory = newMemory(firstCapacity);
  #natives = new Map<number, Histogram>();
  readonly #spare: Memory[] = [];
  readonly #lent = new WeakMap<PushedSamples, Memory>();

  /** Of the samples; changes with them. */
  get columns(): Uint32Array {
    return this.#memory.columns.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
    this.#natives.clear();
  }

  /** A value by its two 32-bit halves, so that the bits of a NaN stay. The one NaN that is our own mark becomes an ordinary one. */
  pushWords(column: number, timestampMs: number, low: number, high: number): void {
    const at = this.#next(column, timestampMs);
    const { words } = this.#memory;
    words[2 * at] = low;
    words[2 * at + 1] = high;
    if (isAbsent(words, at)) setNormalNan(words, at);
  }

  /** Samples [start, end) of parallel arrays, as pushWords() takes them. */
  pushRun(
    fromColumns: Uint32Array,
    fromTimesMs: Float64Array,
    fromWords: Uint32Array,
    start: number,
    end: number,
  ): void {
    while (this.length + end - start > this.#memory.columns.length) this.#grow();
    const { columns, timestampsMs, words } = this.#memory;
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
    if (Number.isNaN(value)) setNormalNan(this.#memory.words, at);
    else this.#memory.values[at] = value;
  }

  pushStale(column: number, timestampMs: number): void {
    const at = this.#next(column, timestampMs);
    setStale(this.#memory.words, at);
  }

  /** What was pushed: it stays as it is until giveBack(). */
  take(): PushedSamples {
    const end = this.length;
    this.length = 0;
    const natives = this.#natives;
    if (natives.size > 0) this.#natives = new Map();
    const memory = this.#memory;
    this.#memory = this.#spare.pop() ?? newMemory(firstCapacity);
    const samples = {
      columns: memory.columns.subarray(0, end),
      timestampsMs: memory.timestampsMs.subarray(0, end),
      values: memory.values.subarray(0, end),
      ...(natives.size === 0 ? {} : { natives }),
    };
    this.#lent.set(samples, memory);
    return samples;
  }

  /** Nobody reads the samples any more. Without it their memory is the garbage collector's. */
  giveBack(samples: PushedSamples): void {
    const memory = this.#lent.get(samples);
    this.#lent.delete(samples);
    if (memory === undefined || this.#spare.length >= keptMax) return;
    if (memory.columns.length <= keptCapacityMax) this.#spare.push(memory);
  }

  #next(column: number, timestampMs: number): number {
    if (this.length === this.#memory.columns.length) this.#grow();
    const at = this.length++;
    this.#memory.columns[at] = column;
    this.#memory.timestampsMs[at] = timestampMs;
    return at;
  }

  #grow(): void {
    const capacity = 2 * this.#memory.columns.length;
    if (capacity > samplesMax)
      throw new TooLargeError(`request has more than ${samplesMax} samples: send less at once`);
    this.#memory = copyOf(this.#memory, this.length, capacity);
  }
}

function newMemory(capacity: number): Memory {
  const values = new Float64Array(new ArrayBuffer(8 * capacity));
  return {
    columns: new Uint32Array(new ArrayBuffer(4 * capacity)),
    timestampsMs: new Float64Array(new ArrayBuffer(8 * capacity)),
    values,
    words: wordsOf(values),
  };
}

/** The first `count` samples, with room for `capacity`. From and to arrays of the same type, so that NaN bits stay. */
function copyOf(from: Memory, count: number, capacity: number): Memory {
  const to = newMemory(capacity);
  to.columns.set(from.columns.subarray(0, count));
  to.timestampsMs.set(from.timestampsMs.subarray(0, count));
  to.values.set(from.values.subarray(0, count));
  return to;
}
