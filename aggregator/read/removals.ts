import type { SQL } from "bun";

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
  /** Why it is not applied: its query can't be read any more. */
  readonly fault?: string;
};

/**
 * Why items are no longer in a block, although they were stored. Of records, but for lost_samples, which are samples: their block was
 * damaged, and a person gave it up.
 */
export const removalReasons = ["deleted", "retention", "lost", "lost_samples"] as const;
export type RemovalReason = (typeof removalReasons)[number];

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
