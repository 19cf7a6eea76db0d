import type { SQL } from "bun";
import { z } from "zod";
import { count } from "./catalog_count.ts";
import { type TrashReason, trashReasons } from "./trash_key.ts";

/** A file that no reader needs any more, in the catalog until it is gone. */
export type PendingDeletion = {
  readonly key: string;
  readonly bytes: number;
  /** Absent: the file is deleted. */
  readonly trash?: { readonly reason: TrashReason; readonly note?: string };
};

/** What of the catalog is needed here, which itself needs this file. */
type Sql = {
  transaction<Result>(what: string, action: (sql: SQL) => Promise<Result>): Promise<Result>;
};

/** Plans the end of a file, within the transaction of `sql`. */
export async function insertDeletion(
  sql: SQL,
  { key, bytes, trash }: PendingDeletion,
  deleteAfterMs: number,
): Promise<void> {
  await sql`INSERT INTO deletions (key, bytes, delete_after_ms, trash_reason, trash_note)
    VALUES (${key}, ${bytes}, ${deleteAfterMs}, ${trash?.reason ?? null}, ${trash?.note ?? null})
    ON CONFLICT (key) DO NOTHING`;
}

/** Files whose time has come. */
export function dueDeletions(catalog: Sql, nowMs: number): Promise<PendingDeletion[]> {
  return catalog.transaction("read deletions", async (sql) => {
    const rows = await sql`SELECT key, bytes, trash_reason, trash_note FROM deletions
      WHERE delete_after_ms <= ${nowMs}`;
    return z.array(DeletionRow).parse([...rows]);
  });
}

/** Keys that must not be swept: their deletion is planned. */
export function pendingKeys(catalog: Sql): Promise<string[]> {
  return catalog.transaction("read deletions", async (sql) => {
    const rows = await sql`SELECT key FROM deletions`;
    return z
      .array(z.object({ key: z.string() }))
      .parse([...rows])
      .map(({ key }) => key);
  });
}

export async function hasDeletion(sql: SQL, key: string): Promise<boolean> {
  const rows = await sql`SELECT key FROM deletions WHERE key = ${key}`;
  return [...rows].length > 0;
}

export async function forgetDeletion(sql: SQL, key: string): Promise<void> {
  await sql`DELETE FROM deletions WHERE key = ${key}`;
}

const DeletionRow = z
  .object({
    key: z.string(),
    bytes: count,
    trash_reason: z.enum(trashReasons).nullable(),
    trash_note: z.string().nullable(),
  })
  .transform(({ key, bytes, trash_reason: reason, trash_note: note }): PendingDeletion => {
    if (reason === null) return { key, bytes };
    return { key, bytes, trash: { reason, ...(note === null ? {} : { note }) } };
  });
