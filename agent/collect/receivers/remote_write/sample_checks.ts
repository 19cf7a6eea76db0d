import type { PushedSeries } from "../pushed_series.ts";
import type { SampleBuffer } from "../sample_buffer.ts";
import type { DecodedWrite } from "./decoded_write.ts";
import { aheadMaxMs, shownLabels } from "./wire.ts";

/** Puts the good samples of a request into the buffer, and tells what is wrong with the others. */
export class SampleChecks {
  readonly #series: PushedSeries;
  readonly #buffer: SampleBuffer;
  readonly #out: DecodedWrite;
  readonly #latestMs: number;
  #column = -1;
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
    const out = this.#out;
    out.samples++;
    if (timestampMs > this.#latestMs || !Number.isSafeInteger(timestampMs)) {
      out.faults.add("out_of_bounds_timestamp", 1, () =>
        this.#told("out of bounds", column, timestampMs),
      );
      return;
    }
    let relation = this.#series.compareWithLast(column, timestampMs, low, high);
    if (relation === "new" && column === this.#column && timestampMs === this.#lastMs)
      relation = low === this.#low && high === this.#high ? "same" : "conflict";
    if (relation === "conflict") {
      out.faults.add("duplicate_sample", 1, () =>
        this.#told("duplicate sample for timestamp", column, timestampMs),
      );
      return;
    }
    out.written++;
    if (relation === "same") return;
    this.#column = column;
    this.#lastMs = timestampMs;
    this.#low = low;
    this.#high = high;
    this.#buffer.pushWords(column, timestampMs, low, high);
  }

  #told(what: string, column: number, timestampMs: number): string {
    const labels = shownLabels(this.#series.schema.series[column]);
    return `${what}: series ${labels}, timestamp ${timestampMs}`;
  }
}
