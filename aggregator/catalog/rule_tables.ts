/** Steps of catalog_migrations.ts: what rules are kept in, and what they need to know of agents. */
export const ruleGroupsTable: readonly string[] = [
  // Groups of rules that were made by API; language: promql, logql or auto; content: YAML, as it was written.
  `CREATE TABLE rule_groups (
    tenant TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    content TEXT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, namespace, name)
  )`,
];

export const agentFeedsTable: readonly string[] = [
  // Which series and streams each agent sends. series: a line of JSON for each, behind m for a series or s for a stream; compressed with zstd, as base64.
  `CREATE TABLE agent_feeds (
      tenant TEXT NOT NULL,
      agent TEXT NOT NULL,
      series TEXT NOT NULL,
      updated_ms BIGINT NOT NULL,
      PRIMARY KEY (tenant, agent)
    )`,
];
