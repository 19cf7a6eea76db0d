import type { NextFrame } from "#proto/bus/agent_port.ts";
import type { EncodedBody, EncodedTogether } from "#proto/codec/metrics_body.ts";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason, Drops } from "#shared/model/account.ts";
import { addDrops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import type { Signal } from "#shared/signals.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { SpoolConfig } from "./config.ts";
import type { BuiltFrame, LaneName } from "./frame_builder.ts";
import { dataFrames, openFrames } from "./frame_builder.ts";
import type { LaneFiles } from "./lane_files.ts";
import type { LaneMemo } from "./lane_memo.ts";
import type { Ledger } from "./ledger.ts";
import { applyCheckpoints } from "./ledger.ts";
import type { SpoolMeters } from "./meters.ts";
import { type LaneTrouble, TroubleNote } from "./lane_trouble.ts";
import type { WhenFull } from "./when_full.ts";
import { type QueuedBatch, WriteQueue } from "./write_queue.ts";

/** Encodes the batches of one epoch; a new one is made for each. */
export type BatchEncoder<Batch> = {
  encode(batch: Batch): EncodedBody[];
  /** Several in one go, with the items of each; it throws before anything of any is encoded, or is of no more use. */
  encodeTogether?(batches: readonly Batch[]): EncodedTogether;
};

/** How batches of a signal are written. */
export type LaneForm<Batch> = {
  readonly createEncoder: () => BatchEncoder<Batch>;
  /** Batches that are written as one at most; 1 where the encoder has no encodeTogether(). */
  readonly groupMax: number;
  /**
   * What to do with a batch that the disk refuses. `drop`: count it, the next scrape comes soon. `wait`: hold it, and by that the
   * source, until there is room: a file's lines can still be read later.
   */
  readonly whenRefused: "drop" | "wait";
  /** How a batch that the encoder refuses as too large is counted. */
  readonly tooLarge: { readonly reason: DropReason; count(batch: Batch): number };
};

export type LaneParts<Batch> = LaneForm<Batch> & {
  readonly name: LaneName;
  readonly config: SpoolConfig;
  readonly clock: Clock;
  readonly log: Logger;
  readonly meters: SpoolMeters;
  readonly files: LaneFiles;
  readonly memo: LaneMemo;
  readonly ledger: Ledger;
  /**
   * Waits for, or makes, room for so many bytes; throws OperatingError("cancelled") when the spool closes, and "overloaded" instead of
   * waiting for a batch that is not to wait.
   */
  readonly makeRoom: (bytes: number, whenFull: WhenFull) => Promise<void>;
  /** Whether a writer waits for room. */
  readonly isFull: () => boolean;
  readonly onSynced: (signal: Signal) => void;
  readonly closed: AbortSignal;
  /** Nobody waits for the disk any more: what it refuses is left with its source. Aborts with `closed` or before. */
  readonly hurried: AbortSignal;
};

/** Half of what an aggregator keeps apart (aggregator/ingest/lane.ts): what it has not told to be committed counts here, too. */
const aheadMax = 8;
const retryMinMs = 250;
const retryMaxMs = 5_000;

/**
 * One lane (agent, signal) on its way to the disk: numbers the frames, keeps the counters, and rolls epochs.
 *
 * An epoch is a segment is the life of an encoder. It is opened with the first batch that needs it, so a lane without data writes nothing.
 * Numbers and counters move only when the frames that carry them are in the file. A batch that was encoded and then not written
 * leaves the encoder ahead of the file; so the epoch ends there.
 */
export class SpoolLane<Batch> {
  readonly signal: Signal;
  readonly #parts: LaneParts<Batch>;
  #encoder: BatchEncoder<Batch> | undefined;
  #position: Position;
  #itemsTotal: number;
  #checkpoints: Map<string, string>;
  #drops: Drops;
  /** Drops since the last frame that reported any. */
  #untold: Drops = {};
  #openedAtMs = 0;
  #readEpoch = 0;
  readonly #queue: WriteQueue<Batch>;
  #syncIsDue = false;
  #promptSyncIsDue = false;
  /** When the last sync ended, and how long it took, by the monotonic clock. */
  #lastSync = { endedMs: -Infinity, tookMs: 0 };
  #isClosed = false;
  readonly #trouble: TroubleNote;

  constructor(parts: LaneParts<Batch>) {
    this.signal = parts.name.signal;
    this.#parts = parts;
    this.#position = parts.ledger.position;
    this.#itemsTotal = parts.ledger.itemsTotal;
    this.#checkpoints = new Map(parts.ledger.checkpoints);
    this.#drops = parts.ledger.drops;
    this.#trouble = new TroubleNote(parts.name.signal, parts);
    this.#queue = new WriteQueue(parts.groupMax, (group) => this.#write(group));
  }

  /** As of the last frame that is in the file. */
  checkpoints(): ReadonlyMap<string, string> {
    return this.#checkpoints;
  }
  get drops(): Drops {
    return this.#drops;
  }
  get trouble(): LaneTrouble {
    return this.#trouble.state;
  }
  get files(): LaneFiles {
    return this.#parts.files;
  }

  /**
   * Resolves when the batch is in the file (not yet synced), or was dropped and counted; returns how many items are in the file. Batches
   * are written in the order of the calls. Throws OperatingError("cancelled") when the spool closes before; with `refuse`, in a lane
   * that otherwise waits for the disk, OperatingError("unavailable") while it takes nothing, and then nothing of the batch is written.
   */
  write(
    batch: Batch,
    checkpoints: Readonly<Record<string, string>> = {},
    whenFull: WhenFull = "wait",
  ): Promise<number> {
    if (this.#isClosed)
      return Promise.reject(new OperatingError("cancelled", "the spool is closed"));
    const refusal = whenFull === "refuse" ? this.refusal() : undefined;
    if (refusal !== undefined) return Promise.reject(refusal);
    return this.#queue.add(batch, checkpoints, whenFull);
  }

  /** Why a batch that is not to wait would be refused now, without a try. Undefined lets it try. */
  refusal(): OperatingError | undefined {
    const isStuck = !this.#trouble.isOk || this.#parts.isFull();
    return isStuck && this.#queue.isBusy ? this.#trouble.refusal() : undefined;
  }

  /** The spool is full: batches that are not to wait for room go back to their senders. */
  refuseWaiting(): void {
    this.#queue.refuseWaiting(this.#trouble.refusal());
  }

  /** Items that were read but won't be stored; told to the aggregator with the next frame. */
  drop(reason: DropReason, items: number): void {
    if (items <= 0) return;
    this.#drops = addDrops(this.#drops, { [reason]: items });
    this.#untold = { ...this.#untold, [reason]: this.#drops[reason] ?? 0 };
    this.#parts.meters.dropped(this.signal, reason, items);
  }

  async read(after: Position, bytesMax: number): Promise<Uint8Array[]> {
    const frames = await this.#parts.files.read(after, bytesMax);
    if (frames.length > 0) this.#readEpoch = this.#parts.files.synced.position.epoch;
    return frames;
  }

  nextAfter(after: Position): NextFrame {
    return this.#parts.files.nextAfter(after);
  }

  /**
   * The next batch opens a new epoch. Nobody can complain of an epoch that was never read, so complaints that were on their way
   * while it was opened change nothing.
   */
  newEpoch(): void {
    if (this.#readEpoch >= this.#position.epoch) this.#encoder = undefined;
  }

  /**
   * Opens an epoch that need not wait for what lies before, and syncs it. Gives its number; undefined where the lane has as many of them as an
   * aggregator keeps apart, or the disk refuses.
   */
  async openAhead(): Promise<number | undefined> {
    const { files } = this.#parts;
    if (this.#isClosed || files.aheadCount >= aheadMax) return undefined;
    return this.#queue.between(async () => {
      try {
        await this.#openEpoch(true);
        await files.sync();
        return this.#position.epoch;
      } catch (thrown) {
        if (!(thrown instanceof OperatingError) || thrown.code !== "cancelled")
          this.#trouble.note("spool could not be written", thrown);
        return undefined;
      }
    });
  }

  /** Makes the drops that no frame has reported durable, then everything. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#queue.idle();
    try {
      if (Object.keys(this.#untold).length > 0) await this.#openEpoch();
      await this.#parts.files.close();
    } catch (thrown) {
      this.#trouble.note("spool could not be synced at the end", thrown);
    }
  }

  /** Syncs now. A disk that refuses makes trouble; it is tried again with the next write or tick. */
  async sync(): Promise<void> {
    const { clock, files, meters, onSynced } = this.#parts;
    if (!files.isDirty) return;
    const startedMs = clock.monotonic();
    try {
      await files.sync();
    } catch (thrown) {
      this.#trouble.note("spool could not be synced", thrown);
      return;
    }
    const endedMs = clock.monotonic();
    this.#lastSync = { endedMs, tookMs: endedMs - startedMs };
    meters.synced((endedMs - startedMs) / 1_000);
    onSynced(this.signal);
  }

  /**
   * Syncs what is written within `push_sync_interval`, at once after a pause. Senders that got an answer expect their
   * data in the next query, and only synced frames leave the spool. A disk that syncs slowly is asked less often: it
   * rests for as long as the last sync took.
   */
  syncPromptly(): void {
    const { clock, config, closed } = this.#parts;
    if (this.#promptSyncIsDue) return;
    this.#promptSyncIsDue = true;
    const restMs = Math.min(
      Math.max(config.push_sync_interval, this.#lastSync.tookMs),
      config.sync_interval,
    );
    const wait = async (): Promise<void> => {
      await clock.sleep(this.#lastSync.endedMs + restMs - clock.monotonic(), closed);
      this.#promptSyncIsDue = false;
      if (!closed.aborted) await this.sync();
    };
    void wait();
  }

  async #write(group: readonly QueuedBatch<Batch>[]): Promise<readonly number[] | undefined> {
    const whenFull = group.every((one) => one.whenFull === "refuse") ? "refuse" : "wait";
    const isOpen = await this.#try(whenFull, () => this.#openEpochIfDue(whenFull));
    // Encoded in either case: only the encoder knows how many items there are to count as dropped.
    const encoded = this.#encode(group);
    if (encoded === undefined) return undefined;
    const { bodies, items } = encoded;
    const checkpoints = checkpointsOf(group);
    // A body without items may hold series and metadata that the encoder counts as sent.
    const hasContent = bodies.length > 0 || Object.keys(checkpoints).length > 0;
    if (isOpen && !hasContent) return items;
    const append = () => this.#append(bodies, checkpoints, whenFull);
    if (isOpen && (await this.#try(whenFull, append))) return items;
    this.#encoder = undefined;
    this.drop(
      "disk_error",
      items.reduce((sum, own) => sum + own, 0),
    );
    return items.map(() => 0);
  }

  /** undefined where one of several cannot be encoded: they are then to be written one by one. */
  #encode(group: readonly QueuedBatch<Batch>[]): EncodedTogether | undefined {
    const encoder = this.#encoder ?? this.#parts.createEncoder();
    const [only, ...more] = group;
    if (only === undefined) return { bodies: [], items: [] };
    if (more.length === 0) return this.#encodeOne(encoder, only.batch);
    try {
      return encoder.encodeTogether?.(group.map(({ batch }) => batch));
    } catch {
      // Part of them may have gone into the encoder's state, so the epoch ends here. The batch at fault throws again, alone.
      this.#encoder = undefined;
      return undefined;
    }
  }

  /** A batch that no frame can hold is dropped and counted; its checkpoints still go on, or a tail would read it for ever. */
  #encodeOne(encoder: BatchEncoder<Batch>, batch: Batch): EncodedTogether {
    const { tooLarge, log } = this.#parts;
    try {
      const bodies = encoder.encode(batch);
      return { bodies, items: [bodies.reduce((sum, body) => sum + body.items, 0)] };
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code !== "overloaded") throw thrown;
      const items = tooLarge.count(batch);
      log.warn("batch fits no frame, dropped", {
        signal: this.signal,
        items,
        error: thrown.message,
      });
      this.drop(tooLarge.reason, items);
      // Part of it may have gone into the encoder's state, so the epoch ends here.
      this.#encoder = undefined;
      return { bodies: [], items: [0] };
    }
  }

  async #append(
    bodies: readonly EncodedBody[],
    checkpoints: Readonly<Record<string, string>>,
    whenFull: WhenFull,
  ): Promise<void> {
    const { name, clock, makeRoom, files } = this.#parts;
    const before = { position: this.#position, itemsTotal: this.#itemsTotal };
    const told = this.#untold;
    const frames = dataFrames(name, before, bodies, told, checkpoints, clock.now());
    await makeRoom(sizeOf(frames), whenFull);
    await files.append(frames);
    applyCheckpoints(this.#checkpoints, checkpoints);
    this.#wrote(frames, told);
  }

  async #openEpochIfDue(whenFull: WhenFull): Promise<void> {
    const { config, clock, files } = this.#parts;
    const isLarge = files.openBytes >= config.segment_size;
    const isOld = clock.monotonic() - this.#openedAtMs >= config.epoch_age;
    if (this.#encoder === undefined || isLarge || isOld) await this.#openEpoch(false, whenFull);
  }

  async #openEpoch(isAhead = false, whenFull: WhenFull = "wait"): Promise<void> {
    const { name, clock, files, createEncoder, makeRoom } = this.#parts;
    const before = { position: this.#position, itemsTotal: this.#itemsTotal };
    // Epochs grow even when the clock goes back.
    const epoch = Math.max(Math.floor(clock.now()), before.position.epoch + 1);
    const told = this.#untold;
    const known = this.#checkpoints;
    const frames = openFrames(name, before, epoch, this.#drops, known, clock.now(), isAhead);
    await makeRoom(sizeOf(frames), whenFull);
    await files.startSegment(epoch, frames);
    this.#encoder = createEncoder();
    this.#openedAtMs = clock.monotonic();
    this.#wrote(frames, told);
  }

  #wrote(frames: readonly BuiltFrame[], told: Drops): void {
    const last = frames.at(-1);
    if (last === undefined) return;
    const items = last.itemsTotal - this.#itemsTotal;
    this.#position = last.position;
    this.#itemsTotal = last.itemsTotal;
    if (this.#untold === told) this.#untold = {};
    this.#trouble.clear();
    this.#parts.meters.written(this.signal, frames.length, items, sizeOf(frames));
    this.#syncSoon();
  }

  /** False when the disk refused and this lane drops; a lane that waits tries until it works. */
  async #try(whenFull: WhenFull, step: () => Promise<void>): Promise<boolean> {
    const { clock, hurried, whenRefused } = this.#parts;
    for (let waitMs = retryMinMs; ; waitMs = Math.min(2 * waitMs, retryMaxMs)) {
      try {
        await step();
        return true;
      } catch (thrown) {
        if (thrown instanceof OperatingError && thrown.code === "cancelled") throw thrown;
        // What was encoded and not written leaves the encoder ahead of the file.
        if (whenFull === "refuse") this.#encoder = undefined;
        if (thrown instanceof OperatingError && thrown.code === "overloaded") throw thrown;
        this.#trouble.note("spool could not be written", thrown);
      }
      if (whenRefused === "drop") return false;
      this.refuseWaiting();
      if (whenFull === "refuse") throw this.#trouble.refusal();
      await clock.sleep(waitMs, hurried);
      if (hurried.aborted) throw new OperatingError("cancelled", "the spool closes");
    }
  }

  #syncSoon(): void {
    const { clock, config, closed } = this.#parts;
    if (this.#syncIsDue) return;
    this.#syncIsDue = true;
    const wait = async (): Promise<void> => {
      await clock.sleep(config.sync_interval, closed);
      this.#syncIsDue = false;
      // At close everything is synced once more, by close() itself.
      if (!closed.aborted) await this.sync();
    };
    void wait();
  }
}

function sizeOf(frames: readonly BuiltFrame[]): number {
  return frames.reduce((sum, frame) => sum + frame.bytes.length, 0);
}

/** Of several the last one stands. */
function checkpointsOf<Batch>([first, ...more]: readonly QueuedBatch<Batch>[]) {
  const checkpoints = first?.checkpoints ?? {};
  return more.length === 0
    ? checkpoints
    : Object.assign({ ...checkpoints }, ...more.map((one) => one.checkpoints));
}
