import type { CatalogChange } from "../../catalog/catalog_writes.ts";
import type { RemovalReason } from "../../read/removals.ts";
import type { Block } from "../../read/store.ts";
import type { Deleted } from "./tombstones.ts";

/** One set of blocks in place of another; `without` is what was left out when the added ones were written. */
export type BlockChange = Pick<
  CatalogChange,
  "added" | "removed" | "deleteAfterMs" | "tiered" | "floors" | "removals" | "trashed"
> & {
  readonly without: Deleted;
  /** Why the items of removed blocks go that are in no added one. Absent: by a deletion, or because another block has them. */
  readonly reason?: RemovalReason;
  /** Blocks that stay, out of whose content the added ones were made besides: what is deleted out of these concerns those too. */
  readonly sources?: readonly Block[];
};
