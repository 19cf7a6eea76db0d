import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import { cancelRequest } from "../../catalog/deletion_requests.ts";
import type { TombstoneChange } from "../../catalog/catalog_writes.ts";
import type { BlockChange } from "./block_change.ts";
import { storeError } from "../../read/storage_error.ts";
import type { StorageClaim } from "../identity/storage_claim.ts";
import { writerText } from "../file/writer.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import type { Block, Deletion } from "../../read/store.ts";
import type { StoreMeters } from "../meters/store_meters.ts";
import type { Tombstone } from "../../catalog/tombstone.ts";
import { Deleted, tombstoneKey } from "./tombstones.ts";

/** A tombstone's object outlives the files of the blocks it was for by this: while one is there, the other is. */
const objectOutlivesMs = 60_000;

type Deps = {
  readonly catalog: Catalog;
  readonly objects: ObjectStore;
  readonly staging: string;
  readonly claim: Pick<StorageClaim, "writer">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meters: Pick<StoreMeters, "unreadableDeletions">;
  /** How long a deletion can be taken back. */
  readonly cancelMs: number;
};

/**
 * Deletions of items of any signal until they are done. One is an object first, then rows of the catalog, and then it counts for
 * readers; an object without a row is swept. Blocks that replace others while a deletion comes in inherit it, unless
 * they were written without what it deletes: so changes of blocks and new deletions go one after another.
 */
