// Hot: guarded by `bench scrape`.
import type { SparseSamples } from "#shared/model/metrics.ts";
import { wordsOf } from "#shared/model/special_values.ts";
import type { SampleColumns } from "#shared/text/exposition/sample_columns.ts";

/** Samples of a body, by their places in it, that have times of their own; undefined where there are none. `columnOf` is by entry of the index. */
export function timedSamples(
  samples: SampleColumns,
  places: readonly number[],
  columnOf: Int32Array,
): SparseSamples | undefined {
  if (places.length === 0) return undefined;
  const sparse = {
    columns: new Uint32Array(places.length),
    timestampsMs: new Float64Array(places.length),
    values: new Float64Array(places.length),
  };
  const words = wordsOf(sparse.values);
  for (const [at, i] of places.entries()) {
    sparse.columns[at] = columnOf[samples.series[i] ?? 0] ?? 0;
    sparse.timestampsMs[at] = samples.timestampsMs[i] ?? 0;
    words[2 * at] = samples.words[2 * i] ?? 0;
    words[2 * at + 1] = samples.words[2 * i + 1] ?? 0;
  }
  return sparse;
}
