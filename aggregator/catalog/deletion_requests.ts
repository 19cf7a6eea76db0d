import type { SQL } from "bun";
import { z } from "zod";
import { SignalName } from "#shared/signal_name.ts";
import { type DeletionRequest, deletionStatuses } from "../read/removals.ts";
import { count } from "./catalog_count.ts";
import { insertAudit } from "./catalog_writes.ts";
import type { AuditEntry } from "./tombstone.ts";

/** What of the catalog is needed here, which itself needs this file. */
type Sql = {
  transaction<Result>(what: string, action: (sql: SQL) => Promise<Result>): Promise<Result>;
};
type FencedSql = {
  fenced<Result>(what: string, action: (sql: SQL) => Promise<Result>): Promise<Result>;
};

/** Those of all signals, in the order in which they came. */
export function deletionRequests(catalog: Sql, tenant: string): Promise<DeletionRequest[]> {
  return catalog.transaction("read requests to delete", async (sql) => {
    const rows = await sql`SELECT * FROM deletion_requests WHERE tenant = ${tenant}
      ORDER BY created_ms, id`;
    return z.array(RequestRow).parse([...rows]);
  });
}

/** Within the transaction of `sql`. */
export async function insertDeletionRequest(sql: SQL, request: DeletionRequest): Promise<void> {
  const { id, signal, tenant, query, startMs, endMs, createdMs, actor, status, removed } = request;
  await sql`INSERT INTO deletion_requests
    (id, signal, tenant, query, start_ms, end_ms, created_ms, actor, status, removed)
    VALUES (${id}, ${signal}, ${tenant}, ${query}, ${startMs}, ${endMs}, ${createdMs}, ${actor},
      ${status}, ${removed})`;
}

/** Takes a request back that nothing has been removed for; false where it is not there, or has started. */
export function cancelRequest(catalog: FencedSql, id: string, entry: AuditEntry): Promise<boolean> {
  return catalog.fenced("cancel a deletion", async (sql) => {
    const rows = await sql`DELETE FROM deletion_requests
      WHERE id = ${id} AND tenant = ${entry.tenant} AND status = 'received' RETURNING id`;
    if ([...rows].length === 0) return false;
    await sql`DELETE FROM tombstones WHERE id = ${id}`;
    await sql`DELETE FROM tombstone_blocks WHERE tombstone = ${id}`;
    await insertAudit(sql, Bun.randomUUIDv7(), entry);
    return true;
  });
}

const RequestRow = z
  .object({
    id: z.string(),
    signal: SignalName,
    tenant: z.string(),
    query: z.string(),
    start_ms: count,
    end_ms: count,
    created_ms: count,
    actor: z.string(),
    status: z.enum(deletionStatuses),
    removed: count,
  })
  .transform(({ start_ms, end_ms, created_ms, ...row }) => ({
    ...row,
    startMs: start_ms,
    endMs: end_ms,
    createdMs: created_ms,
  }));
