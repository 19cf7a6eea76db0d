import type { Catalog } from "./catalog.ts";
import type { CatalogChange, TieredBlock } from "./catalog_writes.ts";
import type { Block } from "../read/store.ts";

/**
 * Whether the catalog has a change of blocks whose outcome was lost with the connection. False for one that neither adds nor removes any,
 * and while the catalog can't be asked.
 */
export async function hasApplied(
  catalog: Pick<Catalog, "settledBlocks">,
  { added, removed }: CatalogChange,
): Promise<boolean> {
  if (added.length + removed.length === 0) return false;
  try {
    const known = new Set((await catalog.settledBlocks()).map(({ id }) => id));
    return added.every(({ id }) => known.has(id)) && !removed.some(({ id }) => known.has(id));
  } catch {
    // The error of the change itself says why.
    return false;
  }
}

/** Blocks with what of them is in the next tier now. */
export function withTiered(
  blocks: readonly Block[],
  changed: readonly TieredBlock[],
): readonly Block[] {
  if (changed.length === 0) return blocks;
  const byId = new Map(changed.map(({ id, tiered }) => [id, tiered]));
  return blocks.map((block) => {
    const tiered = byId.get(block.id);
    return tiered === undefined ? block : { ...block, tiered };
  });
}
