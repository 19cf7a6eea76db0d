import type { DuckDBConnection } from "@duckdb/node-api";

const tables = [
  `metrics (timestamp TIMESTAMP, name VARCHAR, labels MAP(VARCHAR, VARCHAR), value DOUBLE)`,
  `metrics_tiers (bucket_seconds BIGINT, timestamp TIMESTAMP, name VARCHAR,
    labels MAP(VARCHAR, VARCHAR), count UINTEGER, "sum" DOUBLE, "min" DOUBLE, "max" DOUBLE,
    "first" DOUBLE, "last" DOUBLE, increase DOUBLE)`,
  `logs (timestamp TIMESTAMP_NS, stream MAP(VARCHAR, VARCHAR), severity UTINYINT, body VARCHAR,
    attributes MAP(VARCHAR, VARCHAR), template VARCHAR)`,
];

/** Before a lock of the configuration: empty tables would let the optimizer answer from their statistics. */
export const planSetting = "SET disabled_optimizers = 'statistics_propagation'";

/** DuckDB's plan of a statement as JSON, over empty tables in place of the views. Reads nothing. */
export async function planOf(connection: DuckDBConnection, sql: string): Promise<string> {
  for (const table of tables) await connection.run(`CREATE TEMP TABLE ${table}`);
  const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`);
  const plan = reader.getRowsJS().find(([name]) => name === "physical_plan")?.[1];
  return typeof plan === "string" ? plan : "[]";
}
