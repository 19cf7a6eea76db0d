import { OperatingError } from "#shared/errors.ts";
import type { Labels } from "#shared/model/labels.ts";
import { currentShare } from "../../read/memory/query_memory.ts";
import type { LogRecord, LogScanRequest, LogSlice } from "../../read/source.ts";
import type { LogQuery } from "#shared/query_language/logql/ast.ts";
import { type LogScope, paceOf, recordPace } from "./limits.ts";
import { mergedRows } from "./merge_rows.ts";
import { compilePipeline } from "../../log_pipeline/pipeline.ts";
import {
  type RecordState,
  lineOf,
  metadataLabels,
  newRecordState,
  parsedLabels,
  setRecord,
  streamLabels,
} from "../../log_pipeline/record_state.ts";

export type LogRange = {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: "backward" | "forward";
  /** Entries lie at least this far from the one before: those between are left out. */
  readonly intervalMs?: number;
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

/** Records of a log query, in the order asked for. Reading stops when the limit is reached. */
export async function selectRecords(
  query: LogQuery,
  range: LogRange,
  scope: LogScope,
): Promise<LogEntry[]> {
  const pipeline = compilePipeline(query, undefined);
  const { startNs, endNs, direction, limit, intervalMs = 0 } = range;
  const base = { tenant: scope.tenant, matchers: query.matchers, startNs, endNs, direction };
  const request = {
    ...base,
    lineFilters: pipeline.lineFilters,
    hints: pipeline.hints,
    ...(scope.signal === undefined ? {} : { signal: scope.signal }),
  };
  if (pipeline.isEmpty && intervalMs === 0)
    return (await scope.source.select({ ...request, limit })).map(plainEntry);
  const scan: LogScanRequest = { ...request, needs: { bodies: true, attributes: true } };
  const entries: LogEntry[] = [];
  const share = currentShare();
  let characters = 0;
  const pace = paceOf(scope);
  const state = newRecordState();
  const breathe = recordPace(pace);
  const isNear = nearness(intervalMs);
  for await (const slices of scope.source.scan(scan)) {
    const rows = mergedRows(slices, direction);
    const mayPass = slices.map((slice) => pipeline.prefilter?.open(slice.batch, slice.rows.length));
    while (rows.next()) {
      const pause = breathe();
      if (pause !== undefined) await pause;
      const slice = slices[rows.slice];
      if (isNear(slice, rows.row, entries.length)) continue;
      setRecord(state, slice, rows.row);
      const isCandidate = mayPass[rows.slice]?.(state, rows.row) ?? true;
      if (isCandidate && pipeline.run(state)) {
        const entry = entryOf(state);
        entries.push(entry);
        const entryCharacters = charactersOf(entry);
        characters += entryCharacters;
        share?.hold(entryBytes + entryCharacters);
        if (characters > charactersMax) throw tooLarge();
      }
      if (entries.length >= limit) return entries;
    }
  }
  return entries;
}

/** An entry without its texts. */
const entryBytes = 500;
/** Characters of the lines and labels of an answer. */
const charactersMax = 128 * 2 ** 20;

function charactersOf({ body, parsed }: LogEntry): number {
  let sum = body.length;
  for (const name in parsed) sum += name.length + (parsed[name]?.length ?? 0);
  return sum;
}

function tooLarge(): OperatingError {
  return new OperatingError(
    "bad_request",
    `the answer has more than ${charactersMax} characters: ask for fewer lines by limit, or keep fewer labels`,
    { limit: "answer_size" },
  );
}

/**
 * Whether a record lies too near to the one before it that became an entry, which is known by there being one more. Asked before anything is made
 * of the record, so that those between cost a look at their times.
 */
function nearness(intervalMs: number) {
  if (intervalMs === 0) return () => false;
  let [taken, lastMs, lastNanos, askedMs, askedNanos] = [0, 0, 0, 0, 0];
  return (slice: LogSlice | undefined, row: number, entries: number): boolean => {
    if (entries > taken) [taken, lastMs, lastNanos] = [entries, askedMs, askedNanos];
    const ms = slice?.batch.timestampsMs[row] ?? 0;
    const nanos = slice?.batch.nanos[row] ?? 0;
    // Whole milliseconds apart from the rest, which a double would round.
    const apart = ms - lastMs + (nanos - lastNanos) / 1e6;
    if (taken > 0 && Math.abs(apart) < intervalMs) return true;
    [askedMs, askedNanos] = [ms, nanos];
    return false;
  };
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
