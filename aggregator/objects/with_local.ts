import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { storeError } from "../read/storage_error.ts";
import type { ObjectStore } from "./object_store.ts";

/** Lends an object as a local file: where it lies, or a copy for as long as `action` runs. */
export async function withLocal<Result>(
  { objects, staging }: { readonly objects: ObjectStore; readonly staging: string },
  key: string,
  action: (path: string, bytes: number) => Promise<Result>,
): Promise<Result> {
  const direct = objects.localPath(key);
  const path = direct ?? join(staging, `${Bun.randomUUIDv7()}.object`);
  try {
    if (direct === undefined) await objects.get(key, path);
    return await action(path, await sizeOf(path, key));
  } finally {
    if (direct === undefined) await rm(path, { force: true });
  }
}

async function sizeOf(path: string, key: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw storeError(`read ${key}`, cause);
  }
}
