import type { LogsBatch } from "#shared/model/logs.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { BatchBuilder } from "./batch_builder.ts";
import type { FileLogsConfig } from "./config.ts";
import { lineCodec } from "./line_codec.ts";
import { lineJoiner } from "./multiline.ts";
import { type Chunk, takeLines } from "./take_lines.ts";
import { takeRecords } from "./take_records.ts";

/** What a tail would make of a file with these bytes, read to its end. */
export function* previewLines(
  config: FileLogsConfig,
  data: Buffer,
  { clock, hostname }: { readonly clock: Clock; readonly hostname: string },
): Generator<LogsBatch> {
  const codec = lineCodec(config.encoding);
  const builder = new BatchBuilder(clock);
  const labels = { job: config.job, host: hostname, filename: "-", ...config.labels };
  const chunk: Chunk = { data, labels, lineMax: config.line_size_max, final: true };
  const { multiline } = config;
  const joiner = multiline === undefined ? undefined : lineJoiner(multiline);
  const linesMax = multiline?.lines_max ?? 1;
  builder.readAt();
  let from = codec.byteOrderMark(data, 0);
  for (;;) {
    const taken =
      joiner === undefined
        ? takeLines(codec, builder, chunk, from, false)
        : takeRecords(codec, builder, chunk, from, false, { joiner, linesMax, flush: true });
    if (builder.records > 0) yield builder.take();
    if (!taken.full) return;
    from = taken.next;
  }
}
