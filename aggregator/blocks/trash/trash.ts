import { stat } from "node:fs/promises";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { count } from "../../catalog/catalog_count.ts";
import type { DiskCache } from "../../objects/disk_cache.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import { forgetDeletion, hasDeletion, type PendingDeletion } from "../../catalog/deletion_rows.ts";
import {
  parseTrashKey,
  type TrashName,
  trashKey,
  type TrashReason,
} from "../../catalog/trash_key.ts";

type TrashDeps = {
  readonly catalog: Pick<Catalog, "transaction" | "fenced">;
  readonly objects: ObjectStore;
  /** Local copies, which go at once. */
  readonly files: Pick<DiskCache, "remove">;
  /** How long an object stays; at 0 there is no trash. */
  readonly keepMs: number;
};

export type TrashItem = TrashName & {
  readonly key: string;
  readonly bytes: number;
  /** As trash_note.ts has it; absent for what was no block of this catalog. */
  readonly note?: string;
};

/** Objects that are no longer read, kept for some days in case they were deleted by mistake. */
export class Trash {
  readonly #deps: TrashDeps;

  constructor(deps: TrashDeps) {
    this.#deps = deps;
  }

  /**
   * Carries out a planned deletion. Killed at any moment, it can be run again. One that is planned no more is left: the file may be a
   * block's again. Throws where this process is no longer the owner.
   */
  async finish({ key, bytes, trash }: PendingDeletion, nowMs: number): Promise<void> {
    const { catalog, files, objects } = this.#deps;
    const isPlanned = await catalog.fenced("look at a deletion", (sql) => hasDeletion(sql, key));
    if (!isPlanned) return;
    if (trash === undefined) await objects.delete(key);
    else await this.put(key, bytes, trash.reason, nowMs, trash.note);
    await files.remove(key);
    await catalog.transaction("forget a deletion", (sql) => forgetDeletion(sql, key));
  }

  /** Moves an object into the trash. One that is not there is fine. */
  async put(
    origin: string,
    bytes: number,
    reason: TrashReason,
    nowMs: number,
    note?: string,
  ): Promise<void> {
    const { catalog, objects, keepMs } = this.#deps;
    if (keepMs === 0) return objects.delete(origin);
    const key = trashKey({ reason, trashedMs: nowMs, origin });
    // The row first: a file in the trash keeps what is known of it. A row without its file goes with the next sweep.
    await catalog.transaction("note what is in the trash", async (sql) => {
      await sql`INSERT INTO trash (key, bytes, note) VALUES (${key}, ${bytes}, ${note ?? null})
        ON CONFLICT (key) DO NOTHING`;
    });
    try {
      await objects.move(origin, key);
    } catch (error) {
      if (!(error instanceof OperatingError) || error.code !== "not_found") throw error;
    }
  }

  /** Deletes what has lain there for long enough; gives the number of objects. */
  async emptyDue(nowMs: number): Promise<number> {
    const items = await trashItems(this.#deps.catalog);
    const due = items.filter(({ trashedMs }) => trashedMs + this.#deps.keepMs <= nowMs);
    for (const { key } of due) await deleteTrash(this.#deps, key);
    return due.length;
  }

  /**
   * Makes the rows agree with the objects that were listed in the trash: a crash, or a lost catalog, leaves one without the other. Rows of
   * objects that lie `outside` stay, as a restore that was killed leaves them; gives those by the object's key.
   */
  async agree(
    listed: ReadonlySet<string>,
    outside: ReadonlySet<string>,
  ): Promise<Map<string, TrashItem>> {
    const { catalog, objects } = this.#deps;
    const items = await trashItems(catalog);
    const known = new Set(items.map(({ key }) => key));
    for (const key of listed) {
      if (known.has(key) || parseTrashKey(key) === undefined) continue;
      const bytes = await sizeOf(objects, key);
      await catalog.transaction("note what is in the trash", async (sql) => {
        await sql`INSERT INTO trash (key, bytes, note) VALUES (${key}, ${bytes}, ${null})
          ON CONFLICT (key) DO NOTHING`;
      });
    }
    const unlisted = items.filter(({ key }) => !listed.has(key));
    for (const { key } of unlisted.filter(({ origin }) => !outside.has(origin)))
      await catalog.transaction("forget what is not in the trash", async (sql) => {
        await sql`DELETE FROM trash WHERE key = ${key}`;
      });
    const left = unlisted.filter(({ origin }) => outside.has(origin));
    return new Map(left.map((item) => [item.origin, item]));
  }
}

/** What is known to lie in the trash, the oldest first. */
export function trashItems(catalog: Pick<Catalog, "transaction">): Promise<TrashItem[]> {
  return catalog.transaction("read the trash", async (sql) => {
    const rows = await sql`SELECT key, bytes, note FROM trash`;
    return z
      .array(TrashRow)
      .parse([...rows])
      .flatMap(({ key, bytes, note }) => {
        const name = parseTrashKey(key);
        if (name === undefined) return [];
        return [{ ...name, key, bytes, ...(note === null ? {} : { note }) }];
      })
      .toSorted((a, b) => a.trashedMs - b.trashedMs);
  });
}

export async function deleteTrash(
  {
    catalog,
    objects,
  }: Pick<TrashDeps, "objects"> & { readonly catalog: Pick<Catalog, "transaction"> },
  key: string,
): Promise<void> {
  await objects.delete(key);
  await catalog.transaction("forget what was in the trash", async (sql) => {
    await sql`DELETE FROM trash WHERE key = ${key}`;
  });
}

/** 0 where it takes a copy to know. */
async function sizeOf(objects: ObjectStore, key: string): Promise<number> {
  const path = objects.localPath(key);
  if (path === undefined) return 0;
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

const TrashRow = z.object({ key: z.string(), bytes: count, note: z.string().nullable() });
