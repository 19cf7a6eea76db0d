import type { LogQuery } from "#shared/query_language/logql/ast.ts";
import { type LogScope, selectRecords } from "../query/logql/evaluate.ts";
import type { LogRange } from "../query/logql/select.ts";
import { MissingBlocks } from "../read/missing_blocks.ts";
import { reportingLogs } from "../read/reporting_logs.ts";
import type { HistoryRead } from "./histories.ts";

/** The newest records of a query, for a reader who is about to follow it. */
export async function readHistory(
  query: LogQuery,
  range: Omit<LogRange, "direction">,
  scope: LogScope,
): Promise<HistoryRead> {
  const missing = new MissingBlocks();
  const reporting = { ...scope, source: reportingLogs(scope.source, missing) };
  const newest = await selectRecords(query, { ...range, direction: "backward" }, reporting);
  return { entries: newest.toReversed(), warnings: missing.warnings() };
}
