import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import { severity } from "#shared/model/logs.ts";
import type { Labels } from "#shared/model/labels.ts";
import { duration } from "#shared/text/duration.ts";
import { defineSource } from "../source.ts";

/** Lapwing's own log lines as a stream of logs, so that what the agent says about itself is found where all logs are. */
export const selfLogs = defineSource({
  type: "self_logs",
  config: z.lazy(() =>
    z.strictObject({
      /** How long lines are gathered before they are handed on together. */
      interval: duration.prefault("200ms"),
      /** Further labels of the stream. */
      labels: z.record(z.string(), z.string()).default({}),
    }),
  ),
  async run({ interval, labels }, context) {
    const { clock, signal, selfLogs: tap } = context;
    if (tap === undefined) {
      throw new OperatingError("unavailable", "this process keeps no lines of its own log");
    }
    const stream = { job: "lapwing", host: context.hostname, ...labels };
    const handOn = async () => {
      const { lines, dropped } = tap.take();
      if (dropped > 0) context.drop("logs", "rate_limit", dropped);
      if (lines.length > 0) await context.emitLogs(batchOfLines(lines, stream, clock.now()));
    };
    while (!signal.aborted) {
      await tap.filled(signal);
      await clock.sleep(interval, signal);
      await handOn();
    }
    // What was written while the last batch was on its way.
    await handOn();
  },
});

/** How a line of shared/runtime/log.ts begins. */
const head = /^\{"level":"([a-z]+)","time":"([^"]+)"/;
const severities: ReadonlyMap<string | undefined, number> = new Map(Object.entries(severity));

/** Records of JSON log lines, whose level and time are read from them; a line of another form is taken at `nowMs`. */
export function batchOfLines(lines: readonly string[], stream: Labels, nowMs: number): LogsBatch {
  const count = lines.length;
  const timestampsMs = new Float64Array(count);
  const levels = new Uint8Array(count);
  const bodyEnds = new Uint32Array(count);
  const encoded = lines.map((line) => Buffer.from(line, "utf8"));
  let end = 0;
  lines.forEach((line, i) => {
    const parts = head.exec(line);
    const time = Date.parse(parts?.[2] ?? "");
    timestampsMs[i] = Number.isNaN(time) ? nowMs : time;
    levels[i] = severities.get(parts?.[1]) ?? severity.unknown;
    end += encoded[i]?.length ?? 0;
    bodyEnds[i] = end;
  });
  return {
    streams: [stream],
    streamOf: new Uint32Array(count),
    timestampsMs,
    nanos: new Uint32Array(count),
    severities: levels,
    bodies: new Uint8Array(Buffer.concat(encoded, end)),
    bodyEnds,
  };
}
