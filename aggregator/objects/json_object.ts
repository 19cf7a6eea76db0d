import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError, messageOf } from "#shared/errors.ts";
import { storeError } from "../read/storage_error.ts";
import type { ObjectStore } from "./object_store.ts";

export type ObjectPlace = { readonly objects: ObjectStore; readonly staging: string };

/** Stores a small object as JSON; where `isNew`, only if no object has the key, and then gives false otherwise. */
export async function putJson(
  { objects, staging }: ObjectPlace,
  key: string,
  value: unknown,
  isNew = false,
): Promise<boolean> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  try {
    await writeFile(path, JSON.stringify(value));
  } catch (cause) {
    throw storeError(`write ${key}`, cause);
  }
  try {
    if (isNew) return await objects.create(key, path);
    await objects.put(key, path);
    return true;
  } finally {
    await rm(path, { force: true });
  }
}

/** undefined where there is none. Throws OperatingError "corrupt" for what is no JSON. */
export async function readJson({ objects, staging }: ObjectPlace, key: string): Promise<unknown> {
  const path = join(staging, `${Bun.randomUUIDv7()}.json`);
  let text: string;
  try {
    await objects.get(key, path);
    text = await readFile(path, "utf8");
  } catch (cause) {
    const error = storeError(`read ${key}`, cause);
    if (error.code === "not_found") return undefined;
    throw error;
  } finally {
    await rm(path, { force: true });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OperatingError("corrupt", `${key} is no JSON: ${messageOf(cause)}`, { cause });
  }
}
