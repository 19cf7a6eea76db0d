import { OperatingError } from "#shared/errors.ts";
import { readNotes } from "../file/file_notes.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import { readJson } from "../../objects/json_object.ts";
import { parseWriter, type StorageWriter } from "../file/writer.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import { withLocal } from "../../objects/with_local.ts";
import { TombstoneObject, tombstonePrefix } from "../deletion/tombstones.ts";

type WriterPlace = {
  readonly objects: ObjectStore;
  readonly staging: string;
  readonly duckdb: Duckdb;
};

export type Written = { readonly writer: StorageWriter; readonly bytes: number };

/**
 * Who wrote a block or a deletion, by what it says itself; undefined for one that was written before storages had an owner, that is gone,
 * or that is broken: what a crash of ours leaves behind is whole.
 */
export async function writerOf(place: WriterPlace, key: string): Promise<Written | undefined> {
  try {
    return key.startsWith(tombstonePrefix)
      ? await writerOfDeletion(place, key)
      : await withLocal(place, key, (path, bytes) => writerOfBlock(place.duckdb, path, bytes));
  } catch (error) {
    const isNothing =
      error instanceof OperatingError && ["not_found", "corrupt"].includes(error.code);
    if (isNothing) return undefined;
    throw error;
  }
}

async function writerOfDeletion(place: WriterPlace, key: string): Promise<Written | undefined> {
  const parsed = TombstoneObject.safeParse(await readJson(place, key));
  const writer = parseWriter(parsed.success ? (parsed.data.writer ?? "") : "");
  return writer === undefined ? undefined : { writer, bytes: 0 };
}

async function writerOfBlock(
  duckdb: Duckdb,
  path: string,
  bytes: number,
): Promise<Written | undefined> {
  try {
    const [note] = await duckdb.use("read a block", (connection) => readNotes(connection, [path]));
    return note?.writer === undefined ? undefined : { writer: note.writer, bytes };
  } catch {
    // No block, or one of a newer form.
    return undefined;
  }
}
