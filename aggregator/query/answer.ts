import type { Histogram } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";

/** Times of a range's values: startMs, startMs + stepMs, ... `count` of them. */
export type AnswerGrid = {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
};

/** Numbers, and where the series has histograms, those beside them: a time is in one of the two only. */
export type MatrixSeries = {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: HistogramPoints;
};

export type HistogramPoints = {
  readonly timestampsMs: Float64Array;
  readonly values: readonly Histogram[];
};

/** The value counts only without a histogram. */
export type VectorSeries = {
  readonly labels: Labels;
  readonly value: number;
  readonly histogram?: Histogram;
};

/** What a query finds, in columns: each API writes it in its own form. */
export type SeriesData =
  | {
      readonly resultType: "matrix";
      /** Where all times lie; absent for samples as they are stored. */
      readonly grid?: AnswerGrid;
      readonly series: readonly MatrixSeries[];
    }
  | {
      readonly resultType: "vector";
      readonly timeMs: number;
      readonly series: readonly VectorSeries[];
    }
  | { readonly resultType: "scalar"; readonly timeMs: number; readonly value: number };
