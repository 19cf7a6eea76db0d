import type { LogEntry } from "./log_entries.ts";
import type { LogQuery } from "./logql/ast.ts";
import { type LogRange, type LogScope, selectRecords } from "./logql/evaluate.ts";
import { levelOf } from "./logql/level.ts";

/** Entries of a log query, at most `range.limit`, in the order asked for. */
export async function readEntries(
  query: LogQuery,
  range: LogRange,
  scope: LogScope,
): Promise<LogEntry[]> {
  const records = await selectRecords(query, range, scope);
  return records.map(({ timestampNs, stream, body, severity, attributes }) => ({
    timestampNs,
    stream,
    body,
    metadata: { detected_level: levelOf(severity), ...attributes },
    parsed: {},
  }));
}
