import type { Block } from "../../read/store.ts";
import type { BlockGuard } from "./block_guard.ts";

/**
 * Rewrites blocks, but only where their files are as the catalog says: they are read and compared again first, so that
 * nothing damaged is written into another block. False where one is damaged; nothing was changed then.
 */
export async function ifReadable(
  guard: BlockGuard,
  blocks: readonly Block[],
  rewrite: () => Promise<void>,
): Promise<boolean> {
  if ((await guard.verify(blocks)).length > 0) return false;
  try {
    await rewrite();
    return true;
  } catch (error) {
    if ((await guard.explain(error, blocks)).length === 0) throw error;
    return false;
  }
}
