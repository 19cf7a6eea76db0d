import { nextTurn } from "#shared/async/turns.ts";
import type { MetricsPart } from "#shared/model/metrics.ts";
import type { PushedSeries } from "./pushed_series.ts";
import type { ReceiverContext } from "./receiver.ts";
import type { PushedSamples, SampleBuffer } from "./sample_buffer.ts";

/** More samples go on in batches of so many: one of new series takes 20 ms from here to the aggregator. Senders bring some thousand at once. */
const batchSamplesMax = 10_240;

type Context = Pick<ReceiverContext, "clock" | "emitMetrics">;

/** Whether emitSamples() takes several turns: the series must stay as they are until it resolves. */
export function needsTurns(buffer: SampleBuffer): boolean {
  return buffer.length > batchSamplesMax;
}

/**
 * Hands the samples of the buffer, and the metadata that is new, to the spool; resolves when they are in its file. Only then do they count as
 * the series' newest. Call it in the turn in which the samples were made: it reads the series before it waits, unless needsTurns().
 */
export async function emitSamples(
  context: Context,
  series: PushedSeries,
  buffer: SampleBuffer,
  beside?: MetricsPart,
): Promise<void> {
  const samples = buffer.take();
  const { length } = samples.columns;
  try {
    for (let start = 0; ; start += batchSamplesMax) {
      const end = Math.min(length, start + batchSamplesMax);
      const isLast = end === length;
      const batch = start === 0 && isLast ? samples : between(samples, start, end);
      await emitBatch(context, series, batch, isLast ? beside : undefined);
      if (isLast) return;
      await nextTurn();
    }
  } finally {
    buffer.giveBack(samples);
  }
}

async function emitBatch(
  { clock, emitMetrics }: Context,
  series: PushedSeries,
  samples: PushedSamples,
  beside: MetricsPart | undefined,
): Promise<void> {
  const { groups } = series;
  const batch = series.batchOf(samples);
  await emitMetrics(
    beside === undefined ? batch : { ...batch, also: [...(batch.also ?? []), beside] },
  );
  series.stored(groups, samples, clock.now());
}

function between(samples: PushedSamples, start: number, end: number): PushedSamples {
  const { natives } = samples;
  const part = {
    columns: samples.columns.subarray(start, end),
    timestampsMs: samples.timestampsMs.subarray(start, end),
    values: samples.values.subarray(start, end),
  };
  if (natives === undefined) return part;
  const own = [...natives].filter(([at]) => at >= start && at < end);
  return own.length === 0
    ? part
    : { ...part, natives: new Map(own.map(([at, histogram]) => [at - start, histogram])) };
}
