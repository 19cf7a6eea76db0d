/** A step of catalog_migrations.ts: what the Alertmanager keeps. */
export const notificationTables: readonly string[] = [
  // silence, entry, alert: JSON.
  `CREATE TABLE silences (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      silence TEXT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
  // What receivers were sent of a group; id: SHA-256 of group key, receiver and integration.
  `CREATE TABLE notification_log (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      entry TEXT NOT NULL,
      expires_ms BIGINT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
  // Alerts that fire, so that a restart neither resolves nor repeats them.
  `CREATE TABLE notified_alerts (
      tenant TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      alert TEXT NOT NULL,
      PRIMARY KEY (tenant, fingerprint)
    )`,
  // Each notification, written before it is sent. alerts: JSON; state: pending, sent, failed, given_up or interrupted.
  `CREATE TABLE notifications (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      created_ms BIGINT NOT NULL,
      receiver TEXT NOT NULL,
      integration TEXT NOT NULL,
      group_key TEXT NOT NULL,
      reason TEXT NOT NULL,
      status TEXT NOT NULL,
      alert_count BIGINT NOT NULL,
      alerts TEXT NOT NULL,
      state TEXT NOT NULL,
      attempts BIGINT NOT NULL,
      failure TEXT NOT NULL,
      answer TEXT NOT NULL,
      settled_ms BIGINT,
      PRIMARY KEY (tenant, id)
    )`,
  "CREATE INDEX notifications_by_time ON notifications (tenant, created_ms)",
  "CREATE INDEX notifications_by_state ON notifications (tenant, state)",
];

/** A step of catalog_migrations.ts: silences that recur. */
export const recurringSilenceTables: readonly string[] = [
  // recurrence: JSON.
  `CREATE TABLE recurring_silences (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      recurrence TEXT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
];

/** A step of catalog_migrations.ts: the history of alerts. */
export const alertHistoryTables: readonly string[] = [
  // Each change of state; labels: JSON; value: as text, for it may be NaN; without a rule: of another server.
  `CREATE TABLE alert_changes (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      at_ms BIGINT NOT NULL,
      alert TEXT NOT NULL,
      state TEXT NOT NULL,
      labels TEXT NOT NULL,
      value TEXT,
      rule_file TEXT,
      rule_group TEXT,
      PRIMARY KEY (tenant, id)
    )`,
  "CREATE INDEX alert_changes_by_time ON alert_changes (tenant, at_ms, id)",
  "CREATE INDEX alert_changes_by_alert ON alert_changes (tenant, alert, at_ms, id)",
  // Alerts that are pending or firing after the last change; id: SHA-256 of group and labels.
  `CREATE TABLE open_alerts (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      state TEXT NOT NULL,
      labels TEXT NOT NULL,
      value TEXT,
      rule_file TEXT,
      rule_group TEXT,
      PRIMARY KEY (tenant, id)
    )`,
  // What was deleted because there was too much, and up to when entries are missing; kind: changes or notifications.
  `CREATE TABLE history_deletions (
      tenant TEXT NOT NULL,
      kind TEXT NOT NULL,
      until_ms BIGINT NOT NULL,
      deleted BIGINT NOT NULL,
      PRIMARY KEY (tenant, kind)
    )`,
];

/** A step of catalog_migrations.ts: browsers that are subscribed to receivers. */
export const pushTables: readonly string[] = [
  // keys: JSON; by these push services know this server.
  "CREATE TABLE push_keys (tenant TEXT PRIMARY KEY, keys TEXT NOT NULL)",
  // device: JSON.
  `CREATE TABLE push_subscriptions (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      device TEXT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
];

/** A step of catalog_migrations.ts: charts for services that fetch them by their address. */
export const publishedChartsTable: readonly string[] = [
  // bytes: of the picture; png: base64.
  `CREATE TABLE published_charts (
      tenant TEXT NOT NULL,
      id TEXT NOT NULL,
      bytes BIGINT NOT NULL,
      until_ms BIGINT NOT NULL,
      png TEXT NOT NULL,
      PRIMARY KEY (tenant, id)
    )`,
];
