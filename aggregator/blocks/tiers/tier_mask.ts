import type { Labels } from "#shared/model/labels.ts";
import { concatenate } from "../../duckdb/columns.ts";
import type { SeriesMask } from "../deletion/tombstones.ts";
import { withUnknownReset } from "../metrics/histogram_rows.ts";
import type { BucketColumn } from "../../read/source.ts";
import { bucketColumns } from "./bucket_buffer.ts";
import type { HistogramColumn } from "#shared/model/histogram.ts";

type MaskedBuckets = {
  readonly labels: Labels;
  readonly timestampsMs: Float64Array;
  readonly values: Float64Array;
  readonly columns: Readonly<Partial<Record<BucketColumn, Float64Array>>>;
  readonly histograms?: HistogramColumn | undefined;
};

/**
 * A series of buckets without those that reach into what is deleted: a bucket can't be taken apart, and what is deleted must be
 * gone. Where the samples are still there, the tier is made again of what is left of them. `firstMs` must be among the columns.
 */
export function maskBuckets<Series extends MaskedBuckets>(
  series: Series,
  masks: readonly SeriesMask[],
): Series | undefined {
  let left = series;
  for (const { selector, startMs, endMs } of masks) {
    if (!selector.matches(series.labels)) continue;
    const { timestampsMs } = left;
    const firstMs = left.columns.firstMs ?? timestampsMs;
    let begin = 0;
    while (begin < timestampsMs.length && (timestampsMs[begin] ?? 0) < startMs) begin++;
    let end = begin;
    while (end < timestampsMs.length && (firstMs[end] ?? 0) <= endMs) end++;
    if (begin < end) left = without(left, begin, end);
  }
  return left.timestampsMs.length === 0 ? undefined : left;
}

function without<Series extends MaskedBuckets>(series: Series, begin: number, end: number): Series {
  const cut = (column: Float64Array) =>
    concatenate([column.subarray(0, begin), column.subarray(end)]);
  const columns: Partial<Record<BucketColumn, Float64Array>> = { ...series.columns };
  for (const name of names(columns)) {
    const column = columns[name];
    if (column !== undefined) columns[name] = cut(column);
  }
  const { histograms } = series;
  return {
    ...series,
    timestampsMs: cut(series.timestampsMs),
    values: cut(series.values),
    columns,
    histograms:
      histograms === undefined
        ? undefined
        : [
            ...histograms.slice(0, begin),
            ...histograms
              .slice(end)
              .map((one, i) => (one === undefined || i > 0 ? one : withUnknownReset(one))),
          ],
  };
}

function names(columns: Partial<Record<BucketColumn, Float64Array>>): BucketColumn[] {
  return bucketColumns.filter((name) => columns[name] !== undefined);
}
