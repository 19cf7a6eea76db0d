import type { HistogramSamples } from "#shared/model/metrics.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";

/** A native histogram of a scrape: its place among the parsed samples, its column and its time in Unix milliseconds. */
export type NativePlace = {
  readonly i: number;
  readonly column: number;
  readonly timestampMs: number;
};

/** The histograms at these places; undefined where there are none, as in nearly every scrape. */
export function histogramsOf(
  { histograms }: SampleColumns,
  places: readonly NativePlace[],
): HistogramSamples | undefined {
  if (places.length === 0) return undefined;
  return {
    columns: Uint32Array.from(places, ({ column }) => column),
    timestampsMs: Float64Array.from(places, ({ timestampMs }) => timestampMs),
    histograms: places.map(({ i }) => histograms.get(i)).filter((one) => one !== undefined),
  };
}
