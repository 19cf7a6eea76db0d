import type { FineMarks } from "#shared/model/metrics.ts";
import type { HistogramColumn } from "#shared/model/histogram.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SeriesSamples } from "./source.ts";

/**
 * One tenant's metrics of a cut. Samples are read series by series into the same memory, not handed over as arrays a series:
 * hundreds of thousands of small arrays a flush cost more than the samples in them.
 */
export type CutMetrics = CutPart & {
  /** Samples of all series. */
  readonly items: number;
  /** The same by times, in order, where they lie far apart: a block each. Each has a sample. */
  readonly parts?: readonly CutPart[];
};

export type CutPart = {
  /** How many series there are, each once, in any order. */
  readonly size: number;
  labels(index: number): Labels;
  /** Given where a sample may be fine. */
  readonly mayBeFine?: boolean;
  /** The samples of a series, ascending and unique in time, possibly none: good until the next read. */
  read(index: number): SampleRun;
};

/** The first `count` of parallel arrays, as in SeriesSamples. */
export type SampleRun = {
  readonly count: number;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly histograms?: HistogramColumn | undefined;
  readonly starts?: Float64Array | undefined;
  readonly fine?: FineMarks | undefined;
};

/** Series that are arrays already. */
export function cutMetricsOf(series: readonly SeriesSamples[]): CutMetrics {
  const at = (index: number): SeriesSamples => series[index] ?? noSeries;
  return {
    items: series.reduce((items, { values }) => items + values.length, 0),
    size: series.length,
    labels: (index) => at(index).labels,
    read: (index) => runOf(at(index)),
    mayBeFine: series.some(({ fine }) => fine !== undefined),
  };
}

export function runOf({
  timestampsMs,
  values,
  histograms,
  starts,
  fine,
}: Omit<SeriesSamples, "labels" | "key">): SampleRun {
  return { count: timestampsMs.length, timestampsMs, values, histograms, starts, fine };
}

const noSeries: SeriesSamples = {
  labels: {},
  timestampsMs: new Float64Array(0),
  values: new Float64Array(0),
};
