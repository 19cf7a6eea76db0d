import type { SQL } from "bun";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { blockOfKey } from "../blocks/block_key.ts";
import { applyChange, insertTombstone } from "../catalog/catalog_writes.ts";
import { contentOf } from "../blocks/integrity/content_fault.ts";
import { checksumOf } from "../objects/checksum.ts";
import { loadFamilies } from "../objects/families_object.ts";
import { readNotes } from "../blocks/file/file_notes.ts";
import { catalogId, setCatalogId } from "../catalog/catalog_identity.ts";
import { removeMarks } from "../blocks/identity/owner_marks.ts";
import { setStorageOwner, storageOwner } from "../blocks/identity/storage_identity.ts";
import { chooseBlocks, type FoundFile } from "./rebuild_choice.ts";
import { withLocal } from "../objects/with_local.ts";
import type { StorageTools } from "./storage_tools.ts";
import type { Block } from "../read/store.ts";
import { loadFloors } from "../blocks/tiers/floors.ts";
import { chooseTierFiles, lanesOfTiers, withTieredWindows } from "./rebuild_tiers.ts";
import type { Tombstone } from "../catalog/tombstone.ts";
import { TombstoneObject, tombstonePrefix } from "../blocks/deletion/tombstones.ts";
import { insertDeletion } from "../catalog/deletion_rows.ts";

export type RebuildReport = {
  readonly blocks: readonly Block[];
  readonly lanes: number;
  /** Files whose content is in others. */
  readonly leftOut: readonly Block[];
  /** Files that can't be read, and why. */
  readonly unreadable: readonly { readonly key: string; readonly reason: string }[];
  readonly tombstones: number;
};

/**
 * Fills an empty catalog from what lies in the object store: blocks, positions of lanes, families of metrics, deletions that
 * are not done. One transaction: killed at any moment it has done nothing, or all. Agents and the positions in a
 * stream are not in the objects: agents tell of themselves again, and a stream is read from its start, where every
 * frame that is in a block is known by its lane's position. The catalog takes the id that the storage names, so that they belong
 * together. Throws OperatingError "bad_request" unless the catalog is empty.
 */
export async function rebuildCatalog(tools: StorageTools): Promise<RebuildReport> {
  const { catalog, objects, staging } = tools;
  await catalog.transaction("read the catalog", refuseUnlessEmpty);
  const found: FoundFile[] = [];
  const unreadable: { key: string; reason: string }[] = [];
  const deletions: string[] = [];
  for await (const { key } of objects.list()) {
    if (key.startsWith(tombstonePrefix)) deletions.push(key);
    const named = blockOfKey(key);
    if (named === undefined) continue;
    try {
      found.push(await readFound(tools, key, named));
    } catch (error) {
      unreadable.push({ key, reason: messageOf(error) });
    }
  }
  const raw = chooseBlocks(found.filter((file) => !isOfTier(file)));
  const tiers = chooseTierFiles(found.filter(isOfTier));
  const blocks = withTieredWindows([...raw.files, ...tiers.chosen], tiers.chosen);
  const lanes = lanesOfTiers(raw.lanes, tiers.chosen);
  const leftOut = [...raw.leftOut, ...tiers.leftOut];
  const { list: floors } = await loadFloors(objects, staging);
  const families = await loadFamilies(objects, staging);
  const tombstones = await readTombstones(tools, deletions, blocks);
  const owner = await storageOwner(tools);
  const id = await catalog.transaction("rebuild the catalog", async (sql) => {
    await refuseUnlessEmpty(sql);
    const nothing = { removed: [], carrier: {}, deleteAfterMs: 0 };
    await applyChange(sql, { ...nothing, added: blocks, lanes, families, floors });
    for (const tombstone of tombstones) await insertTombstone(sql, tombstone);
    // Their content is in others. No row will ever name them, so no sweep would take them.
    const trash = { reason: "rebuild" as const };
    for (const { key, bytes } of leftOut) await insertDeletion(sql, { key, bytes, trash }, 0);
    if (owner !== undefined) await setCatalogId(sql, owner);
    return catalogId(sql);
  });
  // Killed before this, the next start takes over the storage, which has the catalog's blocks.
  if (owner === undefined) await setStorageOwner(tools, id);
  await removeMarks(tools);
  return { blocks, lanes: lanes.length, leftOut, unreadable, tombstones: tombstones.length };
}

function isOfTier({ block }: FoundFile): boolean {
  return block.bucketMs !== undefined;
}

export async function refuseUnlessEmpty(sql: SQL): Promise<void> {
  for (const table of ["blocks", "lanes", "tombstones"]) {
    const rows: unknown = await sql.unsafe(`SELECT 1 AS one FROM ${table} LIMIT 1`);
    if (Array.isArray(rows) && rows.length > 0)
      throw new OperatingError(
        "bad_request",
        `the catalog is not empty (there are ${table}): move it away first`,
      );
  }
}

function readFound(
  tools: StorageTools,
  key: string,
  named: Pick<Block, "id" | "tenant" | "signal" | "bucketMs">,
): Promise<FoundFile> {
  return withLocal(tools, key, async (path, bytes) => {
    const checksum = await checksumOf(path);
    // All of it is decoded: a file that is damaged behind a whole footer must not count in place of those it was merged from.
    const { note, content } = await tools.duckdb.use("read a block", async (c) => {
      const [one] = await readNotes(c, [path]);
      return { note: one, content: await contentOf(c, path, named, tools.signals) };
    });
    refuseOtherContent(key, content, note);
    const { items, rows, minMs, maxMs, exemplars } = content;
    const { tenant, signal, createdMs } = note ?? { ...named, createdMs: timeOfId(named.id) };
    const block = { id: named.id, tenant, signal, key, items, rows, bytes, minMs, maxMs };
    const held = exemplars === undefined ? {} : { exemplars };
    const { bucketMs } = named;
    const tier = bucketMs === undefined ? {} : { bucketMs };
    return { block: { ...block, ...held, createdMs, checksum, ...tier }, note };
  });
}

type Counts = Pick<Block, "items" | "rows" | "minMs" | "maxMs">;

function refuseOtherContent(
  key: string,
  content: Counts & { readonly uneven: number },
  note: Counts | undefined,
): void {
  if (content.uneven > 0)
    throw new OperatingError("corrupt", `${key} has ${content.uneven} rows of uneven lists`);
  if (note === undefined) return;
  for (const name of ["items", "rows", "minMs", "maxMs"] as const)
    if (content[name] !== note[name])
      throw new OperatingError(
        "corrupt",
        `${key} holds ${name} = ${content[name]}, its footer says ${note[name]}`,
      );
}

/** A UUID of version 7 begins with the Unix milliseconds of its making. */
function timeOfId(id: string): number {
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}

async function readTombstones(
  tools: StorageTools,
  keys: readonly string[],
  blocks: readonly Block[],
): Promise<Tombstone[]> {
  const ids = new Set(blocks.map(({ id }) => id));
  const tombstones: Tombstone[] = [];
  for (const key of keys) {
    const text = await withLocal(tools, key, (path) => Bun.file(path).text());
    const tombstone = TombstoneObject.parse(JSON.parse(text));
    const left = tombstone.blocks.filter((id) => ids.has(id));
    if (left.length > 0) tombstones.push({ ...tombstone, blocks: left });
  }
  return tombstones;
}
