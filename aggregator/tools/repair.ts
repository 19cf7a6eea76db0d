import { copyFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import { applyChange, insertAudit } from "../catalog/catalog_writes.ts";
import { checkBlocks, type Fault } from "./check_blocks.ts";
import { cachedFile } from "../objects/disk_cache.ts";
import type { ObjectStore } from "../objects/object_store.ts";
import type { StorageTools } from "./storage_tools.ts";
import type { Block } from "../read/store.ts";
import { removalsOf } from "../blocks/retention/removals_of.ts";
import { contentFault } from "../blocks/integrity/content_fault.ts";
import { faultOfError, fileFault } from "../blocks/integrity/file_fault.ts";

export type RepairSources = {
  /** Where backups are. */
  readonly backup: ObjectStore | undefined;
  /** The folder with local copies of a bucket's objects. */
  readonly cacheFolder: string;
};

export type RepairReport = {
  readonly blocks: number;
  readonly repaired: readonly { readonly block: Block; readonly source: "backup" | "cache" }[];
  /** Those that no source has. */
  readonly left: readonly Fault[];
};

/**
 * Puts whole files in the place of damaged ones, from the local cache of a bucket or from a backup. A copy must have the size and
 * the checksum of the catalog. A running aggregator reads the block again in its next round of maintenance.
 */
export async function repairBlocks(
  tools: StorageTools,
  { backup, cacheFolder }: RepairSources,
): Promise<RepairReport> {
  const { blocks, faults } = await checkBlocks(tools);
  const repaired: { block: Block; source: "backup" | "cache" }[] = [];
  const left: Fault[] = [];
  for (const fault of faults) {
    const { block } = fault;
    const isBucket = tools.objects.localPath(block.key) === undefined;
    const copyOf = (path: string) => copyFile(cachedFile(cacheFolder, block.key), path);
    if (isBucket && (await putCopy(tools, block, copyOf)))
      repaired.push({ block, source: "cache" });
    else if (
      backup !== undefined &&
      (await putCopy(tools, block, (path) => backup.get(block.key, path)))
    )
      repaired.push({ block, source: "backup" });
    else left.push(fault);
  }
  return { blocks, repaired, left };
}

/** False where there is no whole copy. */
async function putCopy(
  { objects, duckdb, signals, staging }: StorageTools,
  block: Block,
  copy: (path: string) => Promise<void>,
): Promise<boolean> {
  const path = join(staging, `${Bun.randomUUIDv7()}.repair`);
  try {
    await copy(path);
    const fault = await fileFault(path, block, (file, wanted) =>
      duckdb.use("check a block", (connection) => contentFault(connection, file, wanted, signals)),
    );
    if (fault !== undefined) return false;
    await objects.put(block.key, path);
    return true;
  } catch (error) {
    if (faultOfError(error) === undefined) throw error;
    return false;
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Takes damaged blocks out of the catalog for good, because a person decided that they can't be repaired. Their items are
 * counted as `lost`, or as `downsampled` where a tier has them; the audit has the reason. Throws OperatingError for a block that is not
 * there or is whole, and then changes nothing.
 */
export async function giveUpBlocks(
  tools: StorageTools,
  ids: readonly string[],
  reason: string,
): Promise<Block[]> {
  const { faults } = await checkBlocks(tools);
  const all = await tools.catalog.blocks();
  const removed = ids.map((id) => {
    const block = all.find((one) => one.id === id);
    if (block === undefined)
      throw new OperatingError("not_found", `block "${id}": expected the id of a block`);
    if (!faults.some((fault) => fault.block.id === id))
      throw new OperatingError(
        "bad_request",
        `block ${id} is whole: only a damaged one is given up`,
      );
    return block;
  });
  const atMs = Date.now();
  const deleteAfterMs = atMs + tools.config.delete_after;
  await tools.catalog.transaction("give up blocks", async (sql) => {
    const nothing = { added: [], lanes: [], carrier: {}, families: new Map() };
    await applyChange(sql, {
      ...nothing,
      removed,
      deleteAfterMs,
      removals: removalsOf({ removed, added: [] }, "lost"),
    });
    for (const { id, tenant, signal, items } of removed) {
      const detail = JSON.stringify({ block: id, signal, items, reason });
      const entry = { atMs, tenant, actor: "storage command", action: "give_up_block", detail };
      await insertAudit(sql, Bun.randomUUIDv7(), entry);
    }
  });
  return removed;
}
