import { copyFile, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { storeError } from "./errors.ts";
import type { ObjectStore } from "./object_store.ts";

/** Objects as files below a folder. A put is synced, renamed into its place, and the folders are synced. */
export function fileObjectStore(root: string): ObjectStore {
  const incoming = join(root, incomingFolder);
  return {
    async put(key, file) {
      const target = join(root, key);
      try {
        await mkdir(incoming, { recursive: true });
        await syncFile(file);
        const made = await mkdir(dirname(target), { recursive: true });
        await moveFile(file, target, join(incoming, Bun.randomUUIDv7()));
        // A new folder is durable only once its own parent is synced.
        const last = made === undefined ? dirname(target) : dirname(made);
        for (let folder = dirname(target); folder.length >= last.length; folder = dirname(folder))
          await syncFile(folder);
      } catch (cause) {
        throw storeError(`write ${key}`, cause);
      }
    },
    async get(key, file) {
      try {
        await copyFile(join(root, key), file);
      } catch (cause) {
        throw storeError(`read ${key}`, cause);
      }
    },
    list: () => listFiles(root),
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

/** Holds what is copied in from another filesystem; swept with the rest. */
const incomingFolder = ".incoming";

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

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* listFiles(root: string): AsyncIterable<{ key: string; modifiedMs: number }> {
  let names: string[];
  try {
    names = await readdir(root, { recursive: true });
  } catch (cause) {
    const error = storeError(`list ${root}`, cause);
    if (error.code === "not_found") return;
    throw error;
  }
  for (const key of names) {
    // A file may go while the list is read.
    const found = await stat(join(root, key)).catch(() => undefined);
    if (found?.isFile() === true) yield { key, modifiedMs: found.mtimeMs };
  }
}
