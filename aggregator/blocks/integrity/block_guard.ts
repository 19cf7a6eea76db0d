import { OperatingError } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { DiskCache, Lease } from "../../objects/disk_cache.ts";
import { UnknownFormat } from "../file/format_version.ts";
import type { Block } from "../../read/store.ts";
import { type Damage, DamagedBlock, type FileFault } from "./damage.ts";
import {
  type ContentCheck,
  contentFault,
  faultOfError,
  fileFault,
  signatureOf,
} from "./file_fault.ts";
import { type IntegrityMeters, noMeters } from "./integrity_meters.ts";

export type GuardDeps = {
  readonly files: DiskCache;
  readonly clock: Pick<Clock, "now" | "monotonic">;
  /** Drops what was decoded from a block. */
  readonly forget?: (block: Block) => void;
  readonly log?: Logger;
  readonly meters?: IntegrityMeters;
  /** For blocks without a checksum. */
  readonly content?: ContentCheck;
};

/** Error codes of the query or the machine, which say nothing about a file. */
const othersCodes: ReadonlySet<string> = new Set([
  "bad_request",
  "cancelled",
  "overloaded",
  "timeout",
  "no_space",
]);
/** Damaged blocks that are logged within a minute, one line each; a lost disk would fill the log. */
const logsPerMinuteMax = 20;
/** A damaged object of a bucket, and a file that could not be read, are tried again this often. */
const retryIntervalMs = 600_000;

/** A damaged block, the signature that its file had when it was last looked at, and when that was (monotonic). */
type Known = { readonly damage: Damage; signature: string | undefined; triedMs: number };

type Comparison = {
  readonly path: string;
  readonly signature: string | undefined;
  readonly content: ContentCheck | undefined;
};

/**
 * Stands between readers and the files of blocks. A file is compared with the catalog (size and checksum) when it is
 * read first, and again whenever it has changed on disk; one that differs is never read. A damaged local copy of a
 * bucket's object is fetched again at once. What stays damaged is known here, logged once, and left out by readers.
 */
export class BlockGuard {
  readonly #deps: GuardDeps;
  readonly meters: IntegrityMeters;
  /** By id, with the signature of the file when it was found. */
  readonly #damaged = new Map<string, Known>();
  /** Signatures of files that were compared, by id. */
  readonly #verified = new Map<string, string>();
  readonly #verifying = new Map<string, Promise<FileFault | undefined>>();
  #current: ReadonlySet<string> | undefined;
  #loggedMs: number[] = [];

  constructor(deps: GuardDeps) {
    this.#deps = deps;
    this.meters = deps.meters ?? noMeters;
  }

  /** The damaged blocks, the oldest data first. */
  get damages(): readonly Damage[] {
    return Array.from(this.#damaged.values(), ({ damage }) => damage).toSorted(
      (a, b) => a.block.minMs - b.block.minMs,
    );
  }

  damageOf({ id }: Pick<Block, "id">): Damage | undefined {
    return this.#damaged.get(id)?.damage;
  }

  /** Those that are not known to be damaged. */
  readable(blocks: readonly Block[]): readonly Block[] {
    return this.#damaged.size === 0 ? blocks : blocks.filter(({ id }) => !this.#damaged.has(id));
  }

