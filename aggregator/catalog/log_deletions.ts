import { z } from "zod";
import { count } from "./catalog_count.ts";
import type { Catalog } from "./catalog.ts";
import type { LogDeletion } from "../read/removals.ts";

/** In the order in which they came. */
export function logDeletions(catalog: Catalog, tenant: string): Promise<LogDeletion[]> {
  return catalog.transaction("read deletions of logs", async (sql) => {
    const rows = await sql`SELECT * FROM log_deletions WHERE tenant = ${tenant}
      ORDER BY created_ms, id`;
    return z.array(LogDeletionRow).parse([...rows]);
  });
}

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