export class SeriesDeletions {
  readonly #deps: Deps;
  #deleted = Deleted.nothing;
  #last: Promise<unknown> = Promise.resolve();
  /** Deletions that maintenance may be at work on, and those that are being taken back. */
  readonly #begun = new Set<string>();
  readonly #cancelling = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A deletion that can't be read any more is kept and logged, and holds up nothing. */
  async start(): Promise<void> {
    this.#set(await this.#deps.catalog.tombstones());
    for (const [id, error] of this.#deleted.faults)
      this.#deps.log.error("a deletion is not applied, because it can't be read any more", {
        deletion: id,
        error,
      });
  }

  get deleted(): Deleted {
    return this.#deleted;
  }

  #set(tombstones: readonly Tombstone[]): void {
    this.#deleted = new Deleted(tombstones);
    this.#deps.meters.unreadableDeletions(this.#deleted.faults.size);
  }

  /** What is to be taken out of files from now on, and can't be taken back any more. */
  due(): Deleted {
    const { cancelMs, clock } = this.#deps;
    const { tombstones, faults } = this.#deleted;
    const due = tombstones.filter(
      ({ id, createdMs }) =>
        // A rewritten block holds what such a deletion would have deleted, and inherits it.
        !faults.has(id) && createdMs + cancelMs <= clock.now() && !this.#cancelling.has(id),
    );
    for (const { id } of due) this.#begun.add(id);
    return due.length === tombstones.length ? this.#deleted : new Deleted(due);
  }

  /** Gives the number of blocks concerned. */
  add(
    { query, ...deletion }: Deletion,
    actor: string,
    blocks: () => readonly Block[],
  ): Promise<number> {
    return this.#exclusive(async () => {
      const createdMs = this.#deps.clock.now();
      const concerned = blocks().filter((block) => isConcerned(block, deletion));
      const ids = concerned.map(({ id }) => id);
      const tombstone = { ...deletion, id: Bun.randomUUIDv7(), createdMs, blocks: ids };
      if (ids.length > 0) await this.#put(tombstone);
      const { tenant, signal, startMs, endMs } = deletion;
      const detail = JSON.stringify({
        id: tombstone.id,
        query,
        startMs,
        endMs,
        blocks: ids.length,
      });
      const status = ids.length === 0 ? ("processed" as const) : ("received" as const);
      await this.#deps.catalog.addTombstone(
        tombstone,
        { atMs: createdMs, tenant, actor, action: auditAction(signal), detail },
        { ...tombstone, query, actor, status, removed: 0 },
      );
      if (ids.length > 0) this.#set([...this.#deleted.tombstones, tombstone]);
      return ids.length;
    });
  }

  /** Takes a deletion back, unless its items are being removed already: then false. */
  cancel(id: string, tenant: string, actor: string): Promise<boolean> {
    if (this.#begun.has(id)) return Promise.resolve(false);
    this.#cancelling.add(id);
    return this.#exclusive(async () => {
      const { catalog, clock, objects } = this.#deps;
      const known = this.#deleted.tombstones.find((one) => one.id === id);
      if (known === undefined) return false;
      const detail = JSON.stringify({ id });
      const action = `cancel_${auditAction(known.signal)}`;
      const entry = { atMs: clock.now(), tenant, actor, action, detail };
      if (!(await cancelRequest(catalog, id, entry))) return false;
      this.#set(this.#deleted.tombstones.filter((one) => one.id !== id));
      // Left behind by a crash, it would only be read when the catalog is lost.
      await objects.delete(tombstoneKey(id));
      return true;
    }).finally(() => this.#cancelling.delete(id));
  }

  /** Does a change of blocks: `apply` makes it durable, `visible` is called in the tick in which tombstones change too. */
  change(
    change: BlockChange,
    apply: (tombstones: TombstoneChange) => Promise<void>,
    visible: () => void,
  ): Promise<void> {
    return this.#exclusive(async () => {
      const { rows, left } = this.#after(change);
      for (const tombstone of this.#deleted.tombstones) {
        const heirs = rows.inherited.filter((row) => row.tombstone === tombstone.id);
        const blocks = [...tombstone.blocks, ...heirs.map(({ block }) => block)];
        // The old ids stay in the object: until the catalog has changed, they are the blocks.
        if (heirs.length > 0) await this.#put({ ...tombstone, blocks });
      }
      await apply(rows);
      if (this.#deleted.tombstones.length > 0) this.#set(left);
      for (const { id } of rows.finished) this.#begun.delete(id);
      visible();
    });
  }

  #after({ added, removed, deleteAfterMs, without, sources = [] }: BlockChange) {
    const gone = new Set(removed.map(({ id }) => id));
    const read = new Set(sources.map(({ id }) => id));
    const leftOut = new Set(without.tombstones.map(({ id }) => id));
    const inherited: { tombstone: string; block: string }[] = [];
    const finished: { id: string; key: string; deleteAfterMs: number }[] = [];
    const started: string[] = [];
    const left: Tombstone[] = [];
    for (const tombstone of this.#deleted.tombstones) {
      const { id } = tombstone;
      const isReplaced = tombstone.blocks.some((block) => gone.has(block) || read.has(block));
      const heirs = isReplaced && !leftOut.has(id) ? added : [];
      if (isReplaced && leftOut.has(id)) started.push(id);
      for (const { id: block } of heirs) inherited.push({ tombstone: id, block });
      const kept = tombstone.blocks.filter((block) => !gone.has(block));
      const blocks = [...kept, ...heirs.map((block) => block.id)];
      if (blocks.length > 0) left.push({ ...tombstone, blocks });
      else
        finished.push({
          id,
          key: tombstoneKey(id),
          deleteAfterMs: deleteAfterMs + objectOutlivesMs,
        });
    }
    return { rows: { inherited, started, finished }, left };
  }

  async #put(tombstone: Tombstone): Promise<void> {
    const path = join(this.#deps.staging, `${tombstone.id}.json`);
    const writer = writerText(await this.#deps.claim.writer());
    try {
      await writeFile(path, JSON.stringify({ ...tombstone, writer }));
    } catch (cause) {
      throw storeError("write a deletion", cause);
    }
    await this.#deps.objects.put(tombstoneKey(tombstone.id), path);
  }

  #exclusive<Result>(action: () => Promise<Result>): Promise<Result> {
    const run = this.#last.then(action);
    this.#last = run.catch(() => {});
    return run;
  }
}

/** What the audit calls it, where that is not made of the signal's name. */
const auditActions: Readonly<Record<string, string>> = { metrics: "delete_series" };

function auditAction(signal: Block["signal"]): string {
  return auditActions[signal] ?? `delete_${signal}`;
}

function isConcerned(
  block: Block,
  { signal, tenant, startMs, endMs }: Omit<Deletion, "query">,
): boolean {
  const { exemplars } = block;
  const reaches = ({ minMs, maxMs }: { readonly minMs: number; readonly maxMs: number }) =>
    maxMs >= startMs && minMs <= endMs;
  const isWithin = reaches(block) || (exemplars !== undefined && reaches(exemplars));
  return block.signal === signal && block.tenant === tenant && isWithin;
}
