import type { LogsBatch } from "#shared/model/logs.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { BatchBuilder } from "./batch_builder.ts";
import type { FileLogsConfig } from "./config.ts";
import { lineCodec } from "./line_codec.ts";
import { lineJoiner } from "./multiline.ts";
import { type Chunk, type Taken, takeLines } from "./take_lines.ts";
import { takeRecords } from "./take_records.ts";

export type PreviewContext = { readonly clock: Clock; readonly hostname: string };

/** What a tail would make of a file with these bytes, read to its end. */
export function previewLines(
  config: FileLogsConfig,
  data: Buffer,
  context: PreviewContext,
): Generator<LogsBatch> {
  const codec = lineCodec(config.encoding);
  const { multiline } = config;
  const joiner = multiline === undefined ? undefined : lineJoiner(multiline);
  const linesMax = multiline?.lines_max ?? 1;
  return previewRecords(config, data, context, {
    from: codec.byteOrderMark(data, 0),
    take: (builder, chunk, from) =>
      joiner === undefined
        ? takeLines(codec, builder, chunk, from, false)
        : takeRecords(codec, builder, chunk, from, false, { joiner, linesMax, flush: true }),
  });
}

/** Lines as the bodies of records, of a source that reads no files. */
export function previewBodies(
  { job, labels, line_size_max: lineMax }: PreviewedConfig,
  data: Buffer,
  { clock, hostname }: PreviewContext,
): Generator<LogsBatch> {
  const codec = lineCodec("utf-8");
  const chunk = { data, labels: { job, host: hostname, ...labels }, lineMax, final: true };
  return previewChunk(chunk, clock, {
    from: 0,
    take: (builder, own, from) => takeLines(codec, builder, own, from, false),
  });
}

type PreviewedConfig = Pick<FileLogsConfig, "job" | "labels" | "line_size_max"> &
  Partial<Pick<FileLogsConfig, "keep_carriage_return">>;
type Reading = {
  readonly from: number;
  readonly take: (builder: BatchBuilder, chunk: Chunk, from: number) => Taken;
};

/** Batch by batch, what `take` makes of the bytes from `from` on, under the labels of a file without a name. */
export function previewRecords(
  {
    job,
    labels,
    line_size_max: lineMax,
    keep_carriage_return: keepsReturns = false,
  }: PreviewedConfig,
  data: Buffer,
  { clock, hostname }: PreviewContext,
  reading: Reading,
): Generator<LogsBatch> {
  const own = { job, host: hostname, filename: "-", ...labels };
  return previewChunk({ data, labels: own, lineMax, final: true, keepsReturns }, clock, reading);
}

function* previewChunk(chunk: Chunk, clock: Clock, reading: Reading): Generator<LogsBatch> {
  const builder = new BatchBuilder(clock);
  builder.readAt();
  let { from } = reading;
  for (;;) {
    const taken = reading.take(builder, chunk, from);
    if (builder.records > 0) yield builder.take();
    if (!taken.full) return;
    from = taken.next;
  }
}
