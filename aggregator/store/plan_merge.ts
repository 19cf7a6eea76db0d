import type { StoreConfig } from "./config.ts";
import { logsRowGroupRows } from "./logs_columns.ts";
import type { Block } from "./store.ts";

/** Blocks are merged within ever larger windows of time, aligned to the epoch. */
const windowsMs = [15 * 60_000, 2 * 3_600_000, 24 * 3_600_000] as const;
/** A window is closed when its end is this long ago: most late data has come. */
const closedAfterMs = 2 * 60_000;
/** Files that one merge reads. */
const inputsMax = 512;
/** Rows of logs that a merge holds at once, a row group an input: some 150 MB. */
const logRowsMax = 8 * logsRowGroupRows;
/** Their bytes together: DuckDB sorts what they hold, in memory as far as it goes. */
const inputBytesMax = 128 * 1_024 * 1_024;

/**
 * The blocks to merge next, or undefined when there is nothing to do. A group must shrink to at most half as many
 * blocks, and must not be one large block with a little beside it, unless there are many: else every late block would have the large
 * one written again.
 */
export function planMerge(
  blocks: readonly Block[],
  nowMs: number,
  { blocks_max: blocksMax, items_max: itemsMax }: StoreConfig["compaction"],
): readonly Block[] | undefined {
  for (const windowMs of windowsMs) {
    for (const group of groups(blocks, windowMs, nowMs, itemsMax)) {
      const items = group.reduce((sum, block) => sum + block.items, 0);
      const largest = Math.max(...group.map((block) => block.items));
      const isMany = group.length > blocksMax;
      const isWorthIt = Math.ceil(items / itemsMax) <= group.length / 2;
      if (isWorthIt && (isMany || (windowMs > windowsMs[0] && largest <= (items * 3) / 4)))
        return group;
    }
  }
  return undefined;
}

function groups(blocks: readonly Block[], windowMs: number, nowMs: number, itemsMax: number) {
  const byWindow = new Map<string, Block[]>();
  for (const block of blocks) {
    // A tier's blocks are written a window at a time, as large as they get.
    if (block.bucketMs !== undefined) continue;
    const window = Math.floor(block.minMs / windowMs);
    if ((window + 1) * windowMs + closedAfterMs > nowMs) continue;
    // A block of several windows belongs to a larger one; a full block gains nothing.
    if (Math.floor(block.maxMs / windowMs) > window + 1 || block.items > itemsMax / 2) continue;
    // What is in the next tier and what is not must be told apart afterwards too.
    const tiered = block.tiered?.join() ?? "";
    const key = `${block.signal} ${window} ${tiered} ${block.tenant}`;
    const group = byWindow.get(key);
    if (group === undefined) byWindow.set(key, [block]);
    else if (hasRoom(group, block, itemsMax)) group.push(block);
  }
  return byWindow.values();
}

/** What one merge holds is bounded; the rest of a window is merged after it. */
function hasRoom(group: readonly Block[], block: Block, itemsMax: number): boolean {
  const items = group.reduce((sum, one) => sum + one.items, block.items);
  const bytes = group.reduce((sum, one) => sum + one.bytes, block.bytes);
  const rows = group.reduce((sum, one) => sum + heldRows(one), heldRows(block));
  if (block.signal === "logs" && rows > logRowsMax) return false;
  return group.length < inputsMax && items <= itemsMax && bytes <= inputBytesMax;
}

function heldRows({ rows }: Block): number {
  return Math.min(rows, logsRowGroupRows);
}
