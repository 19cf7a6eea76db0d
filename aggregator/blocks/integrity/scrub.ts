import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { DiskCache } from "../../objects/disk_cache.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import type { StoreConfig } from "../config.ts";
import type { BlockGuard } from "./block_guard.ts";
import type { Block } from "../../read/store.ts";
import type { FileFault } from "./damage.ts";
import { faultOfError, fileFault } from "./file_fault.ts";
import type { IntegrityMeters } from "./integrity_meters.ts";

/** How far the scrub is. */
export type ScrubState = {
  /** Unix milliseconds of the end of the last whole pass; 0 where there was none. */
  readonly lastPassMs: number;
  /** Of this pass: bytes of blocks that are compared, and of all. */
  readonly doneBytes: number;
  readonly totalBytes: number;
};

/** What a restart goes on from. */
const Saved = z.object({
  lastPassMs: z.number().default(0),
  /** Of the running pass: its start, and the id of the block compared last. */
  startedMs: z.number().default(0),
  lastId: z.string().default(""),
});
type Saved = z.output<typeof Saved>;

type Deps = {
  readonly blocks: () => readonly Block[];
  readonly clock: Clock;
  readonly config: StoreConfig;
  /** Keeps how far it is. */
  readonly dataDir: string;
  readonly log: Logger;
  readonly objects: ObjectStore;
  /** For copies on their way. */
  readonly staging: string;
  readonly tools: { readonly guard: BlockGuard; readonly files: DiskCache };
};

/** After a start others come first. */
const startAfterMs = 60_000;
/** How often a pass that is due is looked for, and the place in a running one is saved. */
const lookMs = 60_000;

/**
 * Reads all blocks again, slowly, and compares them with their checksums, so that damage is found before a query needs the data. In
 * order of ids, which is the order of writing; a restart goes on where it was. An object of a bucket is downloaded for
 * it; one that is damaged or missing is uploaded again from the local cache, if that has a copy.
 */
export class Scrub {
  readonly #deps: Deps;
  readonly #meters: Pick<IntegrityMeters, "scrubbed" | "passEnded" | "repaired">;
  readonly #stop = new AbortController();
  #loop: Promise<void> | undefined;
  #saved: Saved = Saved.parse({});
  #savedMs = -Infinity;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#meters = deps.tools.guard.meters;
  }

  get state(): ScrubState {
    const { lastPassMs, startedMs, lastId } = this.#saved;
    const blocks = this.#deps.blocks();
    const isRunning = startedMs > 0;
    const doneBytes = isRunning ? bytesOf(blocks.filter(({ id }) => id <= lastId)) : 0;
    return { lastPassMs, doneBytes, totalBytes: isRunning ? bytesOf(blocks) : 0 };
  }

  start(): void {
    if (this.#deps.config.scrub.enabled) this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#stop;
    await this.#load();
    await clock.sleep(startAfterMs, signal);
    while (!signal.aborted) {
      try {
        if (this.#isDue()) await this.pass();
      } catch (error) {
        log.warn("the scrub of blocks stopped, and goes on later", { error: messageOf(error) });
      }
      await clock.sleep(lookMs, signal);
    }
  }

  #isDue(): boolean {
    const { lastPassMs, startedMs } = this.#saved;
    return startedMs > 0 || this.#deps.clock.now() - lastPassMs >= this.#deps.config.scrub.interval;
  }

  /** One pass over what is not compared yet, at the configured rate. Throws where a bucket is away. */
  async pass(): Promise<void> {
    const { blocks, clock, config } = this.#deps;
    const { signal } = this.#stop;
    if (this.#saved.startedMs === 0)
      this.#saved = { ...this.#saved, startedMs: clock.now(), lastId: "" };
    while (!signal.aborted) {
      const next = nextBlock(blocks(), this.#saved.lastId);
      if (next === undefined) {
        const lastPassMs = clock.now();
        this.#saved = { lastPassMs, startedMs: 0, lastId: "" };
        this.#meters.passEnded(lastPassMs);
        await this.#save();
        return;
      }
      await this.#compare(next);
      this.#saved = { ...this.#saved, lastId: next.id };
      this.#meters.scrubbed(next.bytes);
      if (clock.monotonic() - this.#savedMs > lookMs) await this.#save();
      await clock.sleep((next.bytes / config.scrub.rate) * 1_000, signal);
    }
  }

  async #compare(block: Block): Promise<void> {
    const { guard, files } = this.#deps.tools;
    if (guard.damageOf(block) !== undefined) return;
    if (files.directPath(block.key) !== undefined) {
      await guard.verify([block]);
      return;
    }
    const fault = await this.#objectFault(block);
    if (fault === undefined) return;
    if (await this.#uploadCopy(block, fault)) return;
    guard.report(block, fault);
  }

  async #objectFault(block: Block): Promise<FileFault | undefined> {
    const { objects, staging } = this.#deps;
    const path = join(staging, `${Bun.randomUUIDv7()}.scrub`);
    try {
      await objects.get(block.key, path);
      return await fileFault(path, block);
    } catch (error) {
      const fault = faultOfError(error);
      if (fault === undefined) throw error;
      return fault;
    } finally {
      await rm(path, { force: true });
    }
  }

  /** Puts the copy of the local cache in place of a damaged object, where there is a whole one. */
  async #uploadCopy(block: Block, { detail }: FileFault): Promise<boolean> {
    const { blocks, log, objects, staging, tools } = this.#deps;
    if (!tools.files.isLocal(block.key, block.bytes)) return false;
    const path = join(staging, `${Bun.randomUUIDv7()}.upload`);
    const lease = await tools.files.acquire(block.key, block.bytes);
    try {
      await copyFile(lease.path, path);
      if ((await fileFault(path, block)) !== undefined) return false;
      // It may have been merged or have expired meanwhile, and then its object is gone for good.
      if (!blocks().some(({ id }) => id === block.id)) return true;
      await objects.put(block.key, path);
    } catch (error) {
      // No copy after all: it was taken out of the folder.
      if (faultOfError(error) === undefined) throw error;
      return false;
    } finally {
      lease.release();
      await rm(path, { force: true });
    }
    this.#meters.repaired("uploaded");
    log.warn("uploaded a block again from the cache: its object was damaged", {
      block: block.id,
      key: block.key,
      fault: detail,
    });
    return true;
  }

  async #load(): Promise<void> {
    try {
      this.#saved = Saved.parse(JSON.parse(await readFile(this.#path, "utf8")));
      this.#meters.passEnded(this.#saved.lastPassMs);
    } catch {
      // None yet, or torn: the pass starts over.
    }
  }

  async #save(): Promise<void> {
    this.#savedMs = this.#deps.clock.monotonic();
    const partial = `${this.#path}.partial`;
    try {
      await writeFile(partial, JSON.stringify(this.#saved));
      await rename(partial, this.#path);
    } catch (error) {
      this.#deps.log.warn("the place of the scrub can't be saved", { error: messageOf(error) });
    }
  }

  get #path(): string {
    return join(this.#deps.dataDir, "scrub.json");
  }
}

function bytesOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, { bytes }) => sum + bytes, 0);
}

function nextBlock(blocks: readonly Block[], lastId: string): Block | undefined {
  let next: Block | undefined;
  for (const block of blocks)
    if (block.id > lastId && (next === undefined || block.id < next.id)) next = block;
  return next;
}
