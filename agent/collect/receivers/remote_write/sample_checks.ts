import { isStale, wordsOf } from "#shared/model/special_values.ts";
import { TooLargeError } from "../transport/body.ts";
import type { PushedSeries } from "../samples/pushed_series.ts";
import type { SampleBuffer } from "../samples/sample_buffer.ts";
import type { DecodedWrite } from "./decoded_write.ts";
import type { WrittenHistogram } from "./native_histogram.ts";
import { aheadMaxMs, shownLabels } from "./wire.ts";

/** An empty one takes two bytes on the wire. */
const histogramsMax = 500_000;

/** Puts the good samples of a request into the buffer, and tells what is wrong with the others. */
export class SampleChecks {
  readonly #series: PushedSeries;
  readonly #buffer: SampleBuffer;
  readonly #out: DecodedWrite;
  readonly #latestMs: number;
  #column = -1;
  #histograms = 0;
  #lastMs = Number.NaN;
  #low = 0;
  #high = 0;

  constructor(series: PushedSeries, buffer: SampleBuffer, out: DecodedWrite, nowMs: number) {
    this.#series = series;
    this.#buffer = buffer;
    this.#out = out;
    this.#latestMs = nowMs + aheadMaxMs;
  }

  /** A sample by the two halves of its value. */
  add(column: number, timestampMs: number, low: number, high: number): void {
    if (this.#isNews(column, timestampMs, low, high))
      this.#buffer.pushWords(column, timestampMs, low, high);
  }

  /** The first `count` samples of parallel arrays. Mostly all are newer than what their series have, and then need no check each. */
  addRun(
    columns: Uint32Array,
    timestampsMs: Float64Array,
    words: Uint32Array,
    count: number,
  ): void {
    for (let at = 0; at < count; at++) {
      const end =
        columns[at] === this.#column
          ? at
          : this.#series.newerEnd(columns, timestampsMs, at, count, this.#latestMs);
      if (end > at) this.#addNewer(columns, timestampsMs, words, at, end);
      at = end;
      if (at < count)
        this.add(
          columns[at] ?? 0,
          timestampsMs[at] ?? 0,
          words[2 * at] ?? 0,
          words[2 * at + 1] ?? 0,
        );
    }
  }

  #addNewer(
    columns: Uint32Array,
    timestampsMs: Float64Array,
    words: Uint32Array,
    start: number,
    end: number,
  ): void {
    this.#buffer.pushRun(columns, timestampsMs, words, start, end);
    this.#out.samples += end - start;
    this.#out.written += end - start;
    const last = end - 1;
    this.#column = columns[last] ?? -1;
    this.#lastMs = timestampsMs[last] ?? Number.NaN;
    this.#low = words[2 * last] ?? 0;
    this.#high = words[2 * last + 1] ?? 0;
  }

  /** Since when the value of the sample before counts, Unix milliseconds. */
  addStart(column: number, timestampMs: number, startMs: number): void {
    if (timestampMs > this.#latestMs || startMs > timestampMs) return;
    this.#out.beside.addStart(column, this.#series.labelsOf(column) ?? {}, timestampMs, startMs);
  }

  /** A native histogram; one whose sum is a stale marker is a stale marker, as Prometheus sends it. */
  addHistogram(column: number, written: WrittenHistogram): void {
    const { timestampMs, sumLow, sumHigh, histogram } = written;
    const out = this.#out;
    const before = out.written;
    if (++this.#histograms > histogramsMax)
      throw new TooLargeError(`request has more than ${histogramsMax} histograms: send less`);
    if (isStale(Uint32Array.of(sumLow, sumHigh), 0)) this.add(column, timestampMs, sumLow, sumHigh);
    else if (histogram === undefined) {
      out.samples++;
      out.faults.add("invalid_sample", 1, () =>
        this.#told("invalid histogram", column, timestampMs),
      );
    } else {
      const [countLow = 0, countHigh = 0] = wordsOf(Float64Array.of(histogram.count));
      const [low, high] = [(sumLow ^ countHigh) >>> 0, (sumHigh ^ countLow) >>> 0];
      if (this.#isNews(column, timestampMs, low, high))
        this.#buffer.pushHistogram(column, timestampMs, histogram, low, high);
    }
    if (written.startMs > 0) this.addStart(column, timestampMs, written.startMs);
    out.histogramsWritten += out.written - before;
  }

  /** Whether to take the sample; what is wrong with it is told. */
  #isNews(column: number, timestampMs: number, low: number, high: number): boolean {
    const out = this.#out;
    out.samples++;
    if (timestampMs > this.#latestMs || !Number.isSafeInteger(timestampMs)) {
      out.faults.add("out_of_bounds_timestamp", 1, () =>
        this.#told("out of bounds", column, timestampMs),
      );
      return false;
    }
    let relation = this.#series.compareWithLast(column, timestampMs, low, high);
    if (relation === "new" && column === this.#column && timestampMs === this.#lastMs)
      relation = low === this.#low && high === this.#high ? "same" : "conflict";
    if (relation === "new" && this.#series.isTooOld(column, timestampMs)) {
      out.faults.add("too_old_sample", 1, () => this.#told("too old sample", column, timestampMs));
      return false;
    }
    if (relation === "conflict") {
      out.faults.add("duplicate_timestamp", 1, () =>
        this.#told("duplicate sample for timestamp", column, timestampMs),
      );
      return false;
    }
    out.written++;
    if (relation === "same") return false;
    this.#column = column;
    this.#lastMs = timestampMs;
    this.#low = low;
    this.#high = high;
    return true;
  }

  #told(what: string, column: number, timestampMs: number): string {
    const labels = shownLabels(this.#series.labelsOf(column));
    return `${what}: series ${labels}, timestamp ${timestampMs}`;
  }
}
