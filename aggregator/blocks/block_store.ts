import { rm } from "node:fs/promises";
import { assert } from "#shared/assert.ts";
import { messageOf } from "#shared/errors.ts";
import type { MetricFamily } from "#shared/model/metrics.ts";
import { blockKey } from "./block_key.ts";
import { createBlockView } from "./view/block_view.ts";
import type { LocalFile } from "./file/local_file.ts";
import { cutNote } from "./file/block_metadata.ts";
import { CommittedFrames } from "./committed_frames.ts";
import { type CatalogChange, CatalogChangedError } from "../catalog/catalog_writes.ts";
import type { BlockChange } from "./deletion/block_change.ts";
import type { BackupTools, BlockStoreDeps } from "./deps.ts";
import { saveFamilies } from "../objects/families_object.ts";
import { checksumOf } from "../objects/checksum.ts";
import { KnownFamilies } from "../catalog/known_families.ts";
import { compareTexts } from "./series/labels_text.ts";
import { deletionRequests } from "../catalog/deletion_requests.ts";
import { removedItems } from "../catalog/removed_items.ts";
import type { DeletionRequest, RemovedItems } from "../read/removals.ts";
import { LostOwnershipError } from "../catalog/holds/lost_ownership.ts";
import { Maintenance, type MaintenanceState } from "./maintenance.ts";
import { hasApplied, withTiered } from "../catalog/settled_change.ts";
import { SeriesDeletions } from "./deletion/series_deletions.ts";
import { storedPatterns } from "../catalog/pattern_records.ts";
import type {
  AgentRecord,
  Block,
  BlockView,
  Cut,
  Deletion,
  Store,
  StoredPatterns,
} from "../read/store.ts";
import { removalsOf } from "./retention/removals_of.ts";
import type { WithSignals } from "./signals/stored_signal.ts";
import { storeMeters, type StoreMeters } from "./meters/store_meters.ts";
import { TierFloors } from "./tiers/floors.ts";
import { Trash } from "./trash/trash.ts";

/** A commit whose transaction failed in a way that leaves open whether it took effect (a connection lost at COMMIT). */
type Uncertain = { readonly cut: Cut; readonly blocks: readonly Block[] };

/**
 * Blocks and positions as one. A commit has four steps: local files, objects, one transaction, and then, in one tick, the
 * list in memory and `published`. A crash before the transaction leaves objects without a row, which are swept; a crash
 * after it loses nothing, because the list is read from the catalog at start.
 */
export class BlockStore implements Store {
  readonly #deps: BlockStoreDeps & WithSignals;
  readonly #maintenance: Maintenance;
  readonly #meters: StoreMeters;
  readonly #families = new KnownFamilies();
  /** Keys of objects whose transaction is still to come: not to be swept. */
  readonly #inFlight = new Set<string>();
  readonly #deletions: SeriesDeletions;
  readonly #frames = new CommittedFrames();
  #areFamiliesSaved = false;
  #floors = TierFloors.none;
  #blocks: readonly Block[] = [];
  #uncertain: Uncertain | undefined;
  #isCommitting = false;

