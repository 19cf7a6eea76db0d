import { messageOf } from "#shared/errors.ts";
import type { MaintenanceDeps } from "./deps.ts";
import type { Removal } from "./removals.ts";
import { replaceLogs, StreamRetention } from "./maintain_logs.ts";
import { ifReadable } from "./integrity/if_readable.ts";
import { mergeBlocks } from "./merge_blocks.ts";
import { planMerge } from "./plan_merge.ts";
import type { Block } from "./store.ts";
import { saveFloors } from "./tiers/floors.ts";
import { planExpiry, planTier, type TierJob } from "./tiers/plan_tier.ts";
import { rewriteTier, writeTier } from "./tiers/build_tier.ts";
import { tombstoneKey } from "./tombstones.ts";

const sweepIntervalMs = 3_600_000;
/** After a start: who waited for it asks at once, with nothing decoded yet, and agents send what they held back. */
const firstRoundMs = 10_000;
/** Merges of one round; what is left waits for the next. */
const mergesMax = 64;
/** Windows of tiers made in one round. */
const windowsMax = 8;

/** How the newest round went. */
export type MaintenanceState = {
  /** Unix milliseconds of its end; 0 where there was none. */
  readonly endedMs: number;
  /** Why it failed; empty where it did not. */
  readonly fault: string;
};

/** What runs beside the commits: retention, merging, deleting, sweeping. One round at a time. */
export class Maintenance {
  readonly #deps: MaintenanceDeps;
  readonly #stop = new AbortController();
  readonly #streams: StreamRetention;
  #loop: Promise<void> | undefined;
  #round: Promise<void> = Promise.resolve();
  #sweptMs = -Infinity;
  #state: MaintenanceState = { endedMs: 0, fault: "" };

  constructor(deps: MaintenanceDeps) {
    this.#deps = deps;
    this.#streams = new StreamRetention(deps);
  }

  get state(): MaintenanceState {
    return this.#state;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#round;
  }

  maintain(): Promise<void> {
    const round = this.#round.then(() => this.#maintainOnce());
    this.#round = round.catch(() => {});
    return round;
  }

