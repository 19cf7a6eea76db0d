import { OperatingError } from "#shared/errors.ts";
import {
  describeProcess,
  livenessOf,
  type ProcessIdentity,
} from "#shared/runtime/process/process_identity.ts";
import { blockOfKey } from "../blocks/block_key.ts";
import type { StorageTools } from "./storage_tools.ts";
import { catalogId } from "../catalog/catalog_identity.ts";
import { markedClaims, readMark, removeMarks } from "../blocks/identity/owner_marks.ts";
import { setStorageOwner, storageOwner } from "../blocks/identity/storage_identity.ts";

export type Adoption = {
  readonly catalog: string;
  /** The catalog that the storage belongs to; undefined for none, and for one that can't be read. */
  readonly owner: string | undefined;
  /** Blocks of the catalog, and those of them that lie in the storage. */
  readonly blocks: number;
  readonly blocksThere: number;
  /** Block files that the catalog does not know: nothing reads, merges or deletes them. */
  readonly unknown: number;
  /** Processes that have not taken their mark away, and may be at work on the storage. */
  readonly processes: readonly ProcessIdentity[];
};

/** What `adopt` would change. */
export async function planAdoption(tools: StorageTools): Promise<Adoption> {
  const catalog = await tools.catalog.transaction("read the catalog's id", catalogId);
  const blocks = await tools.catalog.blocks();
  const known = new Set(blocks.map(({ key }) => key));
  let blocksThere = 0;
  let unknown = 0;
  for await (const { key } of tools.objects.list()) {
    if (known.has(key)) blocksThere += 1;
    else if (blockOfKey(key) !== undefined) unknown += 1;
  }
  const owner = await storageOwner(tools).catch(() => undefined);
  const processes: ProcessIdentity[] = [];
  for (const claim of await markedClaims(tools)) {
    const mark = await readMark(tools, claim).catch(() => undefined);
    if (mark !== undefined && livenessOf(mark.process) !== "dead") processes.push(mark.process);
  }
  return { catalog, owner, blocks: blocks.length, blocksThere, unknown, processes };
}

/**
 * Makes the catalog the owner of the storage. The files stay as they are: a catalog that owned them can't be started on it any more. Throws
 * OperatingError "conflict" while a process of this machine works on the storage.
 */
export async function adoptStorage(
  tools: StorageTools,
  { catalog, processes }: Adoption,
): Promise<void> {
  const living = processes.find((one) => livenessOf(one) !== "unknown");
  if (living !== undefined)
    throw new OperatingError(
      "conflict",
      `the storage is in use by a running Lapwing (${describeProcess(living)}): stop it first`,
    );
  await setStorageOwner(tools, catalog);
  await removeMarks(tools);
}
