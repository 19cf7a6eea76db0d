import type { Removal, RemovalReason } from "../../read/removals.ts";
import type { Block } from "../../read/store.ts";
import { isIn, windowsOf } from "../tiers/windows.ts";

/**
 * What leaves the blocks by a change, for each tenant and signal: `known`, and of `reason` the rest of what the removed blocks hold and the
 * added ones do not. Blocks of tiers are not counted, as their buckets were never stored items. Samples that are in a tier are `downsampled`.
 */
export function removalsOf(
  { removed, added }: { readonly removed: readonly Block[]; readonly added: readonly Block[] },
  reason: RemovalReason,
  known: readonly Removal[] = [],
): readonly Removal[] {
  const rest = new Map<string, Removal>();
  const count = (removal: Removal) => {
    const key = JSON.stringify([removal.tenant, removal.signal, removal.reason]);
    const items = (rest.get(key)?.items ?? 0) + removal.items;
    rest.set(key, { ...removal, items });
  };
  for (const block of removed) count(removalOf(block, reasonOf(block, reason), 1));
  for (const block of added) count(removalOf(block, reason, -1));
  for (const { tenant, signal, items } of known) count({ tenant, signal, reason, items: -items });
  return [...known, ...rest.values()].filter(({ items }) => items > 0);
}

function removalOf(block: Block, reason: RemovalReason, sign: 1 | -1): Removal {
  const { tenant, signal } = block;
  return { tenant, signal, reason, items: sign * storedItems(block) };
}

/** What is past its time, or lost, may be in a tier. */
function reasonOf(block: Block, reason: RemovalReason): RemovalReason {
  return (reason === "retention" || reason === "lost") && isDownsampled(block)
    ? "downsampled"
    : reason;
}

/** What requests have taken out of blocks of one tenant and signal: `taken` has their ids, with items. */
export function deletedItems(
  [first]: readonly Block[],
  taken: ReadonlyMap<string, number>,
): Removal[] {
  if (first === undefined) return [];
  const { tenant, signal } = first;
  return [...taken]
    .filter(([, items]) => items > 0)
    .map(([deletion, items]) => ({ tenant, signal, reason: "deleted", items, deletion }));
}

/** Items of a block that count as stored, exemplars among them. */
function storedItems({ items, exemplars, bucketMs }: Block): number {
  return bucketMs === undefined ? items + (exemplars?.count ?? 0) : 0;
}

/** Whether the next tier has all of its samples. */
function isDownsampled(block: Block): boolean {
  return windowsOf(block).every((window) => isIn(block, window));
}

/** What becomes of the counts when a block is brought back from the trash in place of blocks with `replacedItems`. */
export function returnedTo(block: Block, replacedItems: number): Removal {
  const { tenant, signal } = block;
  return {
    tenant,
    signal,
    reason: reasonOf(block, "retention"),
    items: replacedItems - storedItems(block),
  };
}
