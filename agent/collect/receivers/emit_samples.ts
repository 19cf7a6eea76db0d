import type { MetricsPart } from "#shared/model/metrics.ts";
import type { PushedSeries } from "./pushed_series.ts";
import type { ReceiverContext } from "./receiver.ts";
import type { SampleBuffer } from "./sample_buffer.ts";

/**
 * Hands the samples of the buffer, and the metadata that is new, to the spool; resolves when they are in its file. Only then do they count as
 * the series' newest. Call it in the turn in which the samples were made: it reads the series before it waits.
 */
export async function emitSamples(
  { clock, emitMetrics }: Pick<ReceiverContext, "clock" | "emitMetrics">,
  series: PushedSeries,
  buffer: SampleBuffer,
  beside?: MetricsPart,
): Promise<void> {
  const { groups } = series;
  const samples = buffer.take();
  try {
    const batch = series.batchOf(samples);
    await emitMetrics(
      beside === undefined ? batch : { ...batch, also: [...(batch.also ?? []), beside] },
    );
    series.stored(groups, samples, clock.now());
  } finally {
    buffer.giveBack(samples);
  }
}
