import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { lineJoiner } from "../file_logs/multiline.ts";
import type { RecordFormat } from "../file_logs/tailer.ts";
import type { ContainerLogsConfig } from "./config.ts";
import { joinContainerRecords } from "./join_container_records.ts";
import { takeContainerRecords } from "./take_container_records.ts";

/** Clocks of a runtime and of this process are the same; a step backwards must not make its times unbelievable. */
const aheadMaxMs = 600_000;

export type ContainerReadingConfig = Pick<
  ContainerLogsConfig,
  "format" | "flush_timeout" | "multiline"
>;

/** How the bytes of a runtime's file become records. `unparsed` is called with each line of another form. */
export function containerReader(
  { format, flush_timeout: partsMs, multiline }: ContainerReadingConfig,
  clock: Pick<Clock, "now">,
  unparsed: () => void,
): Pick<RecordFormat, "flushMs" | "take"> {
  const labelsOf = streamLabels();
  const readingAt = (nowMs: number, flush: boolean) => {
    const latestMs = nowMs + aheadMaxMs;
    return { format, latestMs, flush, labelsOf, unparsed };
  };
  if (multiline === undefined)
    return {
      flushMs: partsMs,
      take: (codec, builder, chunk, from, skipping, flush) => {
        const reading = readingAt(clock.now(), flush);
        return takeContainerRecords(codec, builder, chunk, from, skipping, reading);
      },
    };
  const { flush_timeout: quietMs, lines_max: linesMax } = multiline;
  const joiners = { stdout: lineJoiner(multiline), stderr: lineJoiner(multiline) };
  const joinerOf = (stream: string) => (stream === "stderr" ? joiners.stderr : joiners.stdout);
  return {
    flushMs: quietMs,
    take: (codec, builder, chunk, from, skipping, flush) => {
      const nowMs = clock.now();
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
