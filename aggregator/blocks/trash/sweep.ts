import type { Logger } from "#shared/runtime/log.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { StoreConfig } from "../config.ts";
import type { Duckdb } from "../../duckdb/duckdb.ts";
import { catalogClaims } from "../../catalog/catalog_identity.ts";
import type { StorageClaim } from "../identity/storage_claim.ts";
import type { ObjectStore } from "../../objects/object_store.ts";
import type { StoreMeters } from "../meters/store_meters.ts";
import { tombstoneKey } from "../deletion/tombstones.ts";
import { pendingKeys } from "../../catalog/deletion_rows.ts";
import { dropState, readState } from "../../catalog/maintenance_state.ts";
import type { Trash } from "./trash.ts";
import { trashPrefix } from "../../catalog/trash_key.ts";
import { writerOf } from "./writer_of.ts";

type SweepDeps = {
  readonly catalog: Catalog;
  readonly claim: Pick<StorageClaim, "writer">;
  readonly config: Pick<StoreConfig, "sweep_after" | "trash">;
  readonly duckdb: Duckdb;
  /** Keys of objects whose transaction is still to come. */
  readonly inFlight: ReadonlySet<string>;
  readonly log: Logger;
  readonly meters: Pick<StoreMeters, "swept" | "foreign">;
  readonly objects: ObjectStore;
  readonly staging: string;
  readonly trash: Trash;
};

/** So many files go in a round whatever the share: a crash leaves a few behind also where there are few blocks. */
const sweptMin = 5;
/** Footers that are read in a round; the rest waits for the next. */
const looksMax = 1_000;

/**
 * Moves to the trash what starts of this catalog's processes left behind: objects that no row names. What says of no such
 * start that it wrote it (another catalog's, or older than storages' owners) stays.
 */
export class Sweep {
  readonly #deps: SweepDeps;
  /** Keys of objects that are not to be swept; looked at once. */
  #foreign = new Set<string>();

  constructor(deps: SweepDeps) {
    this.#deps = deps;
  }

  /** Why it was stopped: more than a round may take. Empty where it was not. */
  async round(nowMs: number): Promise<string> {
    const { catalog, config, log, meters, objects, trash } = this.#deps;
    // Objects are listed before rows are read, so a block that is just committed has one, and none is of an owner after this one.
    const { old, inTrash, outside } = await this.#list(nowMs - config.sweep_after);
    const blocks = await catalog.settledBlocks();
    const known = await trash.agree(inTrash, outside);
    const orphans = await this.#withoutRow(old, new Set(blocks.map(({ key }) => key)));
    const ours = await this.#ours(orphans.filter((key) => !isPartial(key)));
    meters.foreign(this.#foreign.size);
    const allowed = Math.max(sweptMin, Math.floor(config.trash.sweep_share_max * blocks.length));
    const isTold = (await readState(catalog, "sweep_allowed")) !== undefined;
    if (ours.size > allowed && !isTold)
      return (
        `${ours.size} files have no row in the catalog, which has ${blocks.length} blocks: a round moves at most ${allowed} ` +
        `to the trash (storage.trash.sweep_share_max). See \`lapwing storage check\`; \`lapwing storage sweep --yes\` allows it once`
      );
    // A copy from another file system that was cut short: it never was an object.
    for (const key of orphans.filter(isPartial)) await objects.delete(key);
    for (const [key, bytes] of ours) {
      // A restore that was killed has left it here: what is known of it goes back with it.
      const { reason = "sweep", note } = known.get(key) ?? {};
      await trash.put(key, bytes, reason, nowMs, note);
      meters.swept(1);
    }
    if (isTold) await dropState(catalog, "sweep_allowed");
    const counts = { orphans: orphans.length, moved: ours.size, left_alone: this.#foreign.size };
    log.info("swept the storage", { blocks: blocks.length, ...counts });
    return "";
  }

  async #list(
    before: number,
  ): Promise<{ old: string[]; inTrash: Set<string>; outside: Set<string> }> {
    const { inFlight, objects } = this.#deps;
    const old: string[] = [];
    const inTrash = new Set<string>();
    const outside = new Set<string>();
    for await (const { key, modifiedMs } of objects.list()) {
      if (key.startsWith(trashPrefix)) inTrash.add(key);
      else {
        outside.add(key);
        if (modifiedMs < before && isStoreKey(key) && !inFlight.has(key)) old.push(key);
      }
    }
    return { old, inTrash, outside };
  }

  async #withoutRow(old: readonly string[], wanted: Set<string>): Promise<string[]> {
    const { catalog } = this.#deps;
    for (const key of await pendingKeys(catalog)) wanted.add(key);
    for (const { id } of await catalog.tombstones()) wanted.add(tombstoneKey(id));
    const orphans = old.filter((key) => !wanted.has(key));
    const there = new Set(orphans);
    this.#foreign = new Set([...this.#foreign].filter((key) => there.has(key)));
    return orphans;
  }

  /** Those that a start of this catalog's processes wrote, with their sizes. */
  async #ours(orphans: readonly string[]): Promise<Map<string, number>> {
    const { catalog, claim, duckdb, objects, staging } = this.#deps;
    const { catalogId } = await claim.writer();
    const claims = await catalog.transaction("read claims", catalogClaims);
    const ours = new Map<string, number>();
    const unseen = orphans.filter((key) => !this.#foreign.has(key));
    for (const key of unseen.slice(0, looksMax)) {
      const written = await writerOf({ duckdb, objects, staging }, key);
      const isOurs = written?.writer.catalogId === catalogId && claims.has(written.writer.claim);
      if (isOurs) ours.set(key, written.bytes);
      else this.#foreign.add(key);
    }
    return ours;
  }
}

/** Only what a store of this kind writes: a folder or bucket may hold other things too. */
function isStoreKey(key: string): boolean {
  return /^(tenant=[^/]+\/signal=[^/]+\/date=[^/]+\/[0-9a-f-]+\.parquet|\.incoming\/[^/]+|lapwing\/deletions\/[0-9a-f-]+\.json)$/.test(
    key,
  );
}

function isPartial(key: string): boolean {
  return key.startsWith(".incoming/");
}
