import type { FineMarks } from "#shared/model/metrics.ts";
import { columnWeight, type Histogram, type HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import { concatenate } from "../../duckdb/columns.ts";
import type { KnownLabels } from "../series/labels_text.ts";
import type { SharedColumns } from "./shared_columns.ts";

/** A series as one block has it. */
export type DecodedSeries = {
  readonly key: string;
  readonly labels: Labels;
  /** The same array for all series of the read with the same times. */
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** Values must be copied by memory: a NaN's payload may count. */
  readonly mayHoldNans: boolean;
  /** Parallel to the values, where the series has any; there the value is 0. */
  readonly histograms?: HistogramColumn | undefined;
  /** As in SeriesSamples. */
  readonly starts?: Float64Array | undefined;
  readonly fine?: FineMarks | undefined;
  /** Memory that this series alone takes. */
  readonly bytes: number;
};

/** An estimate of what a decoded series costs in memory besides its samples: the object and the arrays' heads. */
export const seriesBytes = 250;

/** Chunks of one series, put together. */
export class Pieces {
  readonly #labels: KnownLabels;
  /** Of a block most series are in one chunk, so lists are made for the second. */
  #firstTimes: Float64Array | undefined;
  #firstValues: Float64Array | undefined;
  #moreTimes: Float64Array[] | undefined;
  #moreValues: Float64Array[] | undefined;
  /** Parallel to the values, from the first on; hardly any series has one. */
  #histograms: (readonly Histogram[] | undefined)[] | undefined;
  /** Parallel to the values, where they are asked for. */
  #starts: Float64Array[] | undefined;
  #knowsStart = false;
  /** Where marks of chunks begin, in samples. */
  #fine: { readonly at: number; readonly marks: FineMarks }[] | undefined;
  #mayHoldNans = false;
  /** The value of all chunks so far, if it is one. */
  #constant: number | undefined;

  constructor(labels: KnownLabels) {
    this.#labels = labels;
  }

  addTimes(timestampsMs: Float64Array): void {
    if (this.#firstTimes === undefined) this.#firstTimes = timestampsMs;
    else (this.#moreTimes ??= []).push(timestampsMs);
  }

  /** Beside the samples of a chunk; 0 where it is not known. */
  addStart(startMs: number, count: number): void {
    this.#knowsStart ||= startMs !== 0;
    this.#starts ??= [];
    this.#starts.push(new Float64Array(count).fill(startMs));
  }

  /** Of the chunk whose times were added last. */
  addFine(marks: FineMarks): void {
    const { length } = marks;
    this.#fine ??= [];
    this.#fine.push({ at: this.#samples() - length, marks });
  }

  #samples(): number {
    const times = listOf(this.#firstTimes, this.#moreTimes);
    return times.reduce((sum, { length }) => sum + length, 0);
  }

  addConstant(value: number, count: number, shared: SharedColumns): void {
    if (this.#firstValues === undefined) this.#constant = value;
    else if (value !== this.#constant) this.#constant = undefined;
    this.#push(shared.constant(value, count));
  }

  addValues(values: Float64Array, mayHoldNans: boolean): void {
    this.#constant = undefined;
    this.#push(values);
    this.#mayHoldNans ||= mayHoldNans;
  }

  addHistograms(histograms: readonly Histogram[], shared: SharedColumns): void {
    this.#histograms ??= [];
    const { length } = listOf(this.#firstValues, this.#moreValues);
    this.#histograms[length] = histograms;
    this.addConstant(0, histograms.length, shared);
  }

  #push(values: Float64Array): void {
    if (this.#firstValues === undefined) this.#firstValues = values;
    else (this.#moreValues ??= []).push(values);
  }

  /** Chunks come in the order of the file, so by time. */
  join(shared: SharedColumns): DecodedSeries {
    const series = this.#withFine(this.#join(shared));
    if (!this.#knowsStart) return series;
    const starts = concatenate(this.#starts ?? []);
    return { ...series, starts, bytes: series.bytes + starts.byteLength };
  }

  #withFine(series: DecodedSeries): DecodedSeries {
    if (this.#fine === undefined) return series;
    const fine = new Uint8Array(series.values.length);
    for (const { at, marks } of this.#fine) fine.set(marks, at);
    return { ...series, fine, bytes: series.bytes + fine.byteLength };
  }

  #join(shared: SharedColumns): DecodedSeries {
    const { key, labels } = this.#labels;
    const times = listOf(this.#firstTimes, this.#moreTimes);
    const parts = listOf(this.#firstValues, this.#moreValues);
    const timestampsMs = shared.join(times);
    const mayHoldNans = this.#mayHoldNans;
    if (this.#histograms !== undefined) {
      const known = this.#histograms;
      const values = concatenate(parts);
      const histograms = parts.flatMap(
        ({ length }, i): HistogramColumn => known[i] ?? Array.from({ length }, () => undefined),
      );
      const bytes = seriesBytes + columnWeight(values.length, histograms) * 16;
      return { key, labels, timestampsMs, values, mayHoldNans, histograms, bytes };
    }
    if (this.#constant !== undefined) {
      const [only] = parts;
      const isOne = only?.length === timestampsMs.length;
      const values = isOne ? only : shared.constant(this.#constant, timestampsMs.length);
      return { key, labels, timestampsMs, values, mayHoldNans, bytes: seriesBytes };
    }
    const values = concatenate(parts);
    const bytes = seriesBytes + values.byteLength;
    return { key, labels, timestampsMs, values, mayHoldNans, bytes };
  }
}

function listOf(
  first: Float64Array | undefined,
  more: readonly Float64Array[] | undefined,
): readonly Float64Array[] {
  if (first === undefined) return [];
  return more === undefined ? [first] : [first, ...more];
}
