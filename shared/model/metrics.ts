// Hot: guarded by `bench query`.
import type { Histogram } from "./histogram.ts";
import type { Labels } from "./labels.ts";

/**
 * A list of series that grows at its end only, shared by reference between all rows made for it.
 * A source keeps one schema as long as its series stay mostly the same, and makes a new one when over half of its
 * columns are absent. Values of a row stand in the order of `series`; a row may be shorter than the schema
 * is by now (the missing columns are absent).
 */
export type SeriesSchema = {
  /** Full label sets, `__name__` included, no empty values. Append only. */
  readonly series: Labels[];
  /** Metadata of metric families named in this schema. Append only. */
  readonly families: MetricFamily[];
};

/** OpenMetrics' types of metric families, without a number: the order on a wire is the wire's. */
export const metricTypes = [
  "counter",
  "gauge",
  "histogram",
  "gaugehistogram",
  "summary",
  "info",
  "stateset",
  "unknown",
] as const;
export type MetricType = (typeof metricTypes)[number];

export type MetricFamily = {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
};

/**
 * Samples of one schema. Values are IEEE doubles whose NaN bits matter: always copy by typed array, never through
 * arithmetic, and test by shared/model/special_values.ts.
 */
export type MetricsBatch = MetricsPart & {
  /** Samples of other schemas that came at the same time: they travel, and are in the spool or not, with these. */
  readonly also?: readonly MetricsPart[];
};

/** Of one schema. */
export type MetricsPart = {
  readonly schema: SeriesSchema;
  /** Rows share one timestamp for all columns: the scrape, or a tick of a collector. */
  readonly rows: MetricsRow[];
  /** Samples that carry timestamps of their own. */
  readonly sparse?: SparseSamples;
  /** Native histograms; the rows have no sample in their places. */
  readonly histograms?: HistogramSamples;
  readonly exemplars?: ExemplarSamples;
  /** Of all samples here whose start is known; whoever writes frames tells only what has changed. */
  readonly starts?: StartTimestamps;
};

export type MetricsRow = {
  /** Unix milliseconds. */
  readonly timestampMs: number;
  /** One value a column; ABSENT bits where the column has no sample in this row. Owned by the batch. */
  readonly values: Float64Array;
  /**
   * The source has the series at a coarser interval, and this row lies between two of that (docs/adaptive_resolution.md). Without
   * its fine rows a series is as a source of that interval would have it.
   */
  readonly isFine?: boolean;
};

/** Parallel arrays, one entry a sample. */
export type SparseSamples = {
  /** Index into schema.series. */
  readonly columns: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
};

/** Parallel arrays, one entry a native histogram, which counts as one item. */
export type HistogramSamples = {
  /** Index into schema.series. */
  readonly columns: Uint32Array;
  readonly timestampsMs: Float64Array;
  readonly histograms: readonly Histogram[];
};

/**
 * Parallel arrays, one entry an exemplar, which counts as one item: an observation that a series' sample stands for, named
 * by labels such as a trace id (shared/model/exemplars.ts).
 */
export type ExemplarSamples = {
  /** Index into schema.series. */
  readonly columns: Uint32Array;
  /** When it was observed, or when it was met where nobody says. */
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly labels: readonly Labels[];
};

/**
 * Parallel arrays: since when the value of a column counts, as its sample at `timestampsMs` says. 0 where that is not known any
 * more. They belong to samples, so they are no items.
 */
export type StartTimestamps = {
  /** Index into schema.series. */
  readonly columns: Uint32Array;
  readonly timestampsMs: Float64Array;
  /** Unix milliseconds, whole. */
  readonly startsMs: Float64Array;
};

/**
 * Parallel to the samples of a series: 1 for a fine one (MetricsRow.isFine), else 0. Absent where none is fine, as for nearly all
 * series.
 */
export type FineMarks = Uint8Array;

/**
 * The average distance of samples [from, to), at least two, in seconds: how far apart the source has them at its own interval.
 * Fine samples don't count, unless fewer than two others are left.
 */
export function averageDistance(
  timestampsMs: Float64Array,
  fine: FineMarks | undefined,
  from: number,
  to: number,
): number {
  let [first, last, count] = [from, to - 1, to - from];
  if (fine !== undefined) {
    let others = 0;
    for (let i = from; i < to; i++) if (fine[i] !== 1) others++;
    if (others >= 2) {
      while (fine[first] === 1) first++;
      while (fine[last] === 1) last--;
      count = others;
    }
  }
  return ((timestampsMs[last] ?? 0) - (timestampsMs[first] ?? 0)) / 1_000 / (count - 1);
}
