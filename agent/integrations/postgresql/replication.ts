import { type Part, columnsOf } from "./part.ts";

/** Where the server's WAL stands: what it has written, or received on a standby. */
const position =
  "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END";

const senderLabels = ["application_name", "client_addr", "state", "slot_name", "pid"];
const slotLabels = ["slot_name", "database"];
const slotTypeLabels = ["slot_name", "slot_type"];
const slotColumns = columnsOf("pg_replication_slot", slotTypeLabels, {
  slot_current_wal_lsn: ["gauge", "Position of the server's WAL."],
  slot_confirmed_flush_lsn: ["gauge", "Position that the slot's reader has confirmed."],
  slot_is_active: ["gauge", "Whether somebody reads from the slot."],
});
const slot = `SELECT slot_name, slot_type, (${position} - '0/0')::float8 AS slot_current_wal_lsn,
    (coalesce(confirmed_flush_lsn, '0/0') - '0/0')::float8 AS slot_confirmed_flush_lsn, active AS slot_is_active`;
const receiverLabels = ["upstream_host", "slot_name", "status"];
const receiver = columnsOf("pg_stat_wal_receiver", receiverLabels, {
  receive_start_lsn: ["counter", "Position at which the receiver began."],
  receive_start_tli: ["gauge", "Timeline at which the receiver began."],
  flushed_lsn: ["counter", "Position up to which the WAL is received and synced."],
  received_tli: ["gauge", "Timeline of what was received last."],
  last_msg_send_time: ["counter", "When the last message was sent, Unix seconds."],
  last_msg_receipt_time: ["counter", "When the last message arrived, Unix seconds."],
  latest_end_lsn: ["counter", "Position that was reported to the sender last."],
  latest_end_time: ["counter", "When the sender was reported to last, Unix seconds."],
});
// Of conninfo nothing but the host: the rest may be secret.
const receiverStart = `SELECT trim(both '''' FROM substring(conninfo FROM 'host=([^ ]*)')) AS upstream_host, slot_name, status,
    (receive_start_lsn - '0/0')::float8 AS receive_start_lsn, receive_start_tli, received_tli,
    extract(epoch FROM last_msg_send_time)::float8 AS last_msg_send_time,
    extract(epoch FROM last_msg_receipt_time)::float8 AS last_msg_receipt_time,
    (latest_end_lsn - '0/0')::float8 AS latest_end_lsn, extract(epoch FROM latest_end_time)::float8 AS latest_end_time`;

/** How far standbys and readers of slots are. */
export const replicationParts: readonly Part[] = [
  {
    name: "replication",
    sql: `SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
          ELSE greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp())) END::float8 AS lag_seconds,
        pg_is_in_recovery()::int AS is_replica,
        greatest(0, extract(epoch FROM now() - pg_last_xact_replay_timestamp()))::float8 AS last_replay_seconds`,
    labels: [],
    columns: columnsOf("pg_replication", [], {
      lag_seconds: [
        "gauge",
        "How far a standby is behind; 0 where it has replayed all it received.",
      ],
      is_replica: ["gauge", "Whether the server is a standby."],
      last_replay_seconds: ["gauge", "Age of the last transaction that a standby replayed."],
    }),
  },
  {
    name: "stat_replication",
    sql: `SELECT r.application_name, r.client_addr::text, r.state, s.slot_name, r.pid,
        (${position} - '0/0')::float8 AS pg_current_wal_lsn_bytes,
        (${position} - r.replay_lsn)::float8 AS pg_wal_lsn_diff
      FROM pg_stat_replication r LEFT JOIN pg_replication_slots s ON s.active_pid = r.pid`,
    labels: senderLabels,
    columns: columnsOf("pg_stat_replication", senderLabels, {
      pg_current_wal_lsn_bytes: ["gauge", "Position of the server's WAL."],
      pg_wal_lsn_diff: ["gauge", "Bytes of WAL that the standby has not replayed."],
    }),
  },
  {
    name: "replication_slots",
    sql: `SELECT slot_name, database, active, (${position} - restart_lsn)::float8 AS pg_wal_lsn_diff
      FROM pg_replication_slots`,
    labels: slotLabels,
    columns: columnsOf("pg_replication_slots", slotLabels, {
      active: ["gauge", "Whether somebody reads from the slot."],
      pg_wal_lsn_diff: ["gauge", "Bytes of WAL that are kept for the slot."],
    }),
  },
  {
    name: "replication_slot",
    until: 12,
    sql: `${slot} FROM pg_replication_slots`,
    labels: slotTypeLabels,
    columns: slotColumns,
  },
  {
    name: "replication_slot",
    since: 13,
    sql: `${slot}, safe_wal_size AS safe_wal_size_bytes FROM pg_replication_slots`,
    labels: slotTypeLabels,
    columns: [
      ...slotColumns,
      ...columnsOf("pg_replication_slot", slotTypeLabels, {
        safe_wal_size_bytes: ["gauge", "Bytes that may be written until the slot is lost."],
      }),
    ],
  },
  {
    name: "replication_slot_status",
    since: 13,
    sql: "SELECT slot_name, slot_type, wal_status AS status, 1 AS wal_status FROM pg_replication_slots",
    labels: ["slot_name", "slot_type", "status"],
    columns: columnsOf("pg_replication_slot", [...slotTypeLabels, "wal_status"], {
      wal_status: ["gauge", "1, with whether the WAL that the slot needs is there."],
    }),
  },
  {
    name: "stat_wal_receiver",
    until: 12,
    sql: `${receiverStart}, (received_lsn - '0/0')::float8 AS flushed_lsn FROM pg_stat_wal_receiver`,
    labels: receiverLabels,
    columns: receiver,
  },
  {
    name: "stat_wal_receiver",
    since: 13,
    sql: `${receiverStart}, (flushed_lsn - '0/0')::float8 AS flushed_lsn FROM pg_stat_wal_receiver`,
    labels: receiverLabels,
    columns: receiver,
  },
];
