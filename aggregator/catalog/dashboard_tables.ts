/** A step of catalog_migrations.ts: what people make of dashboards, annotations and queries. */
export const dashboardTables: readonly string[] = [
  // document: JSON as it was written, in `format` (lapwing, grafana). What a list shows of it stands beside it.
  `CREATE TABLE dashboards (
    tenant TEXT NOT NULL,
    uid TEXT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    folder TEXT NOT NULL,
    tags TEXT NOT NULL,
    panels BIGINT NOT NULL,
    format TEXT NOT NULL,
    document TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, uid)
  )`,
  // All versions that are kept, the newest among them.
  `CREATE TABLE dashboard_versions (
    tenant TEXT NOT NULL,
    uid TEXT NOT NULL,
    version BIGINT NOT NULL,
    format TEXT NOT NULL,
    document TEXT NOT NULL,
    characters BIGINT NOT NULL,
    message TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, uid, version)
  )`,
  // Also of dashboards that come from files and with Lapwing.
  "CREATE TABLE dashboard_stars (tenant TEXT NOT NULL, uid TEXT NOT NULL, PRIMARY KEY (tenant, uid))",
  // end_ms is start_ms for a moment; tags: JSON.
  `CREATE TABLE annotations (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    start_ms BIGINT NOT NULL,
    end_ms BIGINT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    tags TEXT NOT NULL,
    dashboard TEXT NOT NULL,
    panel BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
  )`,
  "CREATE INDEX annotations_by_start ON annotations (tenant, start_ms)",
  "CREATE INDEX annotations_by_end ON annotations (tenant, end_ms)",
  `CREATE TABLE saved_queries (
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    tags TEXT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, id)
  )`,
];
