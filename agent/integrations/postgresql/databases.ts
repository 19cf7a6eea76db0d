import { gauge } from "../../collect/samples/family.ts";
import { type Part, columnsOf } from "./part.ts";

const own = ["datid", "datname"];
const database = columnsOf("pg_stat_database", own, {
  numbackends: ["gauge", "Connections to the database."],
  xact_commit: ["counter", "Transactions that were committed."],
  xact_rollback: ["counter", "Transactions that were rolled back."],
  blks_read: ["counter", "Blocks that were read from files."],
  blks_hit: ["counter", "Blocks that were found in the server's buffers."],
  tup_returned: ["counter", "Rows that scans went over."],
  tup_fetched: ["counter", "Rows that index scans fetched."],
  tup_inserted: ["counter", "Rows that were inserted."],
  tup_updated: ["counter", "Rows that were updated."],
  tup_deleted: ["counter", "Rows that were deleted."],
  conflicts: ["counter", "Queries of a standby that were cancelled for the recovery."],
  temp_files: ["counter", "Temporary files that queries wrote."],
  temp_bytes: ["counter", "Bytes of temporary files that queries wrote."],
  deadlocks: ["counter", "Deadlocks that were resolved."],
  blk_read_time: ["counter", "Milliseconds spent reading blocks, with track_io_timing."],
  blk_write_time: ["counter", "Milliseconds spent writing blocks, with track_io_timing."],
  stats_reset: ["counter", "When these counters were reset, Unix seconds."],
});
const activeTime = columnsOf("pg_stat_database", own, {
  active_time_seconds_total: ["counter", "Time that sessions spent executing statements."],
});
const statDatabase = `SELECT datid::text, datname, numbackends, xact_commit, xact_rollback, blks_read, blks_hit,
    tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks,
    blk_read_time, blk_write_time, coalesce(extract(epoch FROM stats_reset), 0)::float8 AS stats_reset`;

const activityLabels = [
  "datname",
  "state",
  "usename",
  "application_name",
  "backend_type",
  "wait_event_type",
  "wait_event",
];

