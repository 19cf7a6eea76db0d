import type { StoreConfig } from "../config.ts";
import { logsRowGroupRows } from "../logs/write/logs_columns.ts";
import type { Block } from "../../read/store.ts";

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
 * Merges of plain numbers are streamed, so that their blocks may be large. The larger windows are closed when a flush each quarter of an hour has come,
 * too. So a sample is written three times: by a flush, and for each of the two.
 */
const streamedClosedAfterMs = 20 * 60_000;
const streamedInputsMax = 128;
/** Samples of a row group, about (number_rows.ts), and rows. */
const [groupSamplesMax, groupRowsMax] = [2 ** 19, 2_048];
/** Samples that a merge holds at once, a row group an input: values of 60 MB. */
const heldSamplesMax = 14 * groupSamplesMax;

/** How one kind of blocks is merged. */
type Way = {
  readonly itemsMax: number;
  readonly isStreamed: boolean;
  readonly deletionsOf: DeletionsOf;
};
/** Ids of what is deleted out of a block, and still in its file. */
type DeletionsOf = (block: Block) => readonly string[];

/**
 * The blocks to merge next, or undefined when there is nothing to do. A group must shrink to at most half as many
 * blocks, and must not be one large block with a little beside it, unless there are many: else every late block would have the large
 * one written again. Of streamed ones the large one is left out even then. `isOfNumbers` says which may be streamed; all of a group may be, or none.
 * Blocks with other deletions are not merged: what came after a deletion would be deleted by it.
 */
export function planMerge(
  blocks: readonly Block[],
  nowMs: number,
  {
    blocks_max: blocksMax,
    items_max: itemsMax,
    samples_max: samplesMax,
  }: StoreConfig["compaction"],
  isOfNumbers: (block: Block) => boolean = (block) => block.signal === "metrics",
  deletionsOf: DeletionsOf = () => [],
): readonly Block[] | undefined {
  const others = { itemsMax, isStreamed: false, deletionsOf };
  const numbers = { itemsMax: samplesMax, isStreamed: true, deletionsOf };
  const { streamed = [], held = [] } = Object.groupBy(blocks, (block) =>
    isOfNumbers(block) ? "streamed" : "held",
  );
  return planOf(streamed, nowMs, blocksMax, numbers) ?? planOf(held, nowMs, blocksMax, others);
}

function planOf(
  blocks: readonly Block[],
  nowMs: number,
  blocksMax: number,
  way: Way,
): readonly Block[] | undefined {
  const { itemsMax, isStreamed } = way;
  for (const windowMs of windowsMs) {
    for (const whole of groups(blocks, windowMs, nowMs, way)) {
      const group = isStreamed ? withoutLarge(whole, blocksMax) : whole;
      const items = itemsOf(group);
      const largest = Math.max(...group.map((block) => block.items));
      const isMany = group.length > blocksMax;
      const isWorthIt = Math.ceil(items / itemsMax) <= group.length / 2;
      if (isWorthIt && (isMany || (windowMs > windowsMs[0] && largest <= (items * 3) / 4)))
        return group;
    }
  }
  return undefined;
}

/** Without those that are most of what is left: many little ones are merged, and the large one is not written for them. */
function withoutLarge(group: readonly Block[], blocksMax: number): readonly Block[] {
  let left = group;
  while (left.length > blocksMax) {
    const [largest] = left.toSorted((a, b) => b.items - a.items);
    if (largest === undefined || largest.items <= (itemsOf(left) * 3) / 4) return left;
    left = left.filter((block) => block !== largest);
  }
  return left.length === group.length ? group : left;
}

function itemsOf(group: readonly Block[]): number {
  return group.reduce((sum, block) => sum + block.items, 0);
}

function groups(blocks: readonly Block[], windowMs: number, nowMs: number, way: Way) {
  const isLong = way.isStreamed && windowMs > windowsMs[0];
  const closedMs = isLong ? streamedClosedAfterMs : closedAfterMs;
  const byWindow = new Map<string, Block[]>();
  for (const block of blocks) {
    // A tier's blocks are written a window at a time, as large as they get.
    if (block.bucketMs !== undefined) continue;
    const window = Math.floor(block.minMs / windowMs);
    if ((window + 1) * windowMs + closedMs > nowMs) continue;
    // A block of several windows belongs to a larger one; a full block gains nothing.
    if (Math.floor(block.maxMs / windowMs) > window + 1 || block.items > way.itemsMax / 2) continue;
    // What is in the next tier and what is not must be told apart afterwards too.
    const tiered = block.tiered?.join() ?? "";
    const deletions = way.deletionsOf(block).join();
    const key = `${block.signal} ${window} ${tiered} ${deletions} ${block.tenant}`;
    const group = byWindow.get(key);
    if (group === undefined) byWindow.set(key, [block]);
    else if (way.isStreamed ? hasStreamedRoom(group, block, way) : hasRoom(group, block, way))
      group.push(block);
  }
  return byWindow.values();
}

/** What one merge holds is bounded; the rest of a window is merged after it. */
function hasRoom(group: readonly Block[], block: Block, { itemsMax }: Way): boolean {
  const items = group.reduce((sum, one) => sum + one.items, block.items);
  const bytes = group.reduce((sum, one) => sum + one.bytes, block.bytes);
  const rows = group.reduce((sum, one) => sum + heldRows(one), heldRows(block));
  if (block.signal === "logs" && rows > logRowsMax) return false;
  return group.length < inputsMax && items <= itemsMax && bytes <= inputBytesMax;
}

function heldRows({ rows }: Block): number {
  return Math.min(rows, logsRowGroupRows);
}

function hasStreamedRoom(group: readonly Block[], block: Block, { itemsMax }: Way): boolean {
  const items = group.reduce((sum, one) => sum + one.items, block.items);
  const held = group.reduce((sum, one) => sum + heldSamples(one), heldSamples(block));
  return group.length < streamedInputsMax && items <= itemsMax && held <= heldSamplesMax;
}

function heldSamples({ items, rows }: Block): number {
  return Math.min(items, groupSamplesMax, (items / Math.max(rows, 1)) * groupRowsMax);
}
