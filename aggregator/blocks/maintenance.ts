import { processGarbage } from "#shared/runtime/process/garbage.ts";
import { messageOf } from "#shared/errors.ts";
import { BlockForms } from "./compaction/block_forms.ts";
import type { Expiry } from "./retention/expiry.ts";
import { ClockGuard } from "./retention/clock_guard.ts";
import type { MaintenanceDeps } from "./deps.ts";
import { StreamRetention } from "./retention/maintain_logs.ts";
import type { Damage } from "./integrity/damage.ts";
import { ifReadable } from "./integrity/if_readable.ts";
import { Scrub, type ScrubState } from "./integrity/scrub.ts";
import { NotOfNumbers } from "./compaction/merge_numbers.ts";
import { planMerge } from "./compaction/plan_merge.ts";
import type { Block } from "../read/store.ts";
import type { WithSignals } from "./signals/stored_signal.ts";
import { saveFloors } from "./tiers/floors.ts";
import { planTier, type TierJob } from "./downsampling/plan_tier.ts";
import { rewriteTier, writeTier } from "./downsampling/build_tier.ts";
import { dueDeletions } from "../catalog/deletion_rows.ts";
import { readState } from "../catalog/maintenance_state.ts";
import { Sweep } from "./trash/sweep.ts";
import { trashItems } from "./trash/trash.ts";
import { trashedBlocks } from "./trash/trashed_blocks.ts";

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
  /** Why stored data are not deleted although their time is over; empty where they are. */
  readonly deletionStopped: string;
  /** Whether anything may be deleted right now because it is old by the wall clock, outside of these rounds too. */
  readonly isClockTrusted: boolean;
  /** Blocks that queries leave out, the oldest data first. */
  readonly damages: readonly Damage[];
  readonly scrub: ScrubState;
};

/** What can stop deletion: who else works on the storage, a clock that jumped, or how much a sweep found. */
type Obstacle = "storage" | "clock" | "sweep";

/** What runs beside the commits: retention, merging, deleting, sweeping. One round at a time. */
export class Maintenance {
  readonly #deps: MaintenanceDeps & WithSignals;
  readonly #stop = new AbortController();
  readonly #streams: StreamRetention;
  #loop: Promise<void> | undefined;
  #round: Promise<void> = Promise.resolve();
  readonly #sweep: Sweep;
  readonly #clock: ClockGuard;
  readonly #obstacles = new Map<Obstacle, string>();
  #sweptMs = -Infinity;
  readonly #scrub: Scrub;
  readonly #forms = new BlockForms();
  #last: Pick<MaintenanceState, "endedMs" | "fault"> = { endedMs: 0, fault: "" };

  constructor(deps: MaintenanceDeps & WithSignals) {
    this.#deps = deps;
    this.#streams = new StreamRetention(deps);
    this.#clock = new ClockGuard({ ...deps, agentOffsets: deps.agentOffsets ?? (() => []) });
    this.#sweep = new Sweep({ ...deps, duckdb: deps.tools.duckdb });
    this.#scrub = new Scrub(deps);
  }

