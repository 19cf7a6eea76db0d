import { gauge } from "../../collect/samples/family.ts";
import { type SqlRow, labelOf } from "../connections/sql_connection.ts";
import { type Part, columnsOf } from "./part.ts";

/** Where the extension is and which version it has: after an upgrade of the server it may be an old one. */
export const extensionSql = `SELECT n.nspname AS schema, e.extversion AS version
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_stat_statements'`;

const labels = ["user", "datname", "queryid"];
const columns = columnsOf("pg_stat_statements", labels, {
  calls_total: ["counter", "Times that the statement was executed."],
  seconds_total: ["counter", "Time that the statement took."],
  rows_total: ["counter", "Rows that the statement gave or changed."],
  block_read_seconds_total: ["counter", "Time spent reading blocks, with track_io_timing."],
  block_write_seconds_total: ["counter", "Time spent writing blocks, with track_io_timing."],
});

/** Statements that took the most time. Their text is not read, which would mean a file of many megabytes. */
export function statementsPart(extension: SqlRow, statementsMax: number): Part {
  const [major = 0, minor = 0] = labelOf(extension.version).split(".").map(Number);
  const version = major * 100 + minor;
  const time = version >= 108 ? "total_exec_time" : "total_time";
  const [read, write] =
    version >= 111
      ? ["shared_blk_read_time", "shared_blk_write_time"]
      : ["blk_read_time", "blk_write_time"];
  return {
    name: "stat_statements",
    // Summed, because 14 and later count a statement apart where it stands within a function.
    sql: `SELECT pg_get_userbyid(s.userid) AS user, d.datname, s.queryid::text AS queryid, sum(s.calls) AS calls_total,
        sum(s.${time}) / 1000 AS seconds_total, sum(s.rows) AS rows_total, sum(s.${read}) / 1000 AS block_read_seconds_total,
        sum(s.${write}) / 1000 AS block_write_seconds_total
      FROM ${quoted(labelOf(extension.schema))}.pg_stat_statements(false) s JOIN pg_database d ON d.oid = s.dbid
      WHERE s.queryid IS NOT NULL
      GROUP BY 1, 2, 3 ORDER BY seconds_total DESC LIMIT ${statementsMax}`,
    labels,
    columns,
  };
}

/** Texts of the same statements, cut at 200 characters. */
export function statementTextsPart(
  extension: SqlRow,
  queryIds: readonly string[],
): Part | undefined {
  const ids = queryIds.filter((id) => /^-?\d+$/.test(id));
  if (ids.length === 0) return undefined;
  return {
    name: "stat_statements",
    sql: `SELECT queryid::text AS queryid, left(min(query), 200) AS query, 1 AS one
      FROM ${quoted(labelOf(extension.schema))}.pg_stat_statements(true) WHERE queryid IN (${ids.join(", ")}) GROUP BY 1`,
    labels: ["queryid", "query"],
    columns: [
      [
        "one",
        gauge("pg_stat_statements_query_id", "1, with the statement's text.", ["queryid", "query"]),
      ],
    ],
  };
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
