import type { LogsBatch } from "#shared/model/logs.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import { systemClock } from "#shared/runtime/clock.ts";
import { ProcessorChain } from "#agent/pipeline/processors/chain.ts";
import { ProcessorsConfig } from "#agent/pipeline/processors/config.ts";
import { LogMetrics } from "#agent/pipeline/processors/log_metrics.ts";
import { linesBatch } from "./lines_batch.ts";

export type ProcessedRecord = {
  body: string;
  stream: Labels;
  attributes: Labels;
  severity: number;
  time: string;
  nanos: number;
};

export type Processed = {
  records: ProcessedRecord[];
  drops: Record<string, number>;
  batch: LogsBatch;
};

/** A chain of processors as the configuration names them, fed with lines or batches. */
export function chainOf(entries: readonly unknown[], clock: Clock = systemClock) {
  const { bound } = ProcessorsConfig.parse(entries);
  const metrics = new LogMetrics();
  const found: string[] = [];
  const chain = new ProcessorChain(bound, { clock, metrics }, undefined);
  return {
    metrics,
    found,
    take(input: readonly string[] | LogsBatch): Processed {
      const drops: Record<string, number> = {};
      const given = "bodies" in input ? input : linesBatch(input);
      const batch = chain.apply(given, (reason, items) => void (drops[reason] = items));
      return { records: recordsOf(batch), drops, batch };
    },
  };
}

/** Lines of the stream {job="test"} through processors. */
export function processed(entries: readonly unknown[], lines: readonly string[]): Processed {
  return chainOf(entries).take(lines);
}

/** The issues of a list that is refused: "path: message". */
export function refusals(entries: readonly unknown[]): string[] {
  const result = ProcessorsConfig.safeParse(entries);
  return result.success
    ? []
    : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

export function recordsOf(batch: LogsBatch): ProcessedRecord[] {
  return Array.from(batch.bodyEnds, (end, i) => ({
    body: Buffer.from(batch.bodies.subarray(batch.bodyEnds[i - 1] ?? 0, end)).toString(),
    stream: batch.streams[batch.streamOf[i] ?? 0] ?? {},
    attributes: batch.attributes?.[i] ?? {},
    severity: batch.severities[i] ?? 0,
    time: new Date(batch.timestampsMs[i] ?? 0).toISOString(),
    nanos: batch.nanos[i] ?? 0,
  }));
}
