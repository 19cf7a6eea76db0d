import {
  chmod,
  constants,
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { storeError } from "../read/storage_error.ts";
import type { ObjectStore } from "./object_store.ts";

/**
 * Objects as files below a folder. A put is synced, renamed into its place, and the folders are synced. Where the group may read, files
 * and folders say so whatever the umask is.
 */
export function fileObjectStore(root: string, isGroupReadable = false): ObjectStore {
  const incoming = join(root, incomingFolder);
  return {
    async put(key, file) {
      try {
        await mkdir(incoming, { recursive: true });
        await syncFile(file);
        if (isGroupReadable) await chmod(file, groupFileMode);
        await inFolderOf(join(root, key), (target) =>
          moveFile(file, target, join(incoming, Bun.randomUUIDv7())),
        );
        if (isGroupReadable) await openFolders(root, key);
      } catch (cause) {
        throw storeError(`write ${key}`, cause);
      }
    },
    async create(key, file) {
      const between = join(incoming, Bun.randomUUIDv7());
      try {
        await mkdir(incoming, { recursive: true });
        await copyFile(file, between);
        await syncFile(between);
        // Of two links at once one fails.
        await inFolderOf(join(root, key), (target) => linkNew(between, target));
        await rm(file, { force: true });
        return true;
      } catch (cause) {
        if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return false;
        throw storeError(`write ${key}`, cause);
      } finally {
        await rm(between, { force: true });
      }
    },
    async move(from, to) {
      try {
        await inFolderOf(join(root, to), (target) => rename(join(root, from), target));
        await syncFile(dirname(join(root, from)));
      } catch (cause) {
        throw storeError(`move ${from}`, cause);
      }
    },
    async get(key, file) {
      try {
        await copyFile(join(root, key), file);
      } catch (cause) {
        throw storeError(`read ${key}`, cause);
      }
    },
    list: (prefix = "") => listFiles(root, prefix),
    async delete(key) {
      try {
        await rm(join(root, key), { force: true });
      } catch (cause) {
        throw storeError(`delete ${key}`, cause);
      }
    },
    localPath: (key) => join(root, key),
  };
}

const groupFileMode = 0o640;
const groupFolderMode = 0o750;

/** The folders of a key, the root among them. */
async function openFolders(root: string, key: string): Promise<void> {
  for (let at = dirname(key); ; at = dirname(at)) {
    const folder = at === "." ? root : join(root, at);
    if (((await stat(folder)).mode & 0o070) !== 0o050) await chmod(folder, groupFolderMode);
    if (at === ".") return;
  }
}

/** Holds what is copied in from another filesystem; swept with the rest. */
const incomingFolder = ".incoming";

/** Puts a file into its folder, which may be new, and makes that durable. */
async function inFolderOf(
  target: string,
  action: (target: string) => Promise<void>,
): Promise<void> {
  const made = await mkdir(dirname(target), { recursive: true });
  await action(target);
  // A new folder is durable only once its own parent is synced.
  const last = made === undefined ? dirname(target) : dirname(made);
  for (let folder = dirname(target); folder.length >= last.length; folder = dirname(folder))
    await syncFile(folder);
}

async function moveFile(from: string, to: string, between: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EXDEV")) throw error;
    try {
      await copyFile(from, between);
      await syncFile(between);
      await rename(between, to);
    } finally {
      await rm(between, { force: true });
    }
    await rm(from, { force: true });
  }
}

/** Fails with EEXIST where the target is there. A file system without links gets a copy, which a crash can cut short. */
async function linkNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(code)) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL);
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* listFiles(
  root: string,
  prefix: string,
): AsyncIterable<{ key: string; modifiedMs: number }> {
  // The deepest folder that all of these keys lie in.
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  let names: string[];
  try {
    names = await readdir(join(root, folder), { recursive: true });
  } catch (cause) {
    const error = storeError(`list ${join(root, folder)}`, cause);
    if (error.code === "not_found") return;
    throw error;
  }
  for (const name of names) {
    const key = `${folder}${name}`;
    if (!key.startsWith(prefix)) continue;
    // A file may go while the list is read.
    const found = await stat(join(root, key)).catch(() => undefined);
    if (found?.isFile() === true) yield { key, modifiedMs: found.mtimeMs };
  }
}
