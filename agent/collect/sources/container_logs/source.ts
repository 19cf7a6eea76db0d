import type { Labels } from "#shared/model/labels.ts";
import { type RecordFormat, Tailer } from "../file_logs/tailer.ts";
import { type SourceContext, defineSource } from "../source.ts";
import { ContainerLogsConfig } from "./config.ts";
import { DockerNames } from "./docker/docker_names.ts";
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
    const { format, flush_timeout, docker, ...files } = config;
    const reading = { format, flush_timeout };
    const stop = new AbortController();
    const signal = AbortSignal.any([context.signal, stop.signal]);
    const status = twoProblems(context);
    const names = new DockerNames({
      config: docker,
      clock: context.clock,
      signal,
      problem: status.names,
      failed: () => context.lookupFailed?.(),
    });
    const { promise: isReady, resolve: ready } = Promise.withResolvers<void>();
    const naming = names.run(ready);
    try {
      await Promise.race([isReady, naming]);
      const tailed = { ...context, degraded: status.files };
      const encoded = { ...files, encoding: "utf-8" };
      await new Tailer(encoded, tailed, recordFormat(reading, context, names)).run();
    } finally {
      stop.abort();
      await naming;
    }
  },
});

/** What is wrong with files and what with names are one message of the source; that of the files first. */
function twoProblems(context: SourceContext) {
  let files: string | undefined;
  let names: string | undefined;
  let shown: string | undefined;
  const show = () => {
    const both = [files, names].filter((problem) => problem !== undefined).join("; ");
    const message = both === "" ? undefined : both;
    if (message !== shown) context.degraded(message);
    shown = message;
  };
  return {
    files: (problem: string | undefined) => {
      files = problem;
      show();
    },
    names: (problem: string | undefined) => {
      names = problem;
      show();
    },
  };
}

function recordFormat(
  { format, flush_timeout: flushMs }: Pick<ContainerLogsConfig, "format" | "flush_timeout">,
  context: SourceContext,
  names: DockerNames,
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
    labelsOf: (path, real) => pathLabels(path, real, (id, folder) => names.labelsOf(id, folder)),
    hasNewLabels: () => names.hasChanged(),
    take: (codec, builder, chunk, from, skipping, flush) => {
      const latestMs = context.clock.now() + aheadMaxMs;
      const reading = { format, latestMs, flush, labelsOf, unparsed };
      return takeContainerRecords(codec, builder, chunk, from, skipping, reading);
    },
  };
}
