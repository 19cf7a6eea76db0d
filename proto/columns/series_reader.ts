import type { Labels } from "#shared/model/labels.ts";
import type { HistogramColumns, ResultHead, SeriesColumns } from "../gen/v1/columns_pb.js";
import { corrupt } from "./corrupt.ts";
import { type LabelReader, labelsEnd } from "./label_reader.ts";
import { float64s } from "./numbers.ts";

/** The times of an answer's steps. */
export type AnswerGrid = {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
};

/** A native histogram at one moment. */
export type ReadHistogram = {
  readonly timeMs: number;
  readonly count: number;
  readonly sum: number;
  /** Of each populated bucket, ascending: its bounds, its own count, and which bounds it holds (0 the upper, 1 the lower, 3 both). */
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  readonly counts: Float64Array;
  readonly bounds: Uint8Array;
};

export type ReadSeries = {
  readonly labels: Labels;
  readonly values: Float64Array;
  /** Steps without a value and steps with one, in turn; absent where all steps have one, and without a grid. */
  readonly runs: readonly number[] | undefined;
  /** Unix milliseconds of the values, where the answer has no grid. */
  readonly timesMs: Float64Array | undefined;
  readonly histograms: ReadHistogram[] | undefined;
};

/** Puts the series of an answer together, which keeps the first `seriesMax` of them. */
export class SeriesReader {
  readonly #grid: AnswerGrid | undefined;
  readonly #labels: LabelReader;
  readonly #seriesMax: number;
  readonly #series: ReadSeries[] = [];
  #count = 0;

  constructor({ startMs, stepMs, steps }: ResultHead, labels: LabelReader, seriesMax: number) {
    this.#grid = steps === 0 ? undefined : { startMs, stepMs, count: steps };
    this.#labels = labels;
    this.#seriesMax = seriesMax;
  }

  read() {
    return { grid: this.#grid, series: this.#series, seriesCount: this.#count };
  }

  add({ labels: places, lengths, runs, times, values, goesOn }: SeriesColumns): void {
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const all = float64s(values, total);
    const timesMs = this.#grid === undefined ? float64s(times, total) : undefined;
    let [from, place, run] = [0, 0, 0];
    for (const [i, length] of lengths.entries()) {
      const next = labelsEnd(places, place);
      const runsEnd = this.#runsEnd(runs, run, length);
      const isMore = goesOn && i === 0;
      if (!isMore) this.#count += 1;
      if (this.#count <= this.#seriesMax) {
        const series = {
          labels: this.#labels.labelsAt(places, place),
          values: all.subarray(from, from + length),
          runs: runsEnd === run ? undefined : runs.slice(run, runsEnd),
          timesMs: timesMs?.subarray(from, from + length),
          histograms: undefined,
        };
        if (isMore) this.#append(series);
        else this.#series.push(series);
      }
      [from, place, run] = [from + length, next, runsEnd];
    }
  }

  addHistograms(columns: HistogramColumns): void {
    const { series, lengths, bounds } = columns;
    const buckets = lengths.reduce((sum, length) => sum + length, 0);
    const times = float64s(columns.times, series.length);
    const counts = float64s(columns.counts, series.length);
    const sums = float64s(columns.sums, series.length);
    const lower = float64s(columns.lower, buckets);
    const upper = float64s(columns.upper, buckets);
    const inBuckets = float64s(columns.bucketCounts, buckets);
    let from = 0;
    for (const [i, place] of series.entries()) {
      const to = from + (lengths[i] ?? 0);
      this.#putHistogram(place, {
        timeMs: times[i] ?? 0,
        count: counts[i] ?? 0,
        sum: sums[i] ?? 0,
        lower: lower.subarray(from, to),
        upper: upper.subarray(from, to),
        counts: inBuckets.subarray(from, to),
        bounds: bounds.subarray(from, to),
      });
      from = to;
    }
  }

  #putHistogram(place: number, histogram: ReadHistogram): void {
    const owner = this.#series[place];
    if (owner === undefined) {
      if (place < this.#count) return;
      throw corrupt("a histogram of no series");
    }
    if (owner.histograms === undefined) this.#series[place] = { ...owner, histograms: [histogram] };
    else owner.histograms.push(histogram);
  }

  /** Where the runs of the series after this one begin. */
  #runsEnd(runs: readonly number[], from: number, length: number): number {
    if (this.#grid === undefined || length === this.#grid.count) return from;
    let [at, step, present] = [from, 0, 0];
    while (step < this.#grid.count) {
      const isPresent = (at - from) % 2 === 1;
      const run = runs[at++];
      if (run === undefined) throw corrupt("runs that are cut off");
      step += run;
      if (isPresent) present += run;
    }
    if (step > this.#grid.count || present !== length) throw corrupt("runs of another length");
    return at;
  }

  #append({ values, timesMs }: ReadSeries): void {
    const last = this.#series.pop();
    if (last?.timesMs === undefined || timesMs === undefined)
      throw corrupt("a series without start");
    this.#series.push({
      ...last,
      values: joined(last.values, values),
      timesMs: joined(last.timesMs, timesMs),
    });
  }
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** The times of a grid's steps in Unix milliseconds. */
export function gridTimes({ startMs, stepMs, count }: AnswerGrid): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => startMs + i * stepMs);
}

/** The values at all steps of a grid, NaN where there is none. */
export function onGrid({ values, runs }: ReadSeries, grid: AnswerGrid): Float64Array {
  if (runs === undefined) return values;
  const column = new Float64Array(grid.count).fill(Number.NaN);
  let [step, from] = [0, 0];
  for (const [i, run] of runs.entries()) {
    if (i % 2 === 1) {
      column.set(values.subarray(from, from + run), step);
      from += run;
    }
    step += run;
  }
  return column;
}

/** The time of each value in Unix milliseconds. */
export function timesOf(
  { values, runs, timesMs }: ReadSeries,
  grid: AnswerGrid | undefined,
): Float64Array {
  if (timesMs !== undefined || grid === undefined) return timesMs ?? new Float64Array(0);
  const { startMs, stepMs, count } = grid;
  const times = new Float64Array(values.length);
  let [step, at] = [0, 0];
  for (const [i, run] of (runs ?? [0, count]).entries()) {
    if (i % 2 === 1) for (let k = 0; k < run; k++) times[at++] = startMs + (step + k) * stepMs;
    step += run;
  }
  return times;
}
