import type { Histogram } from "../../model/histogram.ts";
import type { Labels } from "../../model/labels.ts";
import { setNormalNan, wordsOf } from "../../model/special_values.ts";

/** An exemplar of a sample, by the sample's place. */
export type ParsedExemplar = {
  readonly i: number;
  readonly labels: Labels;
  readonly value: number;
  /** Unix milliseconds; undefined where it has no time of its own. */
  readonly timestampMs: number | undefined;
};

/** What a body holds, as parallel arrays that are reused from scrape to scrape. Entry i is the i-th sample of the body. */
export class SampleColumns {
  length = 0;
  /** Index into the series index that the parser was given. */
  series = new Uint32Array(1_024);
  values = new Float64Array(1_024);
  words = wordsOf(this.values);
  /** Unix milliseconds where explicit[i] is 1. */
  timestampsMs = new Float64Array(1_024);
  explicit = new Uint8Array(1_024);
  /** Histograms that have only native buckets, which are not taken over. */
  nativeHistograms = 0;
  /** Native histograms by their place among the samples, whose value there counts for nothing. */
  readonly histograms = new Map<number, Histogram>();
  /** Native histograms that are none, by their layout or counts. */
  invalidHistograms = 0;

  exemplars: ParsedExemplar[] = [];
  /** Exemplars whose labels can't be read. */
  invalidExemplars = 0;
  /** Start timestamps by the place of the sample, Unix milliseconds. */
  readonly starts = new Map<number, number>();

  clear(): void {
    this.length = 0;
    if (this.exemplars.length > 0) this.exemplars = [];
    this.invalidExemplars = 0;
    this.starts.clear();
    this.histograms.clear();
    this.invalidHistograms = 0;
    this.nativeHistograms = 0;
  }

  /** A NaN of any bits is stored as Prometheus's ordinary one, so that none passes for a marker. */
  push(series: number, value: number, timestampMs: number | undefined): void {
    const at = this.length;
    if (at === this.series.length) this.#grow(2 * at);
    this.series[at] = series;
    if (Number.isNaN(value)) setNormalNan(this.words, at);
    else this.values[at] = value;
    if (timestampMs === undefined) {
      this.explicit[at] = 0;
    } else {
      this.explicit[at] = 1;
      this.timestampsMs[at] = timestampMs;
    }
    this.length = at + 1;
  }

  /** So many samples are expected in all: room is made at once, while little is to be copied. */
  reserve(samples: number): void {
    if (samples > this.series.length) this.#grow(samples);
  }

  #grow(capacity: number): void {
    const [series, values] = [new Uint32Array(capacity), new Float64Array(capacity)];
    const [timestampsMs, explicit] = [new Float64Array(capacity), new Uint8Array(capacity)];
    series.set(this.series);
    values.set(this.values);
    timestampsMs.set(this.timestampsMs);
    explicit.set(this.explicit);
    this.series = series;
    this.values = values;
    this.words = wordsOf(values);
    this.timestampsMs = timestampsMs;
    this.explicit = explicit;
  }
}
