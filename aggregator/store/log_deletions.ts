import { z } from "zod";
import type { SQL } from "bun";
import { count } from "./catalog_count.ts";
import type { Catalog } from "./catalog.ts";

/** A request to delete log records, as it stands. */
export type LogDeletion = {
  readonly id: string;
  readonly tenant: string;
  /** As it was asked for. */
  readonly query: string;
  /** Unix milliseconds, both inclusive. */
  readonly startMs: number;
  readonly endMs: number;
  readonly createdMs: number;
  readonly actor: string;
  /** received: hidden from queries, still in files. processed: out of all files. */
  readonly status: "received" | "processed";
  /** Records taken out of files so far. */
  readonly removed: number;
};

/** Why records are no longer in a block, although they were stored. */
export type RemovalReason = "deleted" | "retention";

/** Records that left the blocks for good, counted in the transaction that let them go. */
export type Removal = {
  readonly tenant: string;
  readonly reason: RemovalReason;
  readonly items: number;
  /** The request that they were deleted by. */
  readonly deletion?: string;
};

/** What a change of blocks does to requests, within its transaction. `finished` requests are out of all files. */
export async function applyRemovals(
  sql: SQL,
  removals: readonly Removal[],
  finished: readonly string[],
): Promise<void> {
  for (const { tenant, reason, items, deletion } of removals) {
    await sql`INSERT INTO removed_records (tenant, reason, items)
      VALUES (${tenant}, ${reason}, ${items}) ON CONFLICT (tenant, reason)
      DO UPDATE SET items = removed_records.items + excluded.items`;
    if (deletion !== undefined)
      await sql`UPDATE log_deletions SET removed = removed + ${items} WHERE id = ${deletion}`;
  }
  for (const id of finished)
    await sql`UPDATE log_deletions SET status = 'processed' WHERE id = ${id}`;
}

export async function insertLogDeletion(sql: SQL, deletion: LogDeletion): Promise<void> {
  const { id, tenant, query, startMs, endMs, createdMs, actor, status, removed } = deletion;
  await sql`INSERT INTO log_deletions
    (id, tenant, query, start_ms, end_ms, created_ms, actor, status, removed)
    VALUES (${id}, ${tenant}, ${query}, ${startMs}, ${endMs}, ${createdMs}, ${actor}, ${status},
      ${removed})`;
}

/** In the order in which they came. */
export function logDeletions(catalog: Catalog, tenant: string): Promise<LogDeletion[]> {
  return catalog.transaction("read deletions of logs", async (sql) => {
    const rows = await sql`SELECT * FROM log_deletions WHERE tenant = ${tenant}
      ORDER BY created_ms, id`;
    return z.array(LogDeletionRow).parse([...rows]);
  });
}

/** Records of a tenant that left the blocks, by reason. */
export function removedRecords(
  catalog: Catalog,
  tenant: string,
): Promise<Partial<Record<RemovalReason, number>>> {
  return catalog.transaction("read removals", async (sql) => {
    const rows = await sql`SELECT reason, items FROM removed_records WHERE tenant = ${tenant}`;
    const parsed = z.array(RemovalRow).parse([...rows]);
    return Object.fromEntries(parsed.map(({ reason, items }) => [reason, items]));
  });
}

const RemovalRow = z.object({ reason: z.enum(["deleted", "retention"]), items: count });

const LogDeletionRow = z
  .object({
    id: z.string(),
    tenant: z.string(),
    query: z.string(),
    start_ms: count,
    end_ms: count,
    created_ms: count,
    actor: z.string(),
    status: z.enum(["received", "processed"]),
    removed: count,
  })
  .transform(({ start_ms, end_ms, created_ms, ...row }) => ({
    ...row,
    startMs: start_ms,
    endMs: end_ms,
    createdMs: created_ms,
  }));
