import type { MetricsPart } from "#shared/model/metrics.ts";
import type { PushedSeries } from "./pushed_series.ts";
import type { ReceiverContext } from "./receiver.ts";
import type { PushedSamples } from "./sample_buffer.ts";

/**
 * Hands samples, and the metadata that is new, to the spool; resolves when they are in its file. Only then do they count as
 * the series' newest. Call it in the turn in which the samples were made: it reads the series before it waits.
 */
export async function emitSamples(
  { clock, emitMetrics }: Pick<ReceiverContext, "clock" | "emitMetrics">,
  series: PushedSeries,
  samples: PushedSamples,
  beside?: MetricsPart,
): Promise<void> {
  const { groups } = series;
  const batch = series.batchOf(samples);
  await emitMetrics(
    beside === undefined ? batch : { ...batch, also: [...(batch.also ?? []), beside] },
  );
  series.stored(groups, samples, clock.now());
}
