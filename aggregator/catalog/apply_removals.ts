import type { SQL } from "bun";
import type { Removal } from "../read/removals.ts";

/**
 * What a change of blocks does to the counts and to requests, within its transaction. `started` requests are out of some files, `finished`
 * ones out of all.
 */
export async function applyRemovals(
  sql: SQL,
  removals: readonly Removal[],
  started: readonly string[],
  finished: readonly string[],
): Promise<void> {
  for (const removal of removals) {
    await countRemoval(sql, removal);
    if (removal.deletion !== undefined)
      await sql`UPDATE deletion_requests SET removed = removed + ${removal.items}
        WHERE id = ${removal.deletion}`;
  }
  for (const id of started)
    await sql`UPDATE deletion_requests SET status = 'started' WHERE id = ${id}`;
  for (const id of finished)
    await sql`UPDATE deletion_requests SET status = 'processed' WHERE id = ${id}`;
}

/** Items that come back from the trash count down, not below zero: they may have left before they were counted. */
async function countRemoval(
  sql: SQL,
  { tenant, signal, reason, items }: Pick<Removal, "tenant" | "signal" | "reason" | "items">,
): Promise<void> {
  await sql`INSERT INTO removed_items (tenant, signal, reason, items)
    VALUES (${tenant}, ${signal}, ${reason}, 0) ON CONFLICT (tenant, signal, reason) DO NOTHING`;
  await sql`UPDATE removed_items
    SET items = CASE WHEN items > ${-items} THEN items + ${items} ELSE 0 END
    WHERE tenant = ${tenant} AND signal = ${signal} AND reason = ${reason}`;
}
