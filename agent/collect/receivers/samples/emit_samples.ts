import { nextTurn } from "#shared/async/turns.ts";
import type { MetricsPart } from "#shared/model/metrics.ts";
import type { PushedSeries } from "./pushed_series.ts";
import type { ReceiverOutput } from "../receiver_output.ts";
import type { PushedSamples, SampleBuffer } from "./sample_buffer.ts";

/** More samples go on in batches of so many. Senders bring some thousand at once. */
const batchSamplesMax = 10_240;
/** ... and samples of new series of so many: all on the way to the aggregator looks at each of these, without a pause. */
const newSeriesMax = 2_048;

type Context = Pick<ReceiverOutput, "clock" | "emitMetrics">;

/** Whether emitSamples() takes several turns: the series must stay as they are until it resolves. */
export function needsTurns(series: PushedSeries, buffer: SampleBuffer): boolean {
  return endOfBatch(series, buffer.columns, 0) < buffer.length;
}

function endOfBatch(series: PushedSeries, columns: Uint32Array, start: number): number {
  const end = Math.min(columns.length, start + batchSamplesMax);
  if (end - start <= newSeriesMax) return end;
  let fresh = 0;
  for (let at = start; at < end; at++)
    if (series.isNew(columns[at] ?? 0) && fresh++ === newSeriesMax) return at;
  return end;
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
  series.hold();
  try {
    for (let start = 0; ;) {
      const end = endOfBatch(series, samples.columns, start);
      const isLast = end === length;
      const batch = start === 0 && isLast ? samples : between(samples, start, end);
      await emitBatch(context, series, batch, isLast ? beside : undefined);
      if (isLast) return;
      start = end;
      await nextTurn();
    }
  } finally {
    series.release();
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
