import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DiskCache } from "./disk_cache.ts";
import { fileObjectStore } from "./object_store_file.ts";
import type { ObjectStore } from "./object_store.ts";

let folder = "";
let downloads = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lapwing-cache-"));
  downloads = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Objects that have to be copied, with the downloads counted. */
function remoteObjects(): ObjectStore {
  const files = fileObjectStore(join(folder, "remote"));
  return {
    ...files,
    localPath: () => undefined,
    get(key, file) {
      downloads += 1;
      return files.get(key, file);
    },
  };
}

async function filled(objects: ObjectStore, sizes: Record<string, number>) {
  for (const [key, size] of Object.entries(sizes)) {
    const path = join(folder, "upload");
    writeFileSync(path, new Uint8Array(size));
    await objects.put(key, path);
  }
  return DiskCache.open(objects, join(folder, "cache"), 100);
}

test("acquire() downloads once, however many ask", async () => {
  const cache = await filled(remoteObjects(), { a: 10 });
  const leases = await Promise.all([cache.acquire("a", 10), cache.acquire("a", 10)]);
  expect(existsSync(leases[0].path)).toBe(true);
  expect([downloads, cache.bytes]).toEqual([1, 10]);
});

test("acquire() makes room by the least recently used, and never takes a file in use", async () => {
  const cache = await filled(remoteObjects(), { a: 40, b: 40, c: 40, d: 40 });
  const a = await cache.acquire("a", 40);
  (await cache.acquire("b", 40)).release();
  const c = await cache.acquire("c", 40);
  expect(existsSync(a.path)).toBe(true);
  expect(cache.bytes).toBe(80);
  const refused = await cache.acquire("d", 40).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: "overloaded" });
  a.release();
  a.release();
  (await cache.acquire("d", 40)).release();
  expect(existsSync(a.path)).toBe(false);
  expect(existsSync(c.path)).toBe(true);
});

test("acquire() finds what an earlier process left, drops half a download, and fetches what has another size", async () => {
  const objects = remoteObjects();
  const cache = await filled(objects, { a: 10, b: 20 });
  (await cache.acquire("a", 10)).release();
  writeFileSync(join(folder, "cache", "b"), new Uint8Array(5));
  writeFileSync(join(folder, "cache", "x.partial"), new Uint8Array(5));
  const again = await DiskCache.open(objects, join(folder, "cache"), 100);
  expect(readdirSync(join(folder, "cache")).toSorted()).toEqual(["a", "b"]);
  (await again.acquire("a", 10)).release();
  expect(downloads).toBe(1);
  const b = await again.acquire("b", 20);
  expect([downloads, Bun.file(b.path).size, again.bytes]).toEqual([2, 20, 30]);
});

test("acquire() reports an object that is gone or short, and keeps nothing of it", async () => {
  const cache = await filled(remoteObjects(), { a: 10 });
  expect(await cache.acquire("x", 10).catch((error: unknown) => error)).toMatchObject({
    code: "not_found",
  });
  expect(await cache.acquire("a", 11).catch((error: unknown) => error)).toMatchObject({
    code: "corrupt",
  });
  expect(cache.bytes).toBe(0);
  expect(readdirSync(join(folder, "cache"))).toEqual([]);
});
