import type { CatalogChange } from "../../catalog/catalog_writes.ts";
import type { Deleted } from "../deletion/tombstones.ts";
import type { Block } from "../../read/store.ts";
import { trashNoteText } from "./trash_note.ts";

/**
 * How the files of blocks past their retention go to the trash. Blocks from which a user deleted data do not: the data would stay
 * there. `replacedBy` are the blocks that hold what is kept of them.
 */
export function trashedBlocks(
  { hidden }: { readonly hidden: () => Deleted },
  removed: readonly Block[],
  replacedBy: readonly Block[] = [],
): NonNullable<CatalogChange["trashed"]> {
  const ids = replacedBy.map(({ id }) => id);
  return new Map(
    removed
      .filter((block) => !hidden().concerns(block))
      .map((block) => [
        block.id,
        { reason: "retention" as const, note: trashNoteText({ block, replacedBy: ids }) },
      ]),
  );
}
