import { dashboardTables } from "./dashboard_tables.ts";
import {
  alertHistoryTables,
  notificationTables,
  publishedChartsTable,
  pushTables,
  recurringSilenceTables,
} from "./notification_tables.ts";
import { agentFeedsTable, ruleGroupsTable } from "./rule_tables.ts";

/**
 * The catalog's tables, step by step; a step is never changed once released. The SQL is what SQLite and PostgreSQL share.
 */
export const migrations: readonly (readonly string[])[] = [
  [
    `CREATE TABLE blocks (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      signal TEXT NOT NULL,
      key TEXT NOT NULL,
      items BIGINT NOT NULL,
      row_count BIGINT NOT NULL,
      bytes BIGINT NOT NULL,
      min_ms BIGINT NOT NULL,
      max_ms BIGINT NOT NULL,
      created_ms BIGINT NOT NULL
    )`,
    `CREATE TABLE deletions (key TEXT PRIMARY KEY, bytes BIGINT NOT NULL, delete_after_ms BIGINT NOT NULL)`,
    `CREATE TABLE lanes (
      tenant TEXT NOT NULL,
      agent TEXT NOT NULL,
      signal TEXT NOT NULL,
      epoch BIGINT NOT NULL,
      sequence BIGINT NOT NULL,
      items_total BIGINT NOT NULL,
      stored BIGINT NOT NULL,
      dropped TEXT NOT NULL,
      agent_dropped TEXT NOT NULL,
      PRIMARY KEY (tenant, agent, signal)
    )`,
    `CREATE TABLE carrier (
      partition_name TEXT PRIMARY KEY,
      incarnation TEXT NOT NULL,
      sequence BIGINT NOT NULL
    )`,
    `CREATE TABLE families (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      type TEXT NOT NULL,
      help TEXT NOT NULL,
      unit TEXT NOT NULL,
      PRIMARY KEY (tenant, name)
    )`,
    `CREATE TABLE agents (
      tenant TEXT NOT NULL,
      agent TEXT NOT NULL,
      name TEXT NOT NULL,
      heartbeat TEXT NOT NULL,
      last_seen_ms BIGINT NOT NULL,
      PRIMARY KEY (tenant, agent)
    )`,
  ],
  [
    // xxHash64 of the file, hexadecimal; NULL where a block was written before there was one.
    "ALTER TABLE blocks ADD COLUMN checksum TEXT",
    `CREATE TABLE tombstones (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      selectors TEXT NOT NULL,
      start_ms BIGINT NOT NULL,
      end_ms BIGINT NOT NULL,
      created_ms BIGINT NOT NULL
    )`,
    // The blocks that are still to be rewritten without what a tombstone deletes.
    `CREATE TABLE tombstone_blocks (
      tombstone TEXT NOT NULL,
      block TEXT NOT NULL,
      PRIMARY KEY (tombstone, block)
    )`,
    `CREATE TABLE audit (
      id TEXT PRIMARY KEY,
      at_ms BIGINT NOT NULL,
      tenant TEXT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      detail TEXT NOT NULL
    )`,
  ],
  [
    // How many, and when the first and the last was observed; NULL where a block holds none.
    "ALTER TABLE blocks ADD COLUMN exemplars BIGINT",
    "ALTER TABLE blocks ADD COLUMN exemplars_min_ms BIGINT",
    "ALTER TABLE blocks ADD COLUMN exemplars_max_ms BIGINT",
  ],
  [
    // 0 for samples as they came; else the width of a tier's buckets.
    "ALTER TABLE blocks ADD COLUMN bucket_ms BIGINT NOT NULL DEFAULT 0",
    // JSON: starts of the windows of which all that the block holds is in the next tier.
    "ALTER TABLE blocks ADD COLUMN tiered TEXT NOT NULL DEFAULT '[]'",
    // What is not after the floor has been dropped from a tier (bucket_ms 0: raw samples): the next one has it.
    `CREATE TABLE tier_floors (
      tenant TEXT NOT NULL,
      bucket_ms BIGINT NOT NULL,
      floor_ms BIGINT NOT NULL,
      PRIMARY KEY (tenant, bucket_ms)
    )`,
  ],
  [
    // JSON: the filters of lines where a tombstone is of log records; NULL for series of metrics.
    "ALTER TABLE tombstones ADD COLUMN line_filters TEXT",
    `CREATE TABLE log_deletions (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      query TEXT NOT NULL,
      start_ms BIGINT NOT NULL,
      end_ms BIGINT NOT NULL,
      created_ms BIGINT NOT NULL,
      actor TEXT NOT NULL,
      status TEXT NOT NULL,
      removed BIGINT NOT NULL
    )`,
    // Log records that were stored and left the blocks: with what is in blocks the sum is what was ever stored.
    `CREATE TABLE removed_records (
      tenant TEXT NOT NULL,
      reason TEXT NOT NULL,
      items BIGINT NOT NULL,
      PRIMARY KEY (tenant, reason)
    )`,
  ],
  [
    // Patterns of log lines that are known, so that each is new once.
    `CREATE TABLE log_patterns (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      text TEXT NOT NULL,
      first_ms BIGINT NOT NULL,
      seen_ms BIGINT NOT NULL,
      is_news BIGINT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
    // JSON: counters and usual rates as of the last commit.
    `CREATE TABLE log_pattern_state (tenant TEXT PRIMARY KEY, state TEXT NOT NULL)`,
  ],
  [
    // A log query where a tombstone is of records that pass its pipeline, too.
    "ALTER TABLE tombstones ADD COLUMN logql TEXT",
  ],
  [
    // What a host exchanges for credentials; of the token itself only the SHA-256, hexadecimal.
    `CREATE TABLE enrolment_tokens (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      hash TEXT NOT NULL,
      labels TEXT NOT NULL,
      created_ms BIGINT NOT NULL,
      expires_ms BIGINT NOT NULL,
      uses BIGINT NOT NULL,
      uses_max BIGINT NOT NULL,
      revoked_ms BIGINT
    )`,
    // Public keys that credentials were made for.
    `CREATE TABLE enrolments (
      public_key TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      agent TEXT NOT NULL,
      name TEXT NOT NULL,
      token TEXT NOT NULL,
      enrolled_ms BIGINT NOT NULL,
      revoked_ms BIGINT
    )`,
    "CREATE UNIQUE INDEX enrolments_in_force ON enrolments (tenant, agent) WHERE revoked_ms IS NULL",
  ],
  [
    // Something (kind, name) on its way to agents; plan: JSON as it was written. What agents had before is NULL where that was nothing.
    `CREATE TABLE rollouts (
      id TEXT PRIMARY KEY,
      tenant TEXT NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      revision TEXT NOT NULL,
      previous_revision TEXT,
      previous_rollout TEXT,
      plan TEXT NOT NULL,
      state TEXT NOT NULL,
      stage BIGINT NOT NULL,
      reason TEXT NOT NULL,
      actor TEXT NOT NULL,
      created_ms BIGINT NOT NULL,
      started_ms BIGINT,
      ended_ms BIGINT,
      state_ms BIGINT NOT NULL,
      version BIGINT NOT NULL
    )`,
    // baseline: JSON, how the agent was when it was given the release.
    `CREATE TABLE rollout_agents (
      rollout TEXT NOT NULL,
      agent TEXT NOT NULL,
      place BIGINT NOT NULL,
      state TEXT NOT NULL,
      stage BIGINT NOT NULL,
      given_ms BIGINT NOT NULL,
      applied_ms BIGINT NOT NULL,
      unhealthy_since_ms BIGINT NOT NULL,
      baseline TEXT,
      reason TEXT NOT NULL,
      PRIMARY KEY (rollout, agent)
    )`,
    // The revision that everybody has whom no rollout gives another one.
    `CREATE TABLE fleet_current (
      tenant TEXT NOT NULL,
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      revision TEXT NOT NULL,
      rollout TEXT NOT NULL,
      PRIMARY KEY (tenant, kind, name)
    )`,
  ],
  [
    // JSON: what is taken of a lane beyond its position, while frames between are still to come.
    "ALTER TABLE lanes ADD COLUMN ahead TEXT NOT NULL DEFAULT '[]'",
  ],
  [
    // While an agent exchanges its key it has two: the one in force, and one that is offered until the agent says that it uses it.
    "ALTER TABLE enrolments ADD COLUMN confirmed_ms BIGINT",
    // When its credentials were signed last, by which of the account's keys, and until when they hold; NULL: until they are revoked.
    "ALTER TABLE enrolments ADD COLUMN signed_ms BIGINT",
    "ALTER TABLE enrolments ADD COLUMN signer TEXT",
    "ALTER TABLE enrolments ADD COLUMN expires_ms BIGINT",
    // The key that took its place.
    "ALTER TABLE enrolments ADD COLUMN replaced_by TEXT",
    // When nats-server took the revocation.
    "ALTER TABLE enrolments ADD COLUMN revocation_sent_ms BIGINT",
    "UPDATE enrolments SET confirmed_ms = enrolled_ms",
    "DROP INDEX enrolments_in_force",
    `CREATE UNIQUE INDEX enrolments_in_force ON enrolments (tenant, agent)
      WHERE revoked_ms IS NULL AND confirmed_ms IS NOT NULL`,
    `CREATE UNIQUE INDEX enrolments_offered ON enrolments (tenant, agent)
      WHERE revoked_ms IS NULL AND confirmed_ms IS NULL`,
  ],
  [
    // What agents collect, as the aggregator wants it; a revision is never changed. audience: JSON, which agents it is for.
    `CREATE TABLE fleet_configurations (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      revision BIGINT NOT NULL,
      text TEXT NOT NULL,
      audience TEXT NOT NULL,
      priority BIGINT NOT NULL,
      author TEXT NOT NULL,
      created_ms BIGINT NOT NULL,
      PRIMARY KEY (tenant, name, revision)
    )`,
    `CREATE TABLE fleet_groups (
      tenant TEXT NOT NULL,
      name TEXT NOT NULL,
      agent TEXT NOT NULL,
      PRIMARY KEY (tenant, name, agent)
    )`,
  ],
  [
    // Signed programs of agents, as they were published; what they hold is in files.
    `CREATE TABLE agent_releases (
      tenant TEXT NOT NULL,
      revision TEXT NOT NULL,
      version TEXT NOT NULL,
      sequence BIGINT NOT NULL,
      manifest TEXT NOT NULL,
      signature TEXT NOT NULL,
      published_ms BIGINT NOT NULL,
      actor TEXT NOT NULL,
      PRIMARY KEY (tenant, sequence)
    )`,
  ],
  dashboardTables,
  [
    // What changed, for people; details: JSON.
    `CREATE TABLE events (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      at_ms BIGINT NOT NULL,
      kind TEXT NOT NULL,
      level TEXT NOT NULL,
      agent TEXT NOT NULL,
      agent_name TEXT NOT NULL,
      text TEXT NOT NULL,
      details TEXT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
    "CREATE INDEX events_by_time ON events (tenant, at_ms)",
  ],
  [
    // One row: the id that the storage's identity object names.
    "CREATE TABLE catalog_identity (catalog TEXT PRIMARY KEY, created_ms BIGINT NOT NULL)",
    // Starts of processes over this catalog. What one of them left in the storage without a row may be swept.
    `CREATE TABLE storage_claims (
      claim TEXT PRIMARY KEY,
      host TEXT NOT NULL,
      claimed_ms BIGINT NOT NULL
    )`,
    // NULL: the file is deleted. Else it goes to the trash for this reason; trash_note: JSON, what bringing it back needs.
    "ALTER TABLE deletions ADD COLUMN trash_reason TEXT",
    "ALTER TABLE deletions ADD COLUMN trash_note TEXT",
    `CREATE TABLE trash (
      key TEXT PRIMARY KEY,
      bytes BIGINT NOT NULL,
      note TEXT
    )`,
    // What maintenance remembers between starts, and requests of commands; value: JSON.
    "CREATE TABLE maintenance_state (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
  ],
  [
    // A mark of what an agent's credentials allow; NULL: they were signed before there was one.
    "ALTER TABLE enrolments ADD COLUMN rights TEXT",
  ],
  [
    // Until now a tombstone was of log records where it has line filters, else of series of metrics.
    "ALTER TABLE tombstones ADD COLUMN signal TEXT NOT NULL DEFAULT 'metrics'",
    "UPDATE tombstones SET signal = 'logs' WHERE line_filters IS NOT NULL",
  ],
  notificationTables,
  ruleGroupsTable,
  [
    // Items that were stored and left the blocks: with what is in blocks, tiers not counted, the sum is what was ever stored.
    `CREATE TABLE removed_items (
      tenant TEXT NOT NULL,
      signal TEXT NOT NULL,
      reason TEXT NOT NULL,
      items BIGINT NOT NULL,
      PRIMARY KEY (tenant, signal, reason)
    )`,
    // Until now only records were counted, and samples of damaged blocks.
    `INSERT INTO removed_items (tenant, signal, reason, items)
      SELECT tenant, 'logs', reason, items FROM removed_records WHERE reason <> 'lost_samples'`,
    `INSERT INTO removed_items (tenant, signal, reason, items)
      SELECT tenant, 'metrics', 'lost', items FROM removed_records WHERE reason = 'lost_samples'`,
    "DROP TABLE removed_records",
  ],
  agentFeedsTable,
  recurringSilenceTables,
  alertHistoryTables,
  [
    // Until now only requests to delete log records were listed.
    "ALTER TABLE log_deletions RENAME TO deletion_requests",
    "ALTER TABLE deletion_requests ADD COLUMN signal TEXT NOT NULL DEFAULT 'logs'",
    "UPDATE deletion_requests SET status = 'started' WHERE status = 'received' AND removed > 0",
  ],
  pushTables,
  publishedChartsTable,
];