  async #run(): Promise<void> {
    const { clock, config, log, meters } = this.#deps;
    const { signal } = this.#stop;
    await clock.sleep(Math.min(firstRoundMs, config.compaction.interval), signal);
    while (!signal.aborted) {
      try {
        await this.maintain();
        this.#state = { endedMs: clock.now(), fault: "" };
      } catch (error) {
        this.#state = { endedMs: clock.now(), fault: messageOf(error) };
        meters.maintenanceFailed();
        log.error("background work on blocks failed", { error: messageOf(error) });
      }
      await clock.sleep(config.compaction.interval, signal);
    }
  }

  async #maintainOnce(): Promise<void> {
    await this.#deps.tools.guard.retry();
    await this.#expire();
    await this.#streams.apply(this.#stop.signal);
    await this.#rewrite();
    if (this.#deps.config.compaction.enabled) await this.#merge();
    await this.#downsample();
    await this.#deps.saveFamilies();
    await this.#deleteDue();
    const nowMs = this.#deps.clock.monotonic();
    if (nowMs - this.#sweptMs < sweepIntervalMs) return;
    await this.#sweep();
    this.#sweptMs = nowMs;
  }

  async #expire(): Promise<void> {
    const { blocks, config, clock, meters, objects, staging } = this.#deps;
    const nowMs = clock.now();
    const { removed, floors } = planExpiry(
      blocks(),
      this.#deps.floors(),
      config,
      nowMs,
      (block) => this.#deps.tools.guard.damageOf(block) !== undefined,
    );
    if (removed.length === 0) return;
    // First: with a floor that is too high a lost catalog is rebuilt rightly, with one too low it is not.
    if (floors.length > 0) await saveFloors(objects, staging, this.#deps.floors().with(floors));
    const logs = removed.filter(({ signal }) => signal === "logs");
    const removals = Array.from(
      Map.groupBy(logs, ({ tenant }) => tenant),
      ([tenant, own]): Removal => {
        const items = own.reduce((sum, block) => sum + block.items, 0);
        return { tenant, reason: "retention", items };
      },
    );
    await this.#deps.apply({
      added: [],
      removed,
      floors,
      deleteAfterMs: nowMs + config.delete_after,
      without: this.#deps.deleted(),
      removals,
    });
    meters.expired(removed.length);
    for (const { reason, items } of removals) meters.removed(reason, items);
  }

  /** Makes tiers of what is complete, the oldest first; what is made is the source of the next tier. */
  async #downsample(): Promise<void> {
    const { blocks, config, clock, tools } = this.#deps;
    const isDamaged = (block: Block) => tools.guard.damageOf(block) !== undefined;
    for (let made = 0; made < windowsMax && !this.#stop.signal.aborted; made++) {
      const job = planTier(blocks(), this.#deps.floors(), config, clock.now(), isDamaged);
      if (job === undefined) return;
      const inputs = job.isWhole ? job.sources : [...job.sources, ...job.previous];
      await ifReadable(tools.guard, inputs, () => this.#makeTier(job));
    }
  }

  async #makeTier(job: TierJob): Promise<void> {
    const { config, clock, meters } = this.#deps;
    const without = this.#deps.deleted();
    const added = await writeTier(this.#deps, job, without, this.#stop.signal);
    const { sources, previous: removed } = job;
    const tiered = sources.map(({ id, tiered: before = [] }) => ({
      id,
      tiered: [...new Set([...before, job.windowMs])].toSorted((a, b) => a - b),
    }));
    const deleteAfterMs = clock.now() + config.delete_after;
    await this.#deps.apply({ added, removed, tiered, sources, deleteAfterMs, without });
    meters.downsampled(sources.length, job.bucketMs);
    Bun.gc(true);
  }

  async #merge(): Promise<void> {
    const { blocks, config, clock, meters, tools } = this.#deps;
    for (let merges = 0; merges < mergesMax && !this.#stop.signal.aborted; merges++) {
      const inputs = planMerge(tools.guard.readable(blocks()), clock.now(), config.compaction);
      if (inputs === undefined) return;
      if (!(await ifReadable(tools.guard, inputs, () => this.#replace(inputs)))) continue;
      meters.merged(inputs.length);
      // Hundreds of megabytes of what was read are garbage now, and on a large machine the engine would let them lie for long.
      Bun.gc(true);
    }
  }

  /** Takes what is deleted out of the files. */
  async #rewrite(): Promise<void> {
    const { blocks, deleted, meters, tools } = this.#deps;
    const concerned = tools.guard.readable(blocks()).filter((block) => deleted().concerns(block));
    for (const block of concerned) {
      if (this.#stop.signal.aborted) return;
      // Where all samples are still there, tiers are made again of those that are left.
      const rewrite = () =>
        block.bucketMs === undefined
          ? this.#replace([block], this.#droppedWindows(block))
          : this.#replaceTier(block);
      if (await ifReadable(tools.guard, [block], rewrite)) meters.rewritten(1);
    }
  }

  /** Windows that can't be made again from samples. */
  #droppedWindows({ tenant, tiered }: Block): readonly number[] | undefined {
    const floorMs = this.#deps.floors().of(tenant, 0);
    return tiered?.filter((windowMs) => windowMs < floorMs);
  }

  async #replace(removed: readonly Block[], tiered = removed[0]?.tiered): Promise<void> {
    if (removed[0]?.signal === "logs") return replaceLogs(this.#deps, removed, this.#stop.signal);
    const { clock, config } = this.#deps;
    const without = this.#deps.deleted();
    const added = await mergeBlocks(this.#deps, removed, without, this.#stop.signal, tiered);
    const deleteAfterMs = clock.now() + config.delete_after;
    await this.#deps.apply({ added, removed, deleteAfterMs, without });
  }

  async #replaceTier(block: Block): Promise<void> {
    const { clock, config } = this.#deps;
    const without = this.#deps.deleted();
    const added = await rewriteTier(this.#deps, block, without, this.#stop.signal);
    const deleteAfterMs = clock.now() + config.delete_after;
    await this.#deps.apply({ added, removed: [block], deleteAfterMs, without });
  }

  async #deleteDue(): Promise<void> {
    const { catalog, clock, objects, tools } = this.#deps;
    for (const { key } of await catalog.dueDeletions(clock.now())) {
      await objects.delete(key);
      await tools.files.remove(key);
      await catalog.forgetDeletion(key);
    }
  }

  /** Deletes objects that no row names. Objects are listed before rows are read, so a block that is just committed has one. */
  async #sweep(): Promise<void> {
    const { catalog, clock, config, inFlight, meters, objects } = this.#deps;
    const before = clock.now() - config.sweep_after;
    const old: string[] = [];
    for await (const { key, modifiedMs } of objects.list())
      if (modifiedMs < before && isOurs(key) && !inFlight.has(key)) old.push(key);
    if (old.length === 0) return;
    const wanted = new Set((await catalog.blocks()).map(({ key }) => key));
    for (const key of await catalog.pendingKeys()) wanted.add(key);
    for (const { id } of await catalog.tombstones()) wanted.add(tombstoneKey(id));
    for (const key of old) {
      if (wanted.has(key)) continue;
      await objects.delete(key);
      meters.swept(1);
    }
  }
}

/** Only what a store of this kind writes: a folder or bucket may hold other things too. */
function isOurs(key: string): boolean {
  return /^(tenant=[^/]+\/signal=[^/]+\/date=[^/]+\/[0-9a-f-]+\.parquet|\.incoming\/[^/]+|lapwing\/deletions\/[0-9a-f-]+\.json)$/.test(
    key,
  );
}
