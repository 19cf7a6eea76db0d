import type { SparseSamples } from "#shared/model/metrics.ts";
import type { PushedSeries } from "./pushed_series.ts";
import type { ReceiverContext } from "./receiver.ts";

/**
 * Hands samples, and the metadata that is new, to the spool; resolves when they are in its file. Only then do they count as
 * the series' newest. Call it in the turn in which the samples were made: it reads the schema before it waits.
 */
export async function emitSamples(
  { clock, emitMetrics }: Pick<ReceiverContext, "clock" | "emitMetrics">,
  series: PushedSeries,
  samples: SparseSamples,
): Promise<void> {
  const { schema } = series;
  await emitMetrics({ schema, rows: [], sparse: samples });
  series.stored(schema, samples, clock.now());
}
