import { type RecordFormat, Tailer } from "../file_logs/tailer.ts";
import { type SourceContext, defineSource } from "../../source.ts";
import { ContainerLogsConfig } from "./config.ts";
import { DockerNames } from "./docker/docker_names.ts";
import { type ContainerReadingConfig, containerReader } from "./container_reader.ts";
import { pathLabels } from "./path_labels.ts";
import { previewContainerLines } from "./preview.ts";

/**
 * Logs of containers, from the files that Docker's json-file driver and Kubernetes' runtimes write, followed as file_logs follows
 * its files. Time and stream are the runtime's; parts of long lines are joined.
 */
export const containerLogs = defineSource({
  type: "container_logs",
  config: ContainerLogsConfig,
  preview: previewContainerLines,
  async run(config, context) {
    const { format, flush_timeout, docker, ...files } = config;
    const reading = { format, flush_timeout, multiline: files.multiline };
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
      const encoded = { ...files, encoding: "utf-8", keep_carriage_return: false };
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
  reading: ContainerReadingConfig,
  context: SourceContext,
  names: DockerNames,
): RecordFormat {
  return {
    ...containerReader(reading, context.clock, () => context.unparsed?.("logs", 1)),
    labelsOf: (path: string, real: string) =>
      pathLabels(path, real, (id, folder) => names.labelsOf(id, folder)),
    hasNewLabels: () => names.hasChanged(),
  };
}
