import { counter, gauge } from "../../collect/samples/family.ts";
import { type Part, columnsOf } from "./part.ts";

const bgwriter: Readonly<Record<string, string>> = {
  checkpoints_timed: "Checkpoints that were due by time.",
  checkpoints_req: "Checkpoints that were asked for, mostly because max_wal_size was reached.",
  checkpoint_write_time: "Milliseconds that checkpoints spent writing.",
  checkpoint_sync_time: "Milliseconds that checkpoints spent syncing.",
  buffers_checkpoint: "Buffers that checkpoints wrote.",
  buffers_clean: "Buffers that the background writer wrote.",
  maxwritten_clean: "Rounds of the background writer that ended at its limit.",
  buffers_backend: "Buffers that backends had to write themselves.",
  buffers_backend_fsync: "Times that a backend had to sync a file itself.",
  buffers_alloc: "Buffers that were allocated.",
  stats_reset: "When these counters were reset, Unix seconds.",
};
/** With _total since the exporter's 0.12, without in the dashboards from before. */
const bgwriterColumns: Part["columns"] = Object.entries(bgwriter).flatMap(([column, help]) => [
  [column, counter(`pg_stat_bgwriter_${column}_total`, help)] as const,
  [column, counter(`pg_stat_bgwriter_${column}`, help)] as const,
]);
const resetTime = "coalesce(extract(epoch FROM stats_reset), 0)::float8 AS stats_reset";

/** What is told of the server as a whole. */
export const serverParts: readonly Part[] = [
  {
    name: "stat_bgwriter",
    until: 16,
    sql: `SELECT checkpoints_timed, checkpoints_req, checkpoint_write_time, checkpoint_sync_time, buffers_checkpoint,
        buffers_clean, maxwritten_clean, buffers_backend, buffers_backend_fsync, buffers_alloc, ${resetTime}
      FROM pg_stat_bgwriter`,
    labels: [],
    columns: bgwriterColumns,
  },
  {
    name: "stat_bgwriter",
    since: 17,
    // What moved to pg_stat_checkpointer keeps its old name, too, so that dashboards of both kinds have it.
    sql: `SELECT b.buffers_clean, b.maxwritten_clean, b.buffers_alloc,
        coalesce(extract(epoch FROM b.stats_reset), 0)::float8 AS stats_reset,
        c.num_timed AS checkpoints_timed, c.num_requested AS checkpoints_req, c.write_time AS checkpoint_write_time,
        c.sync_time AS checkpoint_sync_time, c.buffers_written AS buffers_checkpoint
      FROM pg_stat_bgwriter b, pg_stat_checkpointer c`,
    labels: [],
    columns: bgwriterColumns,
  },
  {
    name: "stat_checkpointer",
    since: 17,
    sql: `SELECT num_timed AS num_timed_total, num_requested AS num_requested_total,
        restartpoints_timed AS restartpoints_timed_total, restartpoints_req AS restartpoints_req_total,
        restartpoints_done AS restartpoints_done_total, write_time AS write_time_total, sync_time AS sync_time_total,
        buffers_written AS buffers_written_total,
        coalesce(extract(epoch FROM stats_reset), 0)::float8 AS stats_reset_total
      FROM pg_stat_checkpointer`,
    labels: [],
    columns: columnsOf("pg_stat_checkpointer", [], {
      num_timed_total: ["counter", "Checkpoints that were due by time."],
      num_requested_total: ["counter", "Checkpoints that were asked for."],
      restartpoints_timed_total: ["counter", "Restartpoints that were due by time."],
      restartpoints_req_total: ["counter", "Restartpoints that were asked for."],
      restartpoints_done_total: ["counter", "Restartpoints that were made."],
      write_time_total: ["counter", "Milliseconds spent writing."],
      sync_time_total: ["counter", "Milliseconds spent syncing."],
      buffers_written_total: ["counter", "Buffers that were written."],
      stats_reset_total: ["counter", "When these counters were reset, Unix seconds."],
    }),
  },
  {
    name: "stat_archiver",
    sql: `SELECT archived_count, failed_count,
        extract(epoch FROM now() - last_archived_time)::float8 AS last_archive_age
      FROM pg_stat_archiver`,
    labels: [],
    columns: columnsOf("pg_stat_archiver", [], {
      archived_count: ["counter", "WAL files that were archived."],
      failed_count: ["counter", "Attempts to archive that failed."],
      last_archive_age: ["gauge", "Seconds since a WAL file was archived."],
    }),
  },
  {
    name: "wal",
    sql: `SELECT count(*) AS segments, coalesce(sum(size), 0) AS size_bytes
      FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'`,
    labels: [],
    columns: columnsOf("pg_wal", [], {
      segments: ["gauge", "WAL segments on disk."],
      size_bytes: ["gauge", "Bytes of the WAL segments on disk."],
    }),
  },
  {
    name: "postmaster",
    sql: "SELECT extract(epoch FROM pg_postmaster_start_time())::float8 AS start_time_seconds",
    labels: [],
    columns: columnsOf("pg_postmaster", [], {
      start_time_seconds: ["gauge", "Start of the server, Unix seconds."],
    }),
  },
  {
    name: "xlog_location",
    sql: `SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
        - '0/0')::float8 AS bytes`,
    labels: [],
    columns: columnsOf("pg_xlog_location", [], {
      bytes: ["gauge", "Position in the WAL: written, or replayed on a standby."],
    }),
  },
];

/** `version()` and the version as three numbers, as the exporter writes it: "15.18.0". */
export const staticInfo = gauge("pg_static", "1, with the server's version.", [
  "version",
  "short_version",
]);
