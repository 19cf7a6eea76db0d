import { z } from "zod";
import { OperatingError } from "#shared/errors.ts";
import { blockOfKey } from "../block_key.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { catalogId } from "../../catalog/catalog_identity.ts";
import { type ObjectPlace, putJson, readJson } from "../../objects/json_object.ts";

/** Says which catalog the objects belong to. Written once; changed by `lapwing storage adopt` alone. */
const identityKey = "lapwing/storage.json";

const Identity = z.object({ format: z.literal(1), catalog: z.string(), createdMs: z.number() });

export type IdentityPlace = ObjectPlace & {
  readonly catalog: Pick<Catalog, "transaction" | "blocks">;
  /** Where the storage is, for errors. */
  readonly url: string;
};

/** The id of the catalog that the storage belongs to; undefined for a storage without one. */
export async function storageOwner(place: ObjectPlace): Promise<string | undefined> {
  const found = await readJson(place, identityKey);
  if (found === undefined) return undefined;
  const identity = Identity.safeParse(found);
  if (identity.success) return identity.data.catalog;
  throw new OperatingError(
    "corrupt",
    `${identityKey} is ${JSON.stringify(found).slice(0, 200)}: expected the id of a catalog; ` +
      `\`lapwing storage adopt\` writes it again`,
  );
}

/** Makes a catalog the owner of the storage, in place of any other. */
export async function setStorageOwner(place: ObjectPlace, catalog: string): Promise<void> {
  await putJson(place, identityKey, { format: 1, catalog, createdMs: Date.now() });
}

/**
 * Makes sure that catalog and storage belong together, and gives the catalog's id. A new catalog takes an empty storage; one with
 * blocks takes the storage that has them, if that has no owner yet (written before storages had an owner). Throws
 * OperatingError "conflict" for all else: work on the wrong storage would delete its blocks.
 */
export async function matchStorage(place: IdentityPlace): Promise<string> {
  const own = await place.catalog.transaction("read the catalog's id", catalogId);
  const owner = await storageOwner(place);
  if (owner === own) return own;
  if (owner !== undefined) throw await otherOwner(place, own, owner);
  await checkUnowned(place);
  const identity = { format: 1, catalog: own, createdMs: Date.now() };
  await putJson(place, identityKey, identity, true);
  // Where the store can't do it conditionally, two may have written: the one that is there counts.
  const now = await storageOwner(place);
  if (now !== own) throw await otherOwner(place, own, now);
  return own;
}

async function checkUnowned({ catalog, objects, url }: IdentityPlace): Promise<void> {
  const blocks = await catalog.blocks();
  const known = new Set(blocks.map(({ key }) => key));
  let there = 0;
  let unknown = 0;
  for await (const { key } of objects.list()) {
    if (known.has(key)) there += 1;
    else if (blockOfKey(key) !== undefined) unknown += 1;
  }
  if (blocks.length === 0) {
    if (unknown === 0) return;
    throw new OperatingError(
      "conflict",
      `the catalog has no blocks, but the storage ${url} holds ${unknown} block files: the catalog is lost, ` +
        `empty or another one. Run \`lapwing storage rebuild\` to make the catalog from the files, ` +
        `or \`lapwing storage adopt\` to begin with an empty catalog and leave the files alone`,
    );
  }
  // Some may be lost; most can't be where this is the storage that they were written to.
  if (there * 2 >= blocks.length) return;
  throw new OperatingError(
    "conflict",
    `the catalog knows ${blocks.length} blocks, but the storage ${url} holds ${there} of them ` +
      `(and ${unknown} others): expected the storage that they were written to. Check storage.url, and that it is ` +
      `mounted; or bring the blocks back by \`lapwing storage restore\`, make the catalog anew from the files by ` +
      `\`lapwing storage rebuild\` after moving it away, or go on without them by \`lapwing storage adopt\``,
  );
}

async function otherOwner(
  { catalog, url }: IdentityPlace,
  own: string,
  owner: string | undefined,
): Promise<OperatingError> {
  const blocks = await catalog.blocks();
  const owned = owner === undefined ? "has no owner" : `belongs to the catalog ${owner}`;
  return new OperatingError(
    "conflict",
    `the storage ${url} ${owned}, this one is ${own} and has ${blocks.length} blocks: ` +
      `expected the catalog that the storage was written with. If that one is lost, move this catalog away (if it has ` +
      `blocks) and run \`lapwing storage rebuild\`; if the storage is to belong to this catalog from now on, ` +
      `run \`lapwing storage adopt\``,
  );
}
