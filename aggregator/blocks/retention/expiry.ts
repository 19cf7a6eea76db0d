import type { TierFloor } from "../../catalog/catalog_writes.ts";
import type { Block } from "../../read/store.ts";
import type { StoreConfig } from "../config.ts";
import type { TierFloors } from "../tiers/floors.ts";

/** By what blocks are found to be past their time. */
export type ExpiryMoment = {
  readonly floors: TierFloors;
  readonly config: StoreConfig;
  readonly nowMs: number;
  readonly isDamaged: (block: Block) => boolean;
};

/** Which blocks go, and up to where their tiers have been dropped then. */
export type Expiry = { readonly removed: readonly Block[]; readonly floors: readonly TierFloor[] };

/** Blocks of which all is older than what their tenants keep. */
export function olderThan(
  blocks: readonly Block[],
  nowMs: number,
  keepMsOf: (tenant: string) => number,
): Expiry {
  const keepMs = new Map<string, number>();
  for (const { tenant } of blocks) if (!keepMs.has(tenant)) keepMs.set(tenant, keepMsOf(tenant));
  const removed = blocks.filter(
    ({ tenant, maxMs }) => maxMs < nowMs - (keepMs.get(tenant) ?? Infinity),
  );
  return { removed, floors: [] };
}
