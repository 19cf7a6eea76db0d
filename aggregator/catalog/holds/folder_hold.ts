import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { storeError } from "../../read/storage_error.ts";
import { type Hold, ownedError, ownPlacesAdvice } from "./catalog_hold.ts";
import { FileLock, LockedError } from "./file_lock.ts";
import type { ProcessIdentity } from "#shared/runtime/process/process_identity.ts";

/**
 * Holds a data directory for this process alone: its folders of files being written are emptied at the start, so a second process
 * would remove what the first one is writing. Throws OperatingError "unavailable" with the name of the process that has it.
 */
export async function holdFolder(folder: string, self: ProcessIdentity): Promise<Hold> {
  const path = join(folder, "owner.lock");
  try {
    await mkdir(folder, { recursive: true });
    const lock = FileLock.take(path, "owner", self);
    return { release: () => Promise.resolve(lock.release()) };
  } catch (cause) {
    if (cause instanceof LockedError)
      throw ownedError(`the data directory ${folder}`, cause.holder, ownPlacesAdvice, cause);
    throw storeError(`lock ${path}`, cause);
  }
}
