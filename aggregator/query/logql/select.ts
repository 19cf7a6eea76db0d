import type { Labels } from "#shared/model/labels.ts";
import type { LogRecord, LogScanRequest, LogSlice } from "../source.ts";
import type { LogQuery } from "./ast.ts";
import { type LogScope, paceOf } from "./limits.ts";
import { mergedRows } from "./merge_rows.ts";
import { compilePipeline } from "./pipeline.ts";
import {
  type RecordState,
  lineOf,
  metadataLabels,
  newRecordState,
  parsedLabels,
  resetState,
  streamLabels,
} from "./record_state.ts";

export type LogRange = {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: "backward" | "forward";
};

/**
 * A record that a pipeline has let through. `body` is the line that it has made of it, `stream` the stream's labels that are left;
 * what stages have written anew is in `parsed` alone.
 */
export type LogEntry = LogRecord & {
  /** Structured metadata, `detected_level` with it. */
  readonly metadata: Labels;
  /** Labels from parsers and formats; `__error__` and `__error_details__` among them. */
  readonly parsed: Labels;
};

/** How many records are looked at before the clock is. */
const batchRecords = 256;

/** Records of a log query, in the order asked for. Reading stops when the limit is reached. */
export async function selectRecords(
  query: LogQuery,
  range: LogRange,
  scope: LogScope,
): Promise<LogEntry[]> {
  const pipeline = compilePipeline(query, undefined);
  const { startNs, endNs, direction, limit } = range;
  const base = { tenant: scope.tenant, matchers: query.matchers, startNs, endNs, direction };
  const request = {
    ...base,
    lineFilters: pipeline.lineFilters,
    hints: pipeline.hints,
    ...(scope.signal === undefined ? {} : { signal: scope.signal }),
  };
  if (pipeline.isEmpty) return (await scope.source.select({ ...request, limit })).map(plainEntry);
  const scan: LogScanRequest = { ...request, needs: { bodies: true, attributes: true } };
  const entries: LogEntry[] = [];
  const pace = paceOf(scope);
  const state = newRecordState();
  for await (const slices of scope.source.scan(scan)) {
    const rows = mergedRows(slices, direction);
    const mayPass = slices.map((slice) => pipeline.prefilter?.open(slice.batch, slice.rows.length));
    for (let seen = 1; rows.next(); seen++) {
      setRecord(state, slices[rows.slice], rows.row);
      const isCandidate = mayPass[rows.slice]?.(state, rows.row) ?? true;
      if (isCandidate && pipeline.run(state)) entries.push(entryOf(state));
      if (entries.length >= limit) return entries;
      if (seen % batchRecords === 0) await pace.breathe();
    }
  }
  return entries;
}

/** Points the state at a record of a slice. */
export function setRecord(state: RecordState, slice: LogSlice | undefined, row: number): void {
  if (slice === undefined) return;
  const { batch } = slice;
  state.bodies = batch.bodies;
  state.bodyStart = row === 0 ? 0 : (batch.bodyEnds[row - 1] ?? 0);
  state.bodyEnd = batch.bodyEnds[row] ?? 0;
  state.mined = batch.mined;
  state.row = row;
  state.timeMs = batch.timestampsMs[row] ?? 0;
  state.nanos = batch.nanos[row] ?? 0;
  state.stream = batch.streams[batch.streamOf[row] ?? 0] ?? {};
  state.severity = batch.severities[row] ?? 0;
  state.attributes = batch.attributes?.[row];
  resetState(state);
}

function entryOf(state: RecordState): LogEntry {
  return {
    timestampNs: BigInt(state.timeMs) * 1_000_000n + BigInt(state.nanos),
    stream: streamLabels(state),
    body: lineOf(state),
    severity: state.severity,
    ...(state.attributes === undefined ? {} : { attributes: state.attributes }),
    metadata: metadataLabels(state),
    parsed: parsedLabels(state),
  };
}

const nothing: Labels = {};

function plainEntry(record: LogRecord): LogEntry {
  const { stream, severity, attributes } = record;
  const state = { ...newRecordState(), stream, severity, attributes };
  return { ...record, metadata: metadataLabels(state), parsed: nothing };
}
