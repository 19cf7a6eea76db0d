import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import {
  describeProcess,
  parseIdentity,
  thisProcess,
} from "#shared/runtime/process/process_identity.ts";
import { loadedLibc } from "#shared/runtime/process/libc.ts";

/** LOCK_EX | LOCK_NB of flock(2). */
const exclusiveAtOnce = 2 | 4;

export type FolderLock = { release(): void };

/**
 * Holds a folder of an agent for this process alone, because two agents on one spool would overwrite each other's frames. The system
 * releases it when the process ends, however that ends; outside Linux nothing is held. Throws OperatingError "unavailable" with the
 * name of the process that has it.
 */
export function lockFolder(folder: string, sinceMs: number): FolderLock {
  const path = join(folder, "agent.lock");
  const libc = loadedLibc({ flock: { args: ["i32", "i32"], returns: "i32" } });
  const descriptor = open(folder, path);
  if (libc !== undefined && libc.symbols.flock(descriptor, exclusiveAtOnce) !== 0) {
    const holder = parseIdentity(readFileSync(path, "utf8"));
    closeSync(descriptor);
    const name = holder === undefined ? "" : ` (${describeProcess(holder)})`;
    const message = `the folder ${folder} is in use by another Lapwing${name}: stop it first, or give this one a data directory of its own (data_dir)`;
    throw new OperatingError("unavailable", message);
  }
  try {
    ftruncateSync(descriptor);
    writeSync(descriptor, JSON.stringify(thisProcess(folder, sinceMs)));
  } catch {
    // Only the name is missing then, as on a full disk; the lock is what counts.
  }
  return { release: () => closeSync(descriptor) };
}

function open(folder: string, path: string): number {
  try {
    mkdirSync(folder, { recursive: true });
    return openSync(path, "a+");
  } catch (cause) {
    throw new OperatingError("unavailable", `cannot open ${path}: ${messageOf(cause)}`, { cause });
  }
}
