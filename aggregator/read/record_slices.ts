import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { LogsBatch } from "#shared/model/logs.ts";
import type { LogRecord, LogScanRequest, LogsSource, LogSlice } from "./source.ts";

/** Records that one scan holds. */
const recordsMax = 5_000_000;
const nanosPerMs = 1_000_000n;

/** A scan made of select(), for sources of tests that have nothing better: one span, which is all there is. */
export async function* scanBySelect(
  select: LogsSource["select"],
  request: LogScanRequest,
): AsyncGenerator<readonly LogSlice[]> {
  // Slices stand in the order of time, so that rows do.
  const records = await select({ ...request, direction: "forward", limit: recordsMax + 1 });
  if (records.length > recordsMax)
    throw new OperatingError("overloaded", `query reads more than ${recordsMax} log records`);
  if (records.length > 0) yield [sliceOf(records)];
}

/** Records as columns, all of them matching. */
export function sliceOf(records: readonly LogRecord[]): LogSlice {
  const streams = new Map<Labels, number>();
  for (const { stream } of records) if (!streams.has(stream)) streams.set(stream, streams.size);
  const bodies = records.map(({ body }) => Buffer.from(body));
  let end = 0;
  const batch: LogsBatch = {
    streams: [...streams.keys()],
    streamOf: Uint32Array.from(records, ({ stream }) => streams.get(stream) ?? 0),
    timestampsMs: Float64Array.from(records, ({ timestampNs }) => Number(timestampNs / nanosPerMs)),
    nanos: Uint32Array.from(records, ({ timestampNs }) => Number(timestampNs % nanosPerMs)),
    severities: Uint8Array.from(records, ({ severity }) => severity),
    bodies: new Uint8Array(Buffer.concat(bodies)),
    bodyEnds: Uint32Array.from(bodies, (body) => (end += body.length)),
    attributes: records.map(({ attributes }) => attributes),
  };
  return { batch, rows: Uint32Array.from(records, (_, i) => i) };
}
