import type { SQL } from "bun";
import { z } from "zod";
import { count } from "../catalog_count.ts";
import type { CatalogConnection } from "../catalog_connection.ts";
import { parseIdentity, type ProcessIdentity } from "#shared/runtime/process/process_identity.ts";

/** Who owns the catalog, or owned it last. */
export type LeaseRow = {
  /** One more with every owner, never less. */
  readonly epoch: number;
  /** Undefined once it was released. */
  readonly owner: ProcessIdentity | undefined;
  /** One more with every renewal. */
  readonly renewals: number;
  /** Until the lease ends by the clock of the database; below 0 once it has ended. */
  readonly leftMs: number;
};

/**
 * The one row that says who owns the catalog. It is not among the catalog's versioned tables: a process becomes the owner before it
 * changes those, and no backup holds it. `shard` is 0 as long as one aggregator owns all.
 */
const table = `CREATE TABLE IF NOT EXISTS owner_lease (
  shard BIGINT PRIMARY KEY,
  epoch BIGINT NOT NULL,
  owner TEXT,
  renewals BIGINT NOT NULL,
  lease_until_ms BIGINT NOT NULL
)`;

/** PostgreSQL's clock, whatever the clocks of the aggregators say. In SQLite the lock on the file decides, and no lease ends by time. */
const nowMs = (isPostgres: boolean) =>
  isPostgres ? "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)" : "0";

const Row = z
  .object({
    epoch: count,
    owner: z.string().nullable(),
    renewals: count,
    left_ms: count,
  })
  .transform(({ owner, left_ms, ...row }) => ({
    ...row,
    owner: owner === null ? undefined : parseIdentity(owner),
    leftMs: left_ms,
  }));

export async function createLeaseTable(connection: CatalogConnection): Promise<void> {
  await connection.write("create the table of the owner", async (sql) => {
    // Of two processes that create it at once PostgreSQL would refuse one. Any number that means this.
    if (connection.isPostgres) await sql`SELECT pg_advisory_xact_lock(760078)`;
    await sql.unsafe(table);
    await sql`INSERT INTO owner_lease (shard, epoch, owner, renewals, lease_until_ms)
      VALUES (0, 0, NULL, 0, 0) ON CONFLICT (shard) DO NOTHING`;
  });
}

export function readLease(connection: CatalogConnection): Promise<LeaseRow | undefined> {
  return connection.run("read the owner of the catalog", (sql) =>
    leaseOf(sql, connection.isPostgres),
  );
}

/** Within a transaction that writes: in PostgreSQL a new owner waits for its end. */
export function readLeaseForWriting(sql: SQL, isPostgres: boolean): Promise<LeaseRow | undefined> {
  return leaseOf(sql, isPostgres, isPostgres ? "FOR SHARE" : "");
}

async function leaseOf(sql: SQL, isPostgres: boolean, lock = ""): Promise<LeaseRow | undefined> {
  const rows: unknown = await sql.unsafe(
    `SELECT epoch, owner, renewals, lease_until_ms - ${nowMs(isPostgres)} AS left_ms
     FROM owner_lease WHERE shard = 0 ${lock}`,
  );
  return z.array(Row).parse(Array.isArray(rows) ? [...rows] : [])[0];
}

/** Becomes the owner, unless anything has changed since `seen` was read; gives the new epoch. */
export function claimLease(
  connection: CatalogConnection,
  seen: LeaseRow,
  owner: ProcessIdentity,
  leaseMs: number,
): Promise<number | undefined> {
  const until = leaseEnd(connection, leaseMs);
  return connection.write("become the owner of the catalog", async (sql) => {
    const rows = await sql`UPDATE owner_lease
      SET epoch = epoch + 1, owner = ${JSON.stringify(owner)}, renewals = 0,
        lease_until_ms = ${sql.unsafe(until)}
      WHERE shard = 0 AND epoch = ${seen.epoch} AND renewals = ${seen.renewals} RETURNING epoch`;
    return z.array(z.object({ epoch: count })).parse([...rows])[0]?.epoch;
  });
}

/** Whether the lease of this epoch is in force for another `leaseMs`. */
export function renewLease(
  connection: CatalogConnection,
  epoch: number,
  leaseMs: number,
  timeoutMs: number,
): Promise<boolean> {
  const until = leaseEnd(connection, leaseMs);
  return connection.run(
    "renew the lease of the catalog",
    async (sql) => {
      const rows: unknown = await sql.unsafe(
        `UPDATE owner_lease SET renewals = renewals + 1, lease_until_ms = ${until}
         WHERE shard = 0 AND epoch = ${epoch} RETURNING epoch`,
      );
      return Array.isArray(rows) && rows.length > 0;
    },
    timeoutMs,
  );
}

/** The next process need not wait. */
export async function releaseLease(connection: CatalogConnection, epoch: number): Promise<void> {
  await connection.write("release the catalog", async (sql) => {
    await sql`UPDATE owner_lease SET owner = NULL, lease_until_ms = 0, renewals = renewals + 1
      WHERE shard = 0 AND epoch = ${epoch}`;
  });
}

function leaseEnd({ isPostgres }: CatalogConnection, leaseMs: number): string {
  return `${nowMs(isPostgres)} + ${Math.round(leaseMs)}`;
}