  constructor(deps: BlockStoreDeps & WithSignals) {
    this.#deps = deps;
    this.#meters = storeMeters(deps.metrics, deps.signals.names);
    this.#deletions = new SeriesDeletions({
      ...deps,
      meters: this.#meters,
      cancelMs: deps.config.deletion.cancel_period,
    });
    this.#maintenance = new Maintenance({
      ...deps,
      meters: this.#meters,
      inFlight: this.#inFlight,
      blocks: () => this.#blocks,
      upload: (tenant, signal, file, createdMs, more) =>
        this.#upload(tenant, signal, file, createdMs, more),
      floors: () => this.#floors,
      deleted: () => this.#deletions.due(),
      hidden: () => this.#deletions.deleted,
      trash: new Trash({ ...deps, files: deps.tools.files, keepMs: deps.config.trash.keep }),
      apply: (change) => this.#apply(change),
      saveFamilies: () => this.#saveFamilies(),
    });
  }

  /** Throws OperatingError "conflict" for a storage that is another catalog's. */
  async start(): Promise<void> {
    await this.#deps.claim.start();
    this.#floors = new TierFloors(await this.#deps.catalog.tierFloors());
    this.#setBlocks(await this.#deps.catalog.blocks());
    for (const { tenant, family } of await this.#deps.catalog.families())
      this.#families.remember(tenant, [family]);
    await this.#deletions.start();
    this.#frames.moved(await this.#deps.catalog.lanes());
    this.#maintenance.start();
    this.#deps.kept.start();
  }

  async recover() {
    const { catalog } = this.#deps;
    return { lanes: await catalog.lanes(), carrier: await catalog.carrier() };
  }

  async commit(cut: Cut, published: () => void): Promise<readonly Block[]> {
    assert(!this.#isCommitting, "one commit at a time");
    this.#deps.owner.lease.assertOwned();
    this.#isCommitting = true;
    try {
      const earlier = await this.#resolveUncertain(cut);
      if (earlier !== undefined) {
        this.#frames.moved(cut.lanes);
        this.#setBlocks([...this.#blocks, ...earlier]);
        published();
        return earlier;
      }
      return await this.#commitFresh(cut, published);
    } finally {
      this.#isCommitting = false;
    }
  }

  view(): BlockView {
    return createBlockView(this.#deps.tools, this.#blocks, this.#deletions.deleted, this.#floors);
  }

  patterns(): Promise<readonly StoredPatterns[]> {
    return storedPatterns(this.#deps.catalog);
  }

  families(tenant: string): readonly MetricFamily[] {
    return this.#families.of(tenant);
  }

  saveAgent(agent: AgentRecord): Promise<void> {
    return this.#deps.catalog.saveAgent(agent);
  }

  listAgents(): Promise<readonly AgentRecord[]> {
    return this.#deps.catalog.agents();
  }

  removeAgent(agent: Pick<AgentRecord, "tenant" | "agent">): Promise<void> {
    return this.#deps.catalog.removeAgent(agent);
  }

  delete(deletion: Deletion, actor: string): Promise<number> {
    return this.#deletions.add(deletion, actor, () => this.#blocks);
  }

  cancelDeletion(id: string, tenant: string, actor: string): Promise<boolean> {
    return this.#deletions.cancel(id, tenant, actor);
  }

  async deletionRequests(tenant: string): Promise<readonly DeletionRequest[]> {
    const { faults } = this.#deletions.deleted;
    const all = await deletionRequests(this.#deps.catalog, tenant);
    return all.map((one) => {
      const fault = faults.get(one.id);
      return fault === undefined ? one : { ...one, fault };
    });
  }

  removedItems(tenant: string): Promise<readonly RemovedItems[]> {
    return removedItems(this.#deps.catalog, tenant);
  }

  /** What a backup is made from. */
  get backupTools(): BackupTools {
    return this.#deps;
  }

  /** Above those of all earlier owners of the catalog. */
  get ownerEpoch(): number {
    return this.#deps.owner.lease.epoch;
  }

  /** Why the catalog does not answer. */
  get catalogTrouble(): string | undefined {
    return this.#deps.owner.lease.trouble;
  }

  get maintenanceState(): MaintenanceState {
    return this.#maintenance.state;
  }

  get cacheBytes(): number {
    return this.#deps.tools.files.bytes;
  }

  maintain(): Promise<void> {
    return this.#maintenance.maintain();
  }

  async close(): Promise<void> {
    await this.#maintenance.close();
    await this.#deps.kept.close();
    await this.#deps.claim.close();
    await this.#deps.catalog.close();
    await this.#deps.owner.release();
    await this.#deps.tools.duckdb.close();
    await this.#deps.writer.close();
  }

  async #commitFresh(cut: Cut, published: () => void): Promise<readonly Block[]> {
    const added: Block[] = [];
    const nowMs = this.#deps.clock.now();
    try {
      await this.#writeBlocks(cut, nowMs, added);
    } catch (error) {
      await this.#discard(added);
      throw error;
    }
    const families = this.#families.changedBy(cut);
    const { lanes, carrier, patterns = [] } = cut;
    const change = { added, removed: [], lanes, carrier, families, patterns, deleteAfterMs: 0 };
    try {
      await this.#applyToCatalog(change);
    } catch (error) {
      // Refused before it changed anything; the files are swept by who owns the catalog now.
      if (error instanceof LostOwnershipError) throw error;
      this.#uncertain = { cut, blocks: added };
      for (const { key } of added) this.#inFlight.delete(key);
      throw error;
    }
    // From here to the return there is no await: readers see the blocks, and the head lets go, in one tick.
    for (const { key } of added) this.#inFlight.delete(key);
    for (const [tenant, some] of families) this.#families.remember(tenant, some);
    if (families.size > 0) this.#areFamiliesSaved = false;
    this.#frames.moved(lanes);
    this.#setBlocks([...this.#blocks, ...added]);
    published();
    return added;
  }

  async #writeBlocks(cut: Cut, nowMs: number, added: Block[]): Promise<void> {
    const origin = { createdMs: nowMs, writer: await this.#deps.claim.writer() };
    const group = Bun.randomUUIDv7();
    const noteOf = (tenant: string, signal: Block["signal"]) => {
      return { tenant, signal, ...origin, lanes: this.#frames.notes(cut.lanes, tenant, signal) };
    };
    for (const [signal, stored] of this.#deps.signals.entries)
      for (const [tenant, parts] of stored.parts(cut.content)) {
        const note = noteOf(tenant, signal);
        for (const [i, write] of parts.entries()) {
          const file = await write(this.#deps, cutNote(note, group, i, parts.length));
          added.push(await this.#upload(tenant, signal, file, nowMs));
        }
      }
  }

  async #upload(
    tenant: string,
    signal: Block["signal"],
    file: LocalFile,
    createdMs: number,
    more: Pick<Block, "bucketMs" | "tiered"> = {},
  ): Promise<Block> {
    const { path, bytes, series, ...written } = file;
    const id = Bun.randomUUIDv7();
    const key = blockKey(tenant, signal, written.minMs, id, more.bucketMs);
    this.#inFlight.add(key);
    let checksum: string;
    try {
      checksum = await checksumOf(path);
      await this.#deps.objects.put(key, path);
    } catch (error) {
      this.#inFlight.delete(key);
      await rm(path, { force: true });
      throw error;
    }
    if (this.#deps.objects.localPath(key) === undefined)
      await this.#deps.tools.files.adopt(key, bytes, path);
    this.#meters.written(signal, written.items, bytes, more.bucketMs);
    if (series !== undefined) await this.#deps.tools.series.note(tenant, id, series);
    return { id, tenant, signal, key, ...written, bytes, createdMs, checksum, ...more };
  }

  /** For maintenance: a change of blocks alone. */
  #apply(change: BlockChange): Promise<void> {
    const { added, removed, without, tiered = [], floors = [] } = change;
    // Who says what requests took leaves duplicates.
    const isDeletion =
      change.removals === undefined && removed.some((block) => without.concerns(block));
    const reason = change.reason ?? (isDeletion ? "deleted" : "duplicate");
    const removals = removalsOf(change, reason, change.removals);
    const rest = { lanes: [], carrier: {}, families: new Map<string, MetricFamily[]>() };
    const gone = new Set(removed.map(({ id }) => id));
    return this.#deletions.change(
      change,
      (tombstones) => this.#applySurely({ ...change, removals, tombstones, ...rest }),
      () => {
        for (const { key } of added) this.#inFlight.delete(key);
        const left = this.#blocks.filter(({ id }) => !gone.has(id));
        this.#floors = this.#floors.with(floors);
        this.#setBlocks([...withTiered(left, tiered), ...added]);
        this.#meters.removed(removals);
      },
    );
  }

  /** A change whose outcome was lost with the connection is looked up. */
  async #applySurely(change: CatalogChange): Promise<void> {
    try {
      await this.#applyToCatalog(change);
    } catch (error) {
      if (!(error instanceof LostOwnershipError) && (await hasApplied(this.#deps.catalog, change)))
        return;
      for (const { key } of change.added) this.#inFlight.delete(key);
      throw error;
    }
  }

  /** A catalog that others have written to, past the lock and the lease, is no longer what this process has in memory: it stops. */
  async #applyToCatalog(change: CatalogChange): Promise<void> {
    try {
      await this.#deps.catalog.apply(change);
    } catch (error) {
      if (!(error instanceof CatalogChangedError)) throw error;
      throw this.#deps.owner.lease.lose(error.message);
    }
  }

  async #saveFamilies(): Promise<void> {
    if (this.#areFamiliesSaved || this.#families.isEmpty) return;
    this.#areFamiliesSaved = true;
    try {
      await saveFamilies(this.#deps.objects, this.#deps.staging, this.#families.all());
    } catch (error) {
      this.#areFamiliesSaved = false;
      throw error;
    }
  }

  /** The blocks of an earlier try of this cut, when the catalog has them after all. */
  async #resolveUncertain(cut: Cut): Promise<readonly Block[] | undefined> {
    const uncertain = this.#uncertain;
    if (uncertain === undefined) return undefined;
    const known = new Set((await this.#deps.catalog.settledBlocks()).map(({ id }) => id));
    this.#uncertain = undefined;
    if (!uncertain.blocks.some(({ id }) => known.has(id))) {
      await this.#discard(uncertain.blocks);
      return undefined;
    }
    assert(
      cut.content === uncertain.cut.content,
      "a commit of unknown outcome is tried again with the same content",
    );
    for (const [tenant, some] of uncertain.cut.families) this.#families.remember(tenant, some);
    return uncertain.blocks;
  }

  /** Objects that will have no row. Those that can't be deleted now are swept later. */
  async #discard(blocks: readonly Block[]): Promise<void> {
    for (const { id, key } of blocks) {
      this.#inFlight.delete(key);
      this.#deps.tools.series.forget(id);
      await this.#deps.tools.files.remove(key);
      try {
        await this.#deps.objects.delete(key);
      } catch (error) {
        const what = { key, error: messageOf(error) };
        this.#deps.log.warn("an object without a block stays until it is swept", what);
      }
    }
  }

  #setBlocks(blocks: readonly Block[]): void {
    this.#blocks = blocks.toSorted((a, b) => a.createdMs - b.createdMs || compareTexts(a.id, b.id));
    this.#deps.tools.guard.keep(this.#blocks);
    this.#deps.tools.series.keep(this.#blocks);
    this.#meters.blocks(this.#blocks);
  }
}
