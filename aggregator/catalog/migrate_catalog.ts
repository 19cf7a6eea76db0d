import type { SQL } from "bun";
import { z } from "zod";
import { count } from "./catalog_count.ts";
import { migrations } from "./catalog_migrations.ts";
import type { CatalogConnection } from "./catalog_connection.ts";

const VersionRow = z.object({ version: z.nullable(count).optional() });

/** A step over a large table takes its time. */
const migrationMaxMs = 3_600_000;

/** Brings the tables up to date; of two processes that start at once, one does. */
export function migrate(connection: CatalogConnection): Promise<void> {
  const run = (tx: SQL) => migrateWithin(tx, connection.isPostgres);
  return connection.write("bring the catalog's tables up to date", run, migrationMaxMs);
}

async function migrateWithin(tx: SQL, isPostgres: boolean): Promise<void> {
  if (isPostgres) {
    await tx.unsafe("SET LOCAL lock_timeout = 0");
    // The number is an arbitrary one that means this program.
    await tx`SELECT pg_advisory_xact_lock(760076)`;
  }
  await tx.unsafe(
    "CREATE TABLE IF NOT EXISTS schema_migrations (version BIGINT PRIMARY KEY, applied_ms BIGINT NOT NULL)",
  );
  const rows = await tx`SELECT max(version) AS version FROM schema_migrations`;
  const [{ version = null } = {}] = z.array(VersionRow).parse([...rows]);
  for (const [i, statements] of migrations.entries()) {
    if (i + 1 <= (version ?? 0)) continue;
    for (const statement of statements) await tx.unsafe(statement);
    await tx`INSERT INTO schema_migrations (version, applied_ms) VALUES (${i + 1}, ${Date.now()})`;
  }
}
