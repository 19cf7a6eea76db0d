import { z } from "zod";
import { count } from "./catalog_count.ts";
import type { Catalog } from "./catalog.ts";
import { type LogDeletion, type RemovalReason, removalReasons } from "../read/removals.ts";

/** In the order in which they came. */
export function logDeletions(catalog: Catalog, tenant: string): Promise<LogDeletion[]> {
  return catalog.transaction("read deletions of logs", async (sql) => {
    const rows = await sql`SELECT * FROM log_deletions WHERE tenant = ${tenant}
      ORDER BY created_ms, id`;
    return z.array(LogDeletionRow).parse([...rows]);
  });
}

/** Items of a tenant that left the blocks, by reason. */
export function removedRecords(
  catalog: Pick<Catalog, "transaction">,
  tenant: string,
): Promise<Partial<Record<RemovalReason, number>>> {
  return catalog.transaction("read removals", async (sql) => {
    const rows = await sql`SELECT reason, items FROM removed_records WHERE tenant = ${tenant}`;
    const parsed = z.array(RemovalRow).parse([...rows]);
    return Object.fromEntries(parsed.map(({ reason, items }) => [reason, items]));
  });
}

const RemovalRow = z.object({ reason: z.enum(removalReasons), items: count });

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
