import type { LogsBatch } from "#shared/model/logs.ts";
import { lineCodec } from "../file_logs/line_codec.ts";
import { type PreviewContext, previewRecords } from "../file_logs/preview.ts";
import type { ContainerLogsConfig } from "./config.ts";
import { containerReader } from "./container_reader.ts";

/** The records of a file with these bytes, read to its end. What a path has of labels is not there. */
export function previewContainerLines(
  config: ContainerLogsConfig,
  data: Buffer,
  context: PreviewContext,
): Generator<LogsBatch> {
  const codec = lineCodec("utf-8");
  const reader = containerReader(config, context.clock, () => undefined);
  return previewRecords(config, data, context, {
    from: codec.byteOrderMark(data, 0),
    take: (builder, chunk, from) => reader.take(codec, builder, chunk, from, false, true),
  });
}
