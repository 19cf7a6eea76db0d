import { messageOf } from "#shared/errors.ts";
import { checksumOf } from "../objects/checksum.ts";
import { contentFault } from "../blocks/integrity/content_fault.ts";
import { withLocal } from "../objects/with_local.ts";
import type { StorageTools } from "./storage_tools.ts";
import type { Block } from "../read/store.ts";
import { pendingKeys } from "../catalog/deletion_rows.ts";

export type Fault = { readonly block: Block; readonly reason: string };
export type CheckReport = {
  readonly blocks: number;
  readonly items: number;
  readonly faults: readonly Fault[];
  /** Objects without a row, and no fault: a crash left them and they are swept, they were written just now, or another catalog wrote them. */
  readonly orphans: readonly string[];
};

/** Every block against the catalog: there, of its size, unchanged, readable to the last column, and with what its row says. */
export async function checkBlocks(tools: StorageTools): Promise<CheckReport> {
  const { catalog, objects } = tools;
  const listed: string[] = [];
  for await (const { key } of objects.list()) if (key.endsWith(".parquet")) listed.push(key);
  const blocks = await catalog.blocks();
  const suspects: Fault[] = [];
  for (const block of blocks) {
    const reason = await faultOf(tools, block);
    if (reason !== undefined) suspects.push({ block, reason });
  }
  // Beside a running aggregator: what was merged or expired meanwhile had a right to go.
  const now = await catalog.blocks();
  const still = new Set(now.map(({ id }) => id));
  const known = new Set([...blocks, ...now].map(({ key }) => key));
  for (const key of await pendingKeys(catalog)) known.add(key);
  return {
    blocks: blocks.length,
    items: blocks.reduce((sum, { items }) => sum + items, 0),
    faults: suspects.filter(({ block }) => still.has(block.id)),
    orphans: listed.filter((key) => !known.has(key)),
  };
}

async function faultOf(tools: StorageTools, block: Block): Promise<string | undefined> {
  try {
    return await withLocal(tools, block.key, async (path, bytes) => {
      if (bytes !== block.bytes) return `has ${bytes} bytes, expected ${block.bytes}`;
      if (block.checksum !== undefined) {
        const checksum = await checksumOf(path);
        if (checksum !== block.checksum)
          return `has the checksum ${checksum}, expected ${block.checksum}`;
      }
      return await tools.duckdb.use("check a block", (connection) =>
        contentFault(connection, path, block, tools.signals),
      );
    });
  } catch (error) {
    return messageOf(error);
  }
}
