import type { LogEntry } from "./log_entries.ts";
import type { LogQuery } from "./logql/ast.ts";
import { type LogRange, type LogScope, selectRecords } from "./logql/evaluate.ts";

/** Entries of a log query, at most `range.limit`, in the order asked for. */
export function readEntries(
  query: LogQuery,
  range: LogRange,
  scope: LogScope,
): Promise<LogEntry[]> {
  return selectRecords(query, range, scope);
}
