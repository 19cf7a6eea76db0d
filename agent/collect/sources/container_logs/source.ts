import type { Labels } from "#shared/model/labels.ts";
import { lineJoiner } from "../file_logs/multiline.ts";
import { type RecordFormat, Tailer } from "../file_logs/tailer.ts";
import { type SourceContext, defineSource } from "../source.ts";
import { ContainerLogsConfig } from "./config.ts";
import { DockerNames } from "./docker/docker_names.ts";
import { joinContainerRecords } from "./join_container_records.ts";
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
  {
    format,
    flush_timeout: partsMs,
    multiline,
  }: Pick<ContainerLogsConfig, "format" | "flush_timeout" | "multiline">,
  context: SourceContext,
  names: DockerNames,
): RecordFormat {
  const labelsOf = streamLabels();
  const unparsed = () => context.unparsed?.("logs", 1);
  const readingAt = (nowMs: number, flush: boolean) => {
    const latestMs = nowMs + aheadMaxMs;
    return { format, latestMs, flush, labelsOf, unparsed };
  };
  const places = {
    labelsOf: (path: string, real: string) =>
      pathLabels(path, real, (id, folder) => names.labelsOf(id, folder)),
    hasNewLabels: () => names.hasChanged(),
  };
  if (multiline === undefined)
    return {
      ...places,
      flushMs: partsMs,
      take: (codec, builder, chunk, from, skipping, flush) => {
        const reading = readingAt(context.clock.now(), flush);
        return takeContainerRecords(codec, builder, chunk, from, skipping, reading);
      },
    };
  const { flush_timeout: quietMs, lines_max: linesMax } = multiline;
  const joiners = { stdout: lineJoiner(multiline), stderr: lineJoiner(multiline) };
  const joinerOf = (stream: string) => (stream === "stderr" ? joiners.stderr : joiners.stdout);
  return {
    ...places,
    flushMs: quietMs,
    take: (codec, builder, chunk, from, skipping, flush) => {
      const nowMs = context.clock.now();
      const joins = { joinerOf, linesMax, quietMs, partsMs, nowMs };
      const joining = { ...readingAt(nowMs, flush), ...joins };
      return joinContainerRecords(codec, builder, chunk, from, skipping, joining);
    },
  };
}

/** Labels of a file's streams, the same object for the same ones. */
function streamLabels(): (file: Labels, stream: string) => Labels {
  const known = new WeakMap<Labels, Map<string, Labels>>();
  return (file, stream) => {
    const streams = known.get(file) ?? new Map<string, Labels>();
    known.set(file, streams);
    const labels = streams.get(stream) ?? { ...file, stream };
    streams.set(stream, labels);
    return labels;
  };
}
