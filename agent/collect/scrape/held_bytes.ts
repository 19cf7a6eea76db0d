import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";
import type { SeriesIndex } from "#shared/text/exposition/series_index.ts";

/** What a sample, and an exemplar or the like of a body hold, roughly. */
const [sampleBytes, besideBytes] = [32, 300];

/** What a body that is being parsed holds in memory beside its bytes, roughly: lines, series that are new (of so many bytes), samples. */
export function heldBytes(
  index: SeriesIndex,
  columnsBytes: number,
  samples: SampleColumns,
): number {
  const { exemplars, starts, histograms } = samples;
  const beside = exemplars.length + starts.size + histograms.size;
  const ofSamples = sampleBytes * samples.length + besideBytes * beside;
  return index.heldBytes + columnsBytes + ofSamples;
}
