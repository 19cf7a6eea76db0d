import type { Store } from "../read/store.ts";

/** What left the blocks of tenant `tenant`, by signal and reason. */
export async function removedOf(
  store: Pick<Store, "removedItems">,
  tenant: string,
): Promise<Record<string, Record<string, number>>> {
  const all: Record<string, Record<string, number>> = {};
  for (const { signal, reason, items } of await store.removedItems(tenant))
    (all[signal] ??= {})[reason] = items;
  return all;
}
