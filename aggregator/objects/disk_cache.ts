import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { OperatingError } from "#shared/errors.ts";
import { storeError } from "../read/storage_error.ts";
import type { ObjectStore } from "./object_store.ts";

/** A file that stays where it is until released. */
export type Lease = { readonly path: string; release(): void };

type Entry = { bytes: number; pins: number; ready: Promise<void> };

/**
 * Local copies of objects. The least recently used go first when a new one needs room; those in use never do. Copies
 * survive a restart: a file's name says its key, and its size is checked against the catalog's on use.
 */
export class DiskCache {
  readonly #objects: ObjectStore;
  readonly #folder: string;
  readonly #bytesMax: number;
  /** In order of use, the oldest first. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  private constructor(objects: ObjectStore, folder: string, bytesMax: number) {
    this.#objects = objects;
    this.#folder = folder;
    this.#bytesMax = bytesMax;
  }

  static async open(objects: ObjectStore, folder: string, bytesMax: number): Promise<DiskCache> {
    const cache = new DiskCache(objects, folder, bytesMax);
    try {
      await mkdir(folder, { recursive: true });
      await cache.#load();
    } catch (cause) {
      throw storeError(`open the cache in ${folder}`, cause);
    }
    return cache;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether it is on this host already. */
  isLocal(key: string, bytes: number): boolean {
    if (this.#objects.localPath(key) !== undefined) return true;
    return this.#entries.get(nameOf(key))?.bytes === bytes;
  }

  /** Where an object lies on this host by itself; undefined where this cache holds copies. */
  directPath(key: string): string | undefined {
    return this.#objects.localPath(key);
  }

  /** Puts a fresh copy in place of a damaged one; those who read the old one go on with it. */
  async refetch(key: string, bytes: number): Promise<void> {
    const name = nameOf(key);
    await this.#download(name, key, bytes);
    if (!this.#entries.has(name)) this.#put(name, { bytes, pins: 0, ready: Promise.resolve() });
  }

  /** A local copy of an object of `bytes`; made now where there is none. One download serves all who ask meanwhile. */
  async acquire(key: string, bytes: number): Promise<Lease> {
    const direct = this.#objects.localPath(key);
    if (direct !== undefined) return { path: direct, release: () => {} };
    const name = nameOf(key);
    const known = this.#entries.get(name);
    const entry = known?.bytes === bytes ? known : await this.#begin(name, key, bytes);
    entry.pins += 1;
    this.#touch(name, entry);
    const release = this.#releaseOnce(entry);
    try {
      await entry.ready;
    } catch (error) {
      release();
      throw error;
    }
    return { path: join(this.#folder, name), release };
  }

  /** Takes over a file that was just stored under `key`, so that it need not be downloaded. A hint only: it may be refused. */
  async adopt(key: string, bytes: number, file: string): Promise<void> {
    const name = nameOf(key);
    if (this.#entries.has(name) || !(await this.#makeRoom(bytes))) return rm(file, { force: true });
    const ready = rename(file, join(this.#folder, name));
    this.#put(name, { bytes, pins: 0, ready });
    try {
      await ready;
    } catch {
      // Another filesystem, or no file: it is downloaded when it is wanted.
      this.#forget(name);
      await rm(file, { force: true });
    }
  }

  async remove(key: string): Promise<void> {
    const name = nameOf(key);
    if (this.#entries.get(name)?.pins !== 0) return;
    this.#forget(name);
    await rm(join(this.#folder, name), { force: true });
  }

  async #begin(name: string, key: string, bytes: number): Promise<Entry> {
    if (!(await this.#makeRoom(bytes)))
      throw new OperatingError(
        "overloaded",
        `${bytes} bytes of ${key} do not fit into the cache of ${this.#bytesMax} beside the files in use`,
      );
    // Someone else may have begun while room was made.
    const begun = this.#entries.get(name);
    if (begun?.bytes === bytes) return begun;
    const entry: Entry = { bytes, pins: 0, ready: this.#download(name, key, bytes) };
    this.#put(name, entry);
    entry.ready.catch(() => {
      if (this.#entries.get(name) === entry) this.#forget(name);
    });
    return entry;
  }

  async #download(name: string, key: string, bytes: number): Promise<void> {
    const partial = join(this.#folder, `${Bun.randomUUIDv7()}${partialEnd}`);
    try {
      await this.#objects.get(key, partial);
      const { size } = await stat(partial);
      if (size !== bytes)
        throw new OperatingError("corrupt", `${key} has ${size} bytes, expected ${bytes}`);
      await rename(partial, join(this.#folder, name));
    } catch (cause) {
      await rm(partial, { force: true });
      throw storeError(`copy ${key} into the cache`, cause);
    }
  }

  async #makeRoom(bytes: number): Promise<boolean> {
    if (bytes > this.#bytesMax) return false;
    for (const [name, entry] of this.#entries) {
      if (this.#bytes + bytes <= this.#bytesMax) break;
      if (entry.pins > 0) continue;
      this.#forget(name);
      await rm(join(this.#folder, name), { force: true });
    }
    return this.#bytes + bytes <= this.#bytesMax;
  }

  #put(name: string, entry: Entry): void {
    this.#forget(name);
    this.#entries.set(name, entry);
    this.#bytes += entry.bytes;
  }

  #forget(name: string): void {
    this.#bytes -= this.#entries.get(name)?.bytes ?? 0;
    this.#entries.delete(name);
  }

  #touch(name: string, entry: Entry): void {
    if (this.#entries.get(name) !== entry) return;
    this.#entries.delete(name);
    this.#entries.set(name, entry);
  }

  #releaseOnce(entry: Entry): () => void {
    let held = true;
    return () => {
      if (held) entry.pins -= 1;
      held = false;
    };
  }

  async #load(): Promise<void> {
    const found: { name: string; bytes: number; usedMs: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      if (name.endsWith(partialEnd)) {
        await rm(path, { force: true });
        continue;
      }
      const { size, mtimeMs } = await stat(path);
      found.push({ name, bytes: size, usedMs: mtimeMs });
    }
    for (const { name, bytes } of found.toSorted((a, b) => a.usedMs - b.usedMs))
      this.#put(name, { bytes, pins: 0, ready: Promise.resolve() });
    await this.#makeRoom(0);
  }
}

const partialEnd = ".partial";

/** Where a cache in the folder has its copy of an object, if it has one. */
export function cachedFile(folder: string, key: string): string {
  return join(folder, nameOf(key));
}

function nameOf(key: string): string {
  return encodeURIComponent(key);
}
