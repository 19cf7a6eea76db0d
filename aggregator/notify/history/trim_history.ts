import type { SQL } from "bun";
import { z } from "zod";
import { assertNever } from "#shared/assert.ts";
import { count } from "../../catalog/catalog_count.ts";

/** Changes of alerts, and notifications. */
export type HistoryKind = "changes" | "notifications";

export type HistoryLimits = {
  readonly retentionMs: number;
  /** Of each kind. */
  readonly rowsMax: number;
};

/** SQLite keeps the thread meanwhile. */
const deletedAtOnceMax = 250;

/**
 * Deletes entries that are too old, then the oldest beyond the limit, 250 at once: the next call goes on. Returns how many it deleted
 * because of the limit; the same transaction records them.
 */
export async function trimHistory(
  sql: SQL,
  tenant: string,
  kind: HistoryKind,
  { retentionMs, rowsMax, nowMs }: HistoryLimits & { readonly nowMs: number },
): Promise<{ readonly deleted: number; readonly isDone: boolean }> {
  const [table, time] = columnsOf(sql, kind);
  const beforeMs = Math.round(nowMs - retentionMs);
  const old = await sql`DELETE FROM ${table} WHERE tenant = ${tenant} AND id IN (
    SELECT id FROM ${table} WHERE tenant = ${tenant} AND ${time} < ${beforeMs}
    ORDER BY ${time} LIMIT ${deletedAtOnceMax}) RETURNING id`;
  if ([...old].length > 0) return { deleted: 0, isDone: false };
  const [{ rows } = { rows: 0 }] = z
    .array(z.object({ rows: count }))
    .parse([...(await sql`SELECT count(*) AS rows FROM ${table} WHERE tenant = ${tenant}`)]);
  const excess = Math.min(rows - rowsMax, deletedAtOnceMax);
  if (excess <= 0) return { deleted: 0, isDone: true };
  const [last] = z.array(z.object({ ms: count, id: z.string() })).parse([
    ...(await sql`SELECT ${time} AS ms, id FROM ${table} WHERE tenant = ${tenant}
      ORDER BY ${time}, id LIMIT 1 OFFSET ${excess - 1}`),
  ]);
  if (last === undefined) return { deleted: 0, isDone: true };
  await sql`DELETE FROM ${table} WHERE tenant = ${tenant}
    AND (${time} < ${last.ms} OR (${time} = ${last.ms} AND id <= ${last.id}))`;
  await sql`INSERT INTO history_deletions (tenant, kind, until_ms, deleted)
    VALUES (${tenant}, ${kind}, ${last.ms}, ${excess})
    ON CONFLICT (tenant, kind) DO UPDATE SET until_ms = excluded.until_ms,
      deleted = history_deletions.deleted + excluded.deleted`;
  return { deleted: excess, isDone: false };
}

function columnsOf(sql: SQL, kind: HistoryKind) {
  switch (kind) {
    case "changes":
      return [sql`alert_changes`, sql`at_ms`] as const;
    case "notifications":
      return [sql`notifications`, sql`created_ms`] as const;
    default:
      return assertNever(kind);
  }
}

/** Entries up to `untilMs` are incomplete: `deleted` of them are gone because of the limit. */
export type HistoryDeletion = {
  readonly kind: HistoryKind;
  readonly untilMs: number;
  readonly deleted: number;
};

export async function readDeletions(sql: SQL, tenant: string): Promise<HistoryDeletion[]> {
  const rows = await sql`SELECT kind, until_ms, deleted FROM history_deletions
    WHERE tenant = ${tenant}`;
  return z.array(DeletionRow).parse([...rows]);
}

const DeletionRow = z
  .object({ kind: z.enum(["changes", "notifications"]), until_ms: count, deleted: count })
  .transform(({ kind, until_ms: untilMs, deleted }): HistoryDeletion => ({
    kind,
    untilMs,
    deleted,
  }));
