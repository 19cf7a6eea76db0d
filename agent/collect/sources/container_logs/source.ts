import type { Labels } from "#shared/model/labels.ts";
import { type RecordFormat, Tailer } from "../file_logs/tailer.ts";
import { type SourceContext, defineSource } from "../source.ts";
import { ContainerLogsConfig } from "./config.ts";
import { pathLabels } from "./path_labels.ts";
import { takeContainerRecords } from "./take_container_records.ts";

/** Clocks of a runtime and of this process are the same; a step backwards must not make its times unbelievable. */
const aheadMaxMs = 600_000;

/**
 * Logs of containers, from the files that Docker's json-file driver and Kubernetes' runtimes write, followed as file_logs follows
 * its files. Time and stream are the runtime's; parts of long lines are joined.
 */
export const containerLogs = defineSource({
  type: "container_logs",
  config: ContainerLogsConfig,
  async run(config, context) {
    const { format, flush_timeout, ...files } = config;
    const reading = { format, flush_timeout };
    await new Tailer(
      { ...files, encoding: "utf-8" },
      context,
      recordFormat(reading, context),
    ).run();
  },
});

function recordFormat(
  { format, flush_timeout: flushMs }: Pick<ContainerLogsConfig, "format" | "flush_timeout">,
  context: SourceContext,
): RecordFormat {
  const known = new WeakMap<Labels, Map<string, Labels>>();
  const labelsOf = (file: Labels, stream: string): Labels => {
    const streams = known.get(file) ?? new Map<string, Labels>();
    known.set(file, streams);
    const labels = streams.get(stream) ?? { ...file, stream };
    streams.set(stream, labels);
    return labels;
  };
  const unparsed = () => context.unparsed?.("logs", 1);
  return {
    flushMs,
    labelsOf: pathLabels,
    take: (codec, builder, chunk, from, skipping, flush) => {
      const latestMs = context.clock.now() + aheadMaxMs;
      const reading = { format, latestMs, flush, labelsOf, unparsed };
      return takeContainerRecords(codec, builder, chunk, from, skipping, reading);
    },
  };
}
