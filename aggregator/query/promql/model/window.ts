// Hot: guarded by `bench query`.
import type { SeriesBuckets } from "../../../read/source.ts";
import type { FineMarks } from "#shared/model/metrics.ts";
import type { HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Edges } from "#shared/query_language/promql/ast.ts";

/** Raw samples of a range argument and where each step's window (fromMs, toMs] lies: the same for all series. */
export type RangeInput = {
  readonly series: readonly RangeSeries[];
  /** End of the window of step i is firstEndMs + i * endStepMs. */
  readonly firstEndMs: number;
  readonly endStepMs: number;
  readonly rangeMs: number;
  /** Given for extended selectors, with how far before and after the range their samples may lie. */
  readonly edges?: Edges | undefined;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** Where windows begin and end that have been moved to the ends of buckets, step by step. */
  readonly moved?: { readonly startsMs: Float64Array; readonly endsMs: Float64Array };
};

export type RangeSeries = {
  readonly labels: Labels;
  readonly dropName: boolean;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly histograms: HistogramColumn | undefined;
  /** Since when each sample counts, Unix milliseconds, 0 where that is not known; given where it is used. */
  readonly starts?: Float64Array | undefined;
  readonly fine?: FineMarks | undefined;
  readonly buckets?: SeriesBuckets | undefined;
};

/**
 * The samples of one series that one step of a range function sees: indices [from, to) of the columns, which all lie in
 * (startMs, endMs], or those of extended selectors around it. One object a series, moved from step to step.
 */
export type Window = {
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  /** Entries stand in place of values; undefined for series of numbers alone. */
  readonly histograms: HistogramColumn | undefined;
  readonly starts: Float64Array | undefined;
  readonly fine: FineMarks | undefined;
  from: number;
  to: number;
  /** The evaluation time of the step. */
  stepTimeMs: number;
  startMs: number;
  endMs: number;
  /** How long it is: as asked for, or as moved to the ends of buckets. */
  rangeMs: number;
  /** Scalar arguments at this step. */
  first: number;
  second: number;
  /** Set by the function where the step gets no value. */
  none: boolean;
  /** Windows so far in which start timestamps overlap, see starts.ts. */
  overlaps: number;
};

/** A number for a window that is not empty; sets `none` where there is no answer. */
export type WindowFunction = (window: Window) => number;

export function noValue(window: Window): number {
  window.none = true;
  return 0;
}

export function valueAt(window: Window, index: number): number {
  return window.values[index] ?? 0;
}

export function timeAt(window: Window, index: number): number {
  return window.timestampsMs[index] ?? 0;
}