  get state(): MaintenanceState {
    const reasons = [...this.#obstacles.values()].filter((reason) => reason !== "");
    const { damages } = this.#deps.tools.guard;
    return {
      ...this.#last,
      deletionStopped: reasons.join("; "),
      isClockTrusted: this.#clock.isTrusted(),
      damages,
      scrub: this.#scrub.state,
    };
  }

  start(): void {
    this.#loop = this.#run();
    this.#scrub.start();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    await this.#scrub.close();
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
        this.#last = { endedMs: clock.now(), fault: "" };
      } catch (error) {
        this.#last = { endedMs: clock.now(), fault: messageOf(error) };
        meters.maintenanceFailed();
        log.error("background work on blocks failed", { error: messageOf(error) });
      }
      await clock.sleep(config.compaction.interval, signal);
    }
  }

  async #maintainOnce(): Promise<void> {
    const { claim, config, owner, tools } = this.#deps;
    owner.lease.assertOwned();
    await tools.guard.retry();
    // All of the round goes by the time that was found good at its start.
    const { nowMs, doubt } = await this.#clock.look();
    // First: a bucket refuses requests of a clock that is off, and the round ends there.
    this.#report("clock", doubt);
    const obstacle = await claim.obstacle();
    this.#report("storage", obstacle);
    const isFree = obstacle === "" && doubt === "";
    if (isFree) {
      await this.#expire(nowMs);
      await this.#streams.apply(this.#stop.signal, nowMs);
    }
    await this.#rewrite();
    if (config.compaction.enabled) await this.#merge();
    // It takes nothing away: what it replaces waits to be deleted.
    if (doubt === "") await this.#downsample(nowMs);
    await this.#deps.saveFamilies();
    if (isFree) await this.#deleteDue(nowMs);
    if (isFree) await this.#emptyTrash(nowMs);
  }

  /** Moves to the trash what a crash left behind, and deletes what has lain there for long enough; once an hour. */
  async #emptyTrash(nowMs: number): Promise<void> {
    const { catalog, clock, log, meters, trash } = this.#deps;
    const sweepMs = clock.monotonic();
    const isTold = (await readState(catalog, "sweep_allowed")) !== undefined;
    if (sweepMs - this.#sweptMs < sweepIntervalMs && !isTold) return;
    this.#report("sweep", await this.#sweep.round(nowMs));
    const emptied = await trash.emptyDue(nowMs);
    if (emptied > 0) log.info("deleted objects from the trash", { objects: emptied });
    const items = await trashItems(catalog);
    const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
    meters.trash(items.length, bytes);
    this.#sweptMs = sweepMs;
  }

  /** Says once in the log why deletion is stopped, and shows it as long as it is. */
  #report(what: Obstacle, reason: string): void {
    const { log, meters } = this.#deps;
    const before = this.#obstacles.get(what) ?? "";
    if (reason !== "" && before === "") log.warn("deletion of stored data is stopped", { reason });
    if (reason === "" && before !== "") log.info("deletion of stored data goes on", { what });
    this.#obstacles.set(what, reason);
    meters.deletionStopped(what, reason !== "");
  }

  async #expire(nowMs: number): Promise<void> {
    const { config, meters, objects, staging } = this.#deps;
    const { removed, floors } = this.#expired(nowMs);
    if (removed.length === 0) return;
    // First: with a floor that is too high a lost catalog is rebuilt rightly, with one too low it is not.
    if (floors.length > 0) await saveFloors(objects, staging, this.#deps.floors().with(floors));
    await this.#deps.apply({
      added: [],
      removed,
      floors,
      deleteAfterMs: nowMs + config.delete_after,
      without: this.#deps.deleted(),
      reason: "retention",
      trashed: trashedBlocks(this.#deps, removed),
    });
    meters.expired(removed.length);
  }

  #expired(nowMs: number): Expiry {
    const { blocks, config, signals, tools } = this.#deps;
    const isDamaged = (block: Block) => tools.guard.damageOf(block) !== undefined;
    const moment = { floors: this.#deps.floors(), config, nowMs, isDamaged };
    const all = signals.entries.map(([signal, stored]) =>
      stored.expired(
        blocks().filter((block) => block.signal === signal),
        moment,
      ),
    );
    return {
      removed: all.flatMap(({ removed }) => removed),
      floors: all.flatMap(({ floors }) => floors),
    };
  }

  /** Makes tiers of what is complete, the oldest first; what is made is the source of the next tier. */
  async #downsample(nowMs: number): Promise<void> {
    const { blocks, config, tools } = this.#deps;
    const isDamaged = (block: Block) => tools.guard.damageOf(block) !== undefined;
    for (let made = 0; made < windowsMax && !this.#stop.signal.aborted; made++) {
      const job = planTier(blocks(), this.#deps.floors(), config, nowMs, isDamaged);
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
    processGarbage.collect();
  }

  async #merge(): Promise<void> {
    const { blocks, config, clock, tools } = this.#deps;
    const isOfNumbers = (block: Block) => this.#forms.mayBeOfNumbers(block);
    for (let merges = 0; merges < mergesMax && !this.#stop.signal.aborted; merges++) {
      this.#forms.keep(blocks());
      const { compaction } = config;
      const hidden = this.#deps.hidden();
      const deletionsOf = (block: Block) => hidden.idsOf(block);
      const inputs = planMerge(this.#known(), clock.now(), compaction, isOfNumbers, deletionsOf);
      if (inputs === undefined) return;
      if (!(await ifReadable(tools.guard, inputs, () => this.#mergeOf(inputs)))) continue;
      // Hundreds of megabytes of what was read are garbage now, and on a large machine the engine would let them lie for long.
      processGarbage.collect();
    }
  }

  /** Those that can be read, of signals that this version knows. */
  #known(): readonly Block[] {
    const { blocks, signals, tools } = this.#deps;
    const readable = tools.guard.readable(blocks());
    return readable.filter(({ signal }) => signals.find(signal) !== undefined);
  }

  async #mergeOf(inputs: readonly Block[]): Promise<void> {
    const isStreamed = inputs.every((block) => this.#forms.mayBeOfNumbers(block));
    try {
      await this.#replace(inputs, inputs[0]?.tiered, isStreamed ? "only" : "if_possible");
    } catch (error) {
      if (!(error instanceof NotOfNumbers)) throw error;
      // They are planned again, within the bounds of what is not streamed.
      this.#forms.remember(error.blocks);
      return;
    }
    this.#deps.meters.merged(inputs.length);
  }

  /** Takes what is deleted out of the files. */
  async #rewrite(): Promise<void> {
    const { deleted, meters, tools } = this.#deps;
    const concerned = this.#known().filter((block) => deleted().concerns(block));
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

  async #replace(
    removed: readonly Block[],
    tiered = removed[0]?.tiered,
    streamed: "only" | "if_possible" = "if_possible",
  ): Promise<void> {
    const [first] = removed;
    if (first === undefined) return;
    const stored = this.#deps.signals.of(first.signal);
    await stored.replace(this.#deps, removed, { tiered, streamed }, this.#stop.signal);
  }

  async #replaceTier(block: Block): Promise<void> {
    const { clock, config } = this.#deps;
    const without = this.#deps.deleted();
    const added = await rewriteTier(this.#deps, block, without, this.#stop.signal);
    const deleteAfterMs = clock.now() + config.delete_after;
    await this.#deps.apply({ added, removed: [block], deleteAfterMs, without });
  }

  async #deleteDue(nowMs: number): Promise<void> {
    const { catalog, trash } = this.#deps;
    for (const deletion of await dueDeletions(catalog, nowMs)) await trash.finish(deletion, nowMs);
  }
}
