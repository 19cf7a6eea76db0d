import type { SQL } from "bun";
import { z } from "zod";
import { SignalName } from "#shared/signal_name.ts";
import { type Removal, type RemovedItems, removalReasons } from "../read/removals.ts";
import type { Catalog } from "./catalog.ts";
import { count } from "./catalog_count.ts";

/** Items of a tenant that were stored and are in no block any more, by signal and reason. */
export function removedItems(
  catalog: Pick<Catalog, "transaction">,
  tenant: string,
): Promise<readonly RemovedItems[]> {
  return catalog.transaction("read removals", async (sql) => {
    const rows = await sql`SELECT signal, reason, items FROM removed_items
      WHERE tenant = ${tenant} ORDER BY signal, reason`;
    return z.array(RemovedRow).parse([...rows]);
  });
}

/** What a change of blocks does to the counts and to requests, within its transaction. `finished` requests are out of all files. */
export async function applyRemovals(
  sql: SQL,
  removals: readonly Removal[],
  finished: readonly string[],
): Promise<void> {
  for (const removal of removals) {
    await countRemoval(sql, removal);
    if (removal.deletion !== undefined)
      await sql`UPDATE log_deletions SET removed = removed + ${removal.items}
        WHERE id = ${removal.deletion}`;
  }
  for (const id of finished)
    await sql`UPDATE log_deletions SET status = 'processed' WHERE id = ${id}`;
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

const RemovedRow = z.object({
  signal: SignalName,
  reason: z.enum(removalReasons),
  items: count,
});
