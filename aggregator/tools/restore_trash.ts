import type { SQL } from "bun";
import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { insertBlock, saveFloor } from "../catalog/catalog_writes.ts";
import { applyRemovals } from "../catalog/apply_removals.ts";
import { returnedTo } from "../blocks/retention/removals_of.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import type { StorageTools } from "./storage_tools.ts";
import type { Block } from "../read/store.ts";
import { saveFloors, TierFloors } from "../blocks/tiers/floors.ts";
import { windowStart } from "../blocks/tiers/windows.ts";
import { insertDeletion } from "../catalog/deletion_rows.ts";
import { type TrashItem, trashItems } from "../blocks/trash/trash.ts";
import { parseTrashNote, type TrashNote } from "../blocks/trash/trash_note.ts";
import { parseTrashKey } from "../catalog/trash_key.ts";

export type RestoredTrash = {
  /** Blocks that count again. */
  readonly blocks: readonly Block[];
  /** Files that are back where they were, and that no row names: `storage rebuild` decides about them. */
  readonly files: readonly string[];
  /** Why others stay. */
  readonly refused: readonly { readonly key: string; readonly reason: string }[];
};

/**
 * What lies in the trash, the oldest first; also objects that no row names, and blocks that a restore moved before it was killed. Changes
 * nothing.
 */
export async function listTrash({ catalog, objects }: StorageTools): Promise<TrashItem[]> {
  const rows = new Map((await trashItems(catalog)).map((item) => [item.key, item]));
  const items: TrashItem[] = [];
  const outside = new Set<string>();
  for await (const { key } of objects.list()) {
    const name = parseTrashKey(key);
    if (name === undefined) outside.add(key);
    else items.push(rows.get(key) ?? { ...name, key, bytes: 0 });
  }
  const listed = new Set(items.map(({ key }) => key));
  for (const item of rows.values())
    if (item.note !== undefined && !listed.has(item.key) && outside.has(item.origin))
      items.push(item);
  return items.toSorted((a, b) => a.trashedMs - b.trashedMs);
}

/**
 * Brings objects back. Files first, then the catalog in one transaction: killed between, it can be run again, or the files are swept into
 * the trash again, with what is known of them. Of
 * metrics everything newer of the same tier comes along, so that no day is whole only in part.
 */
export async function restoreTrash(
  tools: StorageTools,
  chosen: (item: TrashItem) => boolean,
): Promise<RestoredTrash> {
  const { catalog, objects, staging } = tools;
  const there = new Set((await catalog.blocks()).map(({ id }) => id));
  const wanted = withNewer(await listTrash(tools), chosen);
  const refused: { key: string; reason: string }[] = [];
  const notes: TrashNote[] = [];
  const files: string[] = [];
  const restored: TrashItem[] = [];
  for (const item of wanted) {
    const note = item.note === undefined ? undefined : parseTrashNote(item.note);
    const reason = obstacle(note, there);
    if (reason !== "") {
      refused.push({ key: item.origin, reason });
      continue;
    }
    await moveBack(objects, item);
    restored.push(item);
    if (note === undefined) files.push(item.origin);
    else {
      notes.push(note);
      // A move of a bucket that was killed leaves two copies.
      there.add(note.block.id);
    }
  }
  const floors = new TierFloors(await catalog.tierFloors());
  const lowered = loweredFloors(floors, notes);
  await catalog.transaction("bring blocks back from the trash", async (sql) => {
    for (const note of notes) await bringBack(sql, note);
    for (const floor of lowered) await saveFloor(sql, floor);
    for (const { key } of restored) await sql`DELETE FROM trash WHERE key = ${key}`;
  });
  if (lowered.length > 0) await saveFloors(objects, staging, floors.with(lowered));
  return { blocks: notes.map(({ block }) => block), files, refused };
}

/** One that is not in the trash any more lies at its place already. */
async function moveBack(objects: ObjectStore, { key, origin }: TrashItem): Promise<void> {
  try {
    await objects.move(key, origin);
  } catch (error) {
    if (!(error instanceof OperatingError) || error.code !== "not_found") throw error;
  }
}

function withNewer(
  items: readonly TrashItem[],
  chosen: (item: TrashItem) => boolean,
): readonly TrashItem[] {
  const oldest = new Map<string, number>();
  for (const item of items) {
    const block = blockOf(item);
    if (block?.signal !== "metrics" || !chosen(item)) continue;
    const tier = tierKey(block);
    oldest.set(tier, Math.min(oldest.get(tier) ?? Infinity, windowStart(block.minMs)));
  }
  return items.filter((item) => {
    const block = blockOf(item);
    if (chosen(item) || block === undefined) return chosen(item);
    const fromMs = oldest.get(tierKey(block));
    return block.signal === "metrics" && fromMs !== undefined && block.maxMs > fromMs;
  });
}

function blockOf({ note }: TrashItem): Block | undefined {
  return note === undefined ? undefined : parseTrashNote(note).block;
}

function tierKey({ tenant, bucketMs = 0 }: Block): string {
  return `${bucketMs} ${tenant}`;
}

function obstacle(note: TrashNote | undefined, there: ReadonlySet<string>): string {
  if (note === undefined) return "";
  if (there.has(note.block.id)) return "the catalog has this block";
  if (note.replacedBy.every((id) => there.has(id))) return "";
  return "what was kept of it has been merged into other blocks: it would count twice";
}

/** In place of what was kept of it. */
async function bringBack(sql: SQL, { block, replacedBy }: TrashNote): Promise<void> {
  let replacedItems = 0;
  for (const id of replacedBy) {
    const rows = await sql`SELECT key, bytes, items FROM blocks WHERE id = ${id}`;
    const [kept] = z.array(KeptRow).parse([...rows]);
    if (kept === undefined)
      throw new OperatingError("conflict", `block ${id} went meanwhile: run the command again`);
    const deleting = await sql`SELECT tombstone FROM tombstone_blocks WHERE block = ${id}`;
    if ([...deleting].length > 0)
      throw new OperatingError(
        "conflict",
        `records are being deleted out of block ${id}: bring ${block.key} back after that`,
      );
    replacedItems += kept.items;
    await sql`DELETE FROM blocks WHERE id = ${id}`;
    await insertDeletion(sql, kept, 0);
  }
  await sql`DELETE FROM deletions WHERE key = ${block.key}`;
  await insertBlock(sql, block);
  // They are stored again, so they are not among those that left.
  await applyRemovals(sql, [returnedTo(block, replacedItems)], [], []);
}

/** What comes back of a tier is read again only above its floor. */
function loweredFloors(floors: TierFloors, notes: readonly TrashNote[]) {
  const metrics = notes.filter(({ block }) => block.signal === "metrics");
  const byTier = Map.groupBy(metrics, ({ block }) => tierKey(block));
  return [...byTier.values()].flatMap((some) => {
    const { tenant = "", bucketMs = 0 } = some[0]?.block ?? {};
    const floorMs = Math.min(...some.map(({ block }) => windowStart(block.minMs)));
    return floorMs < floors.of(tenant, bucketMs) ? [{ tenant, bucketMs, floorMs }] : [];
  });
}

const KeptRow = z.object({ key: z.string(), bytes: z.coerce.number(), items: z.coerce.number() });