/** What is told of each database; names as in github.com/prometheus-community/postgres_exporter. */
export const databaseParts: readonly Part[] = [
  {
    name: "stat_database",
    until: 13,
    sql: `${statDatabase} FROM pg_stat_database WHERE datname IS NOT NULL`,
    labels: own,
    columns: database,
  },
  {
    name: "stat_database",
    since: 14,
    sql: `${statDatabase}, active_time / 1000 AS active_time_seconds_total
      FROM pg_stat_database WHERE datname IS NOT NULL`,
    labels: own,
    columns: [...database, ...activeTime],
  },
  {
    name: "stat_database_conflicts",
    sql: `SELECT datid::text, datname, confl_tablespace, confl_lock, confl_snapshot, confl_bufferpin, confl_deadlock
      FROM pg_stat_database_conflicts`,
    labels: own,
    columns: columnsOf("pg_stat_database_conflicts", own, {
      confl_tablespace: ["counter", "Queries cancelled because a tablespace was dropped."],
      confl_lock: ["counter", "Queries cancelled because they held a lock for too long."],
      confl_snapshot: ["counter", "Queries cancelled because they needed rows that were gone."],
      confl_bufferpin: ["counter", "Queries cancelled because they held a buffer."],
      confl_deadlock: ["counter", "Queries cancelled for a deadlock with the recovery."],
    }),
  },
  {
    name: "database",
    sql: `SELECT datname, datconnlimit AS connection_limit,
        CASE WHEN has_database_privilege(oid, 'CONNECT') OR pg_has_role('pg_read_all_stats', 'USAGE')
          THEN pg_database_size(oid) END AS size_bytes
      FROM pg_database`,
    labels: ["datname"],
    columns: columnsOf("pg_database", ["datname"], {
      size_bytes: ["gauge", "Bytes that the database's files take."],
      connection_limit: ["gauge", "Connections that the database allows, -1 without a limit."],
    }),
  },
  {
    name: "database_wraparound",
    sql: `SELECT datname, age(datfrozenxid) AS age_datfrozenxid_seconds, mxid_age(datminmxid) AS age_datminmxid_seconds
      FROM pg_database WHERE datallowconn`,
    labels: ["datname"],
    columns: columnsOf("pg_database_wraparound", ["datname"], {
      age_datfrozenxid_seconds: [
        "gauge",
        "Transactions since the oldest that is not frozen; the name is the exporter's.",
      ],
      age_datminmxid_seconds: [
        "gauge",
        "Multixacts since the oldest that is in use; the name is the exporter's.",
      ],
    }),
  },
  {
    name: "locks",
    sql: `SELECT d.datname, m.mode, coalesce(l.count, 0) AS count
      FROM pg_database d
      CROSS JOIN unnest(ARRAY['accesssharelock', 'rowsharelock', 'rowexclusivelock', 'shareupdateexclusivelock', 'sharelock',
        'sharerowexclusivelock', 'exclusivelock', 'accessexclusivelock', 'sireadlock']) AS m(mode)
      LEFT JOIN (SELECT database, lower(mode) AS mode, count(*) FROM pg_locks WHERE database IS NOT NULL GROUP BY 1, 2) l
        ON l.database = d.oid AND l.mode = m.mode`,
    labels: ["datname", "mode"],
    columns: [
      ["count", gauge("pg_locks_count", "Locks that are held or waited for.", ["datname", "mode"])],
    ],
  },
  {
    name: "stat_activity",
    sql: `SELECT d.datname, s.state, a.usename, a.application_name, a.backend_type, a.wait_event_type, a.wait_event,
        coalesce(a.count, 0) AS count, coalesce(a.max_tx_duration, 0) AS max_tx_duration
      FROM pg_database d
      CROSS JOIN unnest(ARRAY['active', 'idle', 'idle in transaction', 'idle in transaction (aborted)',
        'fastpath function call', 'disabled']) AS s(state)
      LEFT JOIN (SELECT datname, state, usename, application_name, backend_type, wait_event_type, wait_event, count(*),
          max(extract(epoch FROM now() - xact_start))::float8 AS max_tx_duration
        FROM pg_stat_activity WHERE pid <> pg_backend_pid() GROUP BY 1, 2, 3, 4, 5, 6, 7) a
        ON a.datname = d.datname AND a.state = s.state`,
    labels: activityLabels,
    columns: columnsOf("pg_stat_activity", activityLabels, {
      count: ["gauge", "Connections in this state."],
      max_tx_duration: ["gauge", "Age of the oldest transaction among them, in seconds."],
    }),
  },
  {
    name: "long_running_transactions",
    sql: `SELECT count(*) AS transactions,
        max(extract(epoch FROM clock_timestamp() - xact_start))::float8 AS oldest_timestamp_seconds
      FROM pg_stat_activity
      WHERE state IS DISTINCT FROM 'idle' AND query NOT LIKE 'autovacuum:%' AND xact_start IS NOT NULL
        AND pid <> pg_backend_pid()`,
    labels: [],
    columns: [
      ["transactions", gauge("pg_long_running_transactions", "Transactions that are open now.")],
      [
        "oldest_timestamp_seconds",
        gauge(
          "pg_long_running_transactions_oldest_timestamp_seconds",
          "Age of the oldest open transaction.",
        ),
      ],
    ],
  },
  {
    name: "roles",
    sql: "SELECT rolname, rolconnlimit AS connection_limit FROM pg_roles ORDER BY oid LIMIT 500",
    labels: ["rolname"],
    columns: columnsOf("pg_roles", ["rolname"], {
      connection_limit: ["gauge", "Connections that the role may have, -1 without a limit."],
    }),
  },
];
