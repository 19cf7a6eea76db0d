import { z } from "zod";
import { SignalName } from "#shared/signal_name.ts";
import { type RemovedItems, removalReasons } from "../read/removals.ts";
import type { Catalog } from "./catalog.ts";
import { count } from "./catalog_count.ts";

/** Items of a tenant that were stored and are in no block any more, by signal and reason. */
export function removedItems(
  catalog: Pick<Catalog, "transaction">,
  tenant: string,
): Promise<readonly RemovedItems[]> {
  return catalog.transaction("read removals", async (sql) => {
    const rows = await sql`SELECT signal, reason, items FROM removed_items
      WHERE tenant = ${tenant} ORDER BY signal, reason`;
    return z.array(RemovedRow).parse([...rows]);
  });
}

const RemovedRow = z.object({
  signal: SignalName,
  reason: z.enum(removalReasons),
  items: count,
});
