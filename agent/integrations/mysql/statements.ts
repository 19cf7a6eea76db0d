import { type SampleSink, counter } from "../../collect/samples/family.ts";
import { type SqlRow, labelOf, numberOf } from "../connections/sql_connection.ts";

const labels = ["schema", "digest", "digest_text"];
const prefix = "mysql_perf_schema_events_statements";
const columns = [
  ["count_star", counter(`${prefix}_total`, "Times that the statement was executed.", labels)],
  ["seconds", counter(`${prefix}_seconds_total`, "Time that the statement took.", labels)],
  ["sum_errors", counter(`${prefix}_errors_total`, "Errors of the statement.", labels)],
  ["sum_rows_sent", counter(`${prefix}_rows_sent_total`, "Rows that were sent.", labels)],
  [
    "sum_rows_examined",
    counter(`${prefix}_rows_examined_total`, "Rows that were read for it.", labels),
  ],
  [
    "sum_rows_affected",
    counter(`${prefix}_rows_affected_total`, "Rows that were changed.", labels),
  ],
  [
    "sum_created_tmp_disk_tables",
    counter(`${prefix}_tmp_disk_tables_total`, "Temporary tables on disk.", labels),
  ],
  [
    "sum_no_index_used",
    counter(`${prefix}_no_index_used_total`, "Executions without an index.", labels),
  ],
] as const;

/** Normalized statements that took the most time since the server's start or the last TRUNCATE of the table. */
export function statementsSql(statementsMax: number): string {
  return `SELECT IFNULL(schema_name, 'NONE') AS \`schema\`, digest, LEFT(digest_text, 120) AS digest_text, count_star,
      sum_timer_wait / 1e12 AS seconds, sum_errors, sum_rows_sent, sum_rows_examined, sum_rows_affected,
      sum_created_tmp_disk_tables, sum_no_index_used
    FROM performance_schema.events_statements_summary_by_digest
    WHERE digest IS NOT NULL AND IFNULL(schema_name, '') NOT IN ('mysql', 'performance_schema', 'information_schema')
    ORDER BY sum_timer_wait DESC LIMIT ${statementsMax}`;
}

export function addStatements(sink: SampleSink, rows: readonly SqlRow[]): void {
  for (const row of rows) {
    const values = labels.map((label) => labelOf(row[label]));
    for (const [column, family] of columns) {
      const value = numberOf(row[column]);
      if (value !== undefined) sink.add(family, value, ...values);
    }
  }
}
