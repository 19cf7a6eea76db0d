import type { HistogramSamples, SparseSamples } from "#shared/model/metrics.ts";
import type { PushedSeries } from "./pushed_series.ts";
import type { ReceiverContext } from "./receiver.ts";
import type { PushedSamples } from "./sample_buffer.ts";

/**
 * Hands samples, and the metadata that is new, to the spool; resolves when they are in its file. Only then do they count as
 * the series' newest. Call it in the turn in which the samples were made: it reads the schema before it waits.
 */
export async function emitSamples(
  { clock, emitMetrics }: Pick<ReceiverContext, "clock" | "emitMetrics">,
  series: PushedSeries,
  samples: PushedSamples,
): Promise<void> {
  const { schema } = series;
  await emitMetrics({ schema, rows: [], ...partsOf(samples) });
  series.stored(schema, samples, clock.now());
}

type Parts = { readonly sparse: SparseSamples; readonly histograms?: HistogramSamples };

function partsOf(samples: PushedSamples): Parts {
  const { natives, columns, timestampsMs, values } = samples;
  if (natives === undefined) return { sparse: { columns, timestampsMs, values } };
  const isNative = (_: number, i: number) => natives.has(i);
  const isNumber = (_: number, i: number) => !natives.has(i);
  const numbers = {
    columns: columns.filter(isNumber),
    timestampsMs: timestampsMs.filter(isNumber),
    values: new Float64Array(values.length - natives.size),
  };
  let at = 0;
  // One by one, but by memory: NaNs keep their bits.
  for (let i = 0; i < values.length; i++)
    if (!natives.has(i)) numbers.values.set(values.subarray(i, i + 1), at++);
  return {
    sparse: numbers,
    histograms: {
      columns: columns.filter(isNative),
      timestampsMs: timestampsMs.filter(isNative),
      // They were pushed in the order of their places.
      histograms: [...natives.values()],
    },
  };
}