  /** The blocks that there are now: others are forgotten, and no longer reported when they are found missing. */
  keep(blocks: readonly Block[]): void {
    const current = new Set(blocks.map(({ id }) => id));
    this.#current = current;
    for (const id of this.#verified.keys()) if (!current.has(id)) this.#verified.delete(id);
    for (const id of this.#damaged.keys()) if (!current.has(id)) this.#damaged.delete(id);
    this.meters.damaged(this.damages);
  }

  /** Lends the file of a block that is as the catalog says. Throws DamagedBlock, or OperatingError where the file can't be read. */
  async acquire(block: Block): Promise<Lease> {
    return this.#acquire(block);
  }

  async #acquire(block: Block, content?: ContentCheck): Promise<Lease> {
    const known = this.damageOf(block);
    if (known !== undefined) throw new DamagedBlock(known);
    const lease = await this.#lend(block);
    try {
      const fault = await this.#faultOf(block, lease.path, content);
      if (fault !== undefined) throw this.#found(block, fault);
      return lease;
    } catch (error) {
      lease.release();
      throw error;
    }
  }

  /**
   * The damage that explains an error in reading these blocks: each file is read and compared again. The same read without
   * those blocks may succeed. Empty where the error has another cause.
   */
  async explain(error: unknown, blocks: readonly Block[]): Promise<Damage[]> {
    if (error instanceof DamagedBlock) return [error.damage];
    if (error instanceof UnknownFormat) return [];
    if (error instanceof OperatingError && othersCodes.has(error.code)) return [];
    const damaged = await this.verify(blocks);
    return damaged.length > 0 ? damaged : this.#decodeAll(blocks);
  }

  /** Those whose content does not decode although their files are as the catalog says: written wrongly, or damaged before a rebuild. */
  async #decodeAll(blocks: readonly Block[]): Promise<Damage[]> {
    const { content } = this.#deps;
    if (content === undefined) return [];
    const found: Damage[] = [];
    for (const block of blocks) {
      const lease = await this.acquire(block);
      try {
        const fault = await contentFault(lease.path, block, content);
        if (fault !== undefined) found.push(this.#found(block, fault).damage);
      } finally {
        lease.release();
      }
    }
    return found;
  }

  /** Reads and compares the files of blocks again. Returns the damaged ones. */
  async verify(blocks: readonly Block[]): Promise<Damage[]> {
    const found: Damage[] = [];
    for (const block of blocks) {
      this.#verified.delete(block.id);
      try {
        (await this.#acquire(block, this.#deps.content)).release();
      } catch (error) {
        if (!(error instanceof DamagedBlock)) throw error;
        found.push(error.damage);
      }
    }
    return found;
  }

  /** Takes a block for damaged. */
  report(block: Block, fault: FileFault): void {
    this.#found(block, fault);
  }

  /** Looks again at damaged blocks whose file has changed. Gives those that are whole again. */
  async retry(): Promise<Block[]> {
    const repaired: Block[] = [];
    const nowMs = this.#deps.clock.monotonic();
    for (const entry of this.#damaged.values()) {
      const { block, reason } = entry.damage;
      const path = this.#deps.files.directPath(block.key);
      const signature = path === undefined ? undefined : signatureOf(path);
      const isDue = nowMs - entry.triedMs >= retryIntervalMs;
      const mayHaveHealed = path === undefined || reason === "unreadable";
      if (signature === entry.signature && !(mayHaveHealed && isDue)) continue;
      entry.triedMs = nowMs;
      entry.signature = signature;
      if (!(await this.#isWhole(entry.damage))) continue;
      this.#damaged.delete(block.id);
      repaired.push(block);
      this.meters.repaired("restored");
      this.#deps.log?.info("a damaged block is whole again", { block: block.id, key: block.key });
    }
    if (repaired.length > 0) this.meters.damaged(this.damages);
    return repaired;
  }

  async #isWhole({ block, reason }: Damage): Promise<boolean> {
    const { content } = this.#deps;
    try {
      const lease = await this.#lend(block, false);
      try {
        if ((await this.#faultOf(block, lease.path, content)) !== undefined) return false;
        if (reason !== "content" || content === undefined) return true;
        return (await contentFault(lease.path, block, content)) === undefined;
      } finally {
        lease.release();
      }
    } catch {
      // Still damaged, or the bucket is away: asked again later.
      return false;
    }
  }

  async #lend(block: Block, isReporting = true): Promise<Lease> {
    try {
      return await this.#deps.files.acquire(block.key, block.bytes);
    } catch (error) {
      const fault = faultOfError(error);
      if (fault === undefined || !isReporting) throw error;
      throw this.#found(block, fault);
    }
  }

  async #faultOf(
    block: Block,
    path: string,
    content: ContentCheck | undefined,
  ): Promise<FileFault | undefined> {
    const signature = signatureOf(path);
    if (signature !== undefined && this.#verified.get(block.id) === signature) return undefined;
    let verifying = this.#verifying.get(block.id);
    if (verifying === undefined) {
      verifying = this.#compare(block, { path, signature, content });
      this.#verifying.set(block.id, verifying);
    }
    try {
      return await verifying;
    } finally {
      if (this.#verifying.get(block.id) === verifying) this.#verifying.delete(block.id);
    }
  }

  async #compare(
    block: Block,
    { path, signature, content }: Comparison,
  ): Promise<FileFault | undefined> {
    const { files, log } = this.#deps;
    const fault = await fileFault(path, block, content);
    if (fault === undefined) {
      if (signature !== undefined) this.#verified.set(block.id, signature);
      return undefined;
    }
    if (files.directPath(block.key) !== undefined) return fault;
    try {
      await files.refetch(block.key, block.bytes);
    } catch (error) {
      return faultOfError(error) ?? fault;
    }
    const again = signatureOf(path);
    const left = await fileFault(path, block, content);
    if (left !== undefined) return left;
    if (again !== undefined) this.#verified.set(block.id, again);
    this.meters.repaired("fetched");
    log?.warn("fetched a block again: the copy in the cache was damaged", {
      block: block.id,
      key: block.key,
      fault: fault.detail,
    });
    return undefined;
  }

  #found(block: Block, fault: FileFault): DamagedBlock {
    const damage = { ...fault, block, foundMs: this.#deps.clock.now() };
    // A block that was merged or expired meanwhile has a right to be gone.
    const isCurrent = this.#current?.has(block.id) ?? true;
    if (!isCurrent || this.#damaged.has(block.id)) return new DamagedBlock(damage);
    const path = this.#deps.files.directPath(block.key);
    const signature = path === undefined ? undefined : signatureOf(path);
    this.#verified.delete(block.id);
    this.#damaged.set(block.id, {
      damage,
      signature,
      triedMs: this.#deps.clock.monotonic(),
    });
    this.#deps.forget?.(block);
    this.meters.found(fault.reason);
    this.meters.damaged(this.damages);
    this.#log(damage);
    return new DamagedBlock(damage);
  }

  #log({ block, reason, detail }: Damage): void {
    const nowMs = this.#deps.clock.monotonic();
    this.#loggedMs = this.#loggedMs.filter((ms) => nowMs - ms < 60_000);
    if (this.#loggedMs.length >= logsPerMinuteMax) return;
    this.#loggedMs.push(nowMs);
    this.#deps.log?.error("a block is damaged: queries leave it out until it is repaired", {
      block: block.id,
      key: block.key,
      tenant: block.tenant,
      signal: block.signal,
      items: block.items,
      from: new Date(block.minMs).toISOString(),
      to: new Date(block.maxMs).toISOString(),
      reason,
      detail,
      action: "lapwing storage repair",
    });
  }
}
