import { readFile } from "node:fs/promises";
import { BadFrameError, decodeFrame } from "#proto/codec/envelope.ts";
import type { NextFrame } from "#proto/bus/agent_port.ts";
import { messageOf } from "#shared/errors.ts";
import type { DropReason } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import { spanAfter } from "#shared/model/spans.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { BuiltFrame } from "./frame_builder.ts";
import type { LaneMemo } from "./lane_memo.ts";
import { reasonBetween } from "./losses.ts";
import type { RecoveredLane } from "./recovery.ts";
import { setAside } from "./recovery.ts";
import type { Segment } from "./segment.ts";
import { SegmentWriter } from "./segment_writer.ts";
import { TailCache } from "./tail_cache.ts";

/** Sizes, and when the oldest frame was made, Unix milliseconds; 0 where there is nothing. */
export type Backlog = {
  readonly bytes: number;
  readonly items: number;
  readonly oldestMs: number;
};

type LaneFilesParts = {
  readonly folder: string;
  readonly memo: LaneMemo;
  readonly log: Logger;
  /** Told of items that left the spool without having been committed. */
  readonly onLost: (reason: DropReason, items: number) => void;
};

/**
 * The files of one lane: closed segments, and at the end the one being written. What is synced can be read, what is committed or over
 * the bounds goes, oldest first. The newest segment never goes, because the lane's state is in it.
 */
export class LaneFiles {
  readonly #parts: LaneFilesParts;
  #segments: Segment[];
  #writer: SegmentWriter | undefined;
  #synced: { readonly position: Position; readonly itemsTotal: number };
  #tail: TailCache;
  #syncing: Promise<void> = Promise.resolve();

  constructor(parts: LaneFilesParts, recovered: RecoveredLane) {
    this.#parts = parts;
    this.#segments = recovered.segments;
    const last = recovered.segments.at(-1);
    this.#synced = { position: last?.last ?? origin, itemsTotal: recovered.ledger.itemsTotal };
    this.#tail = new TailCache(recovered.ledger.position);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }
  get items(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.items, 0);
  }
  get count(): number {
    return this.#segments.length;
  }
  /** The last frame that survives a power cut, and the lane's items up to it. */
  get synced(): { readonly position: Position; readonly itemsTotal: number } {
    return this.#synced;
  }
  get isDirty(): boolean {
    return this.#writer?.isDirty ?? false;
  }
  /** Size of the segment that is being written, 0 when none is. */
  get openBytes(): number {
    return this.#writer?.segment.bytes ?? 0;
  }
  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** Closes the segment that is being written, if any, and starts another. Nothing has changed when it throws. */
  async startSegment(epoch: number, frames: readonly BuiltFrame[]): Promise<void> {
    await this.sync();
    const writer = await SegmentWriter.create(this.#parts.folder, epoch, frames);
    const before = this.#writer;
    this.#writer = writer;
    this.#segments.push(writer.segment);
    this.#tail.add(frames);
    // Synced above, so there is nothing that closing it could still lose.
    await before?.close().catch(() => {});
    await this.trim();
  }

  /** Appends to the segment that is being written. Nothing has changed when it throws. */
  async append(frames: readonly BuiltFrame[]): Promise<void> {
    await this.#writer?.append(frames);
    this.#tail.add(frames);
  }

  /** One sync at a time; a caller during one waits for it, and then for its own. Throws what the disk throws. */
  sync(): Promise<void> {
    const sync = this.#syncing.catch(() => {}).then(() => this.#syncOnce());
    this.#syncing = sync.catch(() => {});
    return sync;
  }

  async close(): Promise<void> {
    try {
      await this.sync();
    } finally {
      await this.#writer?.close();
      this.#writer = undefined;
    }
  }

  /** Synced frames after `after`, in order, whole; at most `bytesMax`, but one at least. */
  async read(after: Position, bytesMax: number): Promise<Uint8Array[]> {
    const cached = this.#tail.read(after, this.#synced.position, bytesMax);
    if (cached !== undefined) return cached;
    const frames: Uint8Array[] = [];
    let taken = 0;
    for (const segment of this.#segments.slice()) {
      if (comparePositions(segment.last, after) <= 0) continue;
      const from = segment.epoch === after.epoch ? after.sequence : 0;
      const more = await this.#readSegment(segment, from, bytesMax - taken);
      for (const frame of more) {
        if (frames.length > 0 && taken + frame.length > bytesMax) return frames;
        frames.push(frame);
        taken += frame.length;
      }
      // Frames of the next segment may only follow when this one was read to its end.
      if (taken >= bytesMax || from + more.length < segment.last.sequence) return frames;
    }
    return frames;
  }

  /** The first position after `after`, and whether frames between are gone for good. */
  nextAfter(after: Position): NextFrame {
    const next = this.#firstAfter(after);
    const lostReason = reasonBetween(this.#parts.memo.losses, after, next);
    return {
      ...(next === undefined ? {} : { next }),
      ...(lostReason === undefined ? {} : { lostReason }),
    };
  }

  /** Lets go of every segment that the aggregator has wholly committed, but not of the newest. */
  async trim(): Promise<void> {
    for (const segment of this.#segments.slice(0, -1))
      if (this.#isCommitted(segment)) await this.#remove(segment);
  }

  /** The newest epoch that need not wait for what lies before, 0 where there is none: what is new begins there. */
  get liveEpoch(): number {
    return this.#segments.findLast(({ isAhead }) => isAhead)?.epoch ?? 0;
  }
  /** Epochs that need not wait for what lies before. */
  get aheadCount(): number {
    return this.#segments.filter(({ isAhead }) => isAhead).length;
  }

  /** What lies before the live epoch and is not known to be committed, whole segments. */
  get backlog(): Backlog {
    const { liveEpoch } = this;
    let [bytes, items, oldestMs] = [0, 0, 0];
    for (const segment of this.#segments) {
      if (segment.epoch >= liveEpoch) break;
      if (this.#isCommitted(segment)) continue;
      bytes += segment.bytes;
      items += segment.items;
      if (oldestMs === 0) oldestMs = segment.firstCreatedMs;
    }
    return { bytes, items, oldestMs };
  }

  #isCommitted({ epoch, last }: Segment): boolean {
    const { to } = spanAfter(this.#parts.memo.frames, { epoch, sequence: 0 }) ?? { to: origin };
    return comparePositions(last, to) <= 0;
  }

  /** Lets go of the oldest segment although it is not committed, and remembers why. False when only the newest is left. */
  async dropOldest(reason: DropReason): Promise<boolean> {
    const [oldest] = this.#segments;
    if (oldest === undefined || this.#segments.length === 1) return false;
    const { memo, log, onLost } = this.#parts;
    const from = { epoch: oldest.epoch, sequence: 0 };
    const after = spanAfter(memo.frames, from)?.to ?? from;
    if (comparePositions(oldest.last, after) > 0) {
      const items = await this.#itemsAfter(oldest, after);
      memo.noteLoss({ after, to: oldest.last, reason });
      onLost(reason, items);
      log.warn("spool segment dropped", { epoch: oldest.epoch, reason, items });
    }
    await this.#remove(oldest);
    return true;
  }

  async #syncOnce(): Promise<void> {
    const writer = this.#writer;
    if (writer === undefined || !writer.isDirty) return;
    const { last, itemsAfter } = writer.segment;
    await writer.sync();
    if (comparePositions(last, this.#synced.position) > 0)
      this.#synced = { position: last, itemsTotal: itemsAfter };
  }

  async #readSegment(segment: Segment, from: number, bytesMax: number): Promise<Uint8Array[]> {
    const isOpen = segment === this.#writer?.segment;
    const limit = isOpen ? (this.#writer?.syncedBytes ?? 0) : segment.bytes;
    try {
      return await segment.read(from, limit, bytesMax);
    } catch (thrown) {
      // Trimmed meanwhile: its frames are not needed any more.
      if (!this.#segments.includes(segment)) return [];
      if (!(thrown instanceof BadFrameError) || isOpen) throw thrown;
      await this.#cutDamaged(segment, thrown.fault);
      return segment.read(from, segment.bytes, bytesMax);
    }
  }

  /** A closed segment turned out to be damaged: keep what is good before, and remember the rest as lost. */
  async #cutDamaged(segment: Segment, fault: BadFrameError["fault"]): Promise<void> {
    const { last, itemsAfter } = segment;
    const bytes = await readFile(segment.path);
    segment.cutToGood(bytes);
    await setAside(this.#parts, segment, bytes, fault);
    this.#parts.memo.noteLoss({ after: segment.last, to: last, reason: "spool_corrupt" });
    this.#parts.onLost("spool_corrupt", itemsAfter - segment.itemsAfter);
    if (segment.last.sequence > 0) return;
    this.#segments = this.#segments.filter((one) => one !== segment);
  }

  #firstAfter(after: Position): Position | undefined {
    for (const segment of this.#segments) {
      if (comparePositions(segment.last, after) <= 0) continue;
      const sequence = segment.epoch === after.epoch ? after.sequence + 1 : 1;
      const next = { epoch: segment.epoch, sequence };
      return comparePositions(next, this.#synced.position) <= 0 ? next : undefined;
    }
    return undefined;
  }

  async #itemsAfter(segment: Segment, after: Position): Promise<number> {
    if (after.epoch !== segment.epoch || after.sequence === 0) return segment.items;
    try {
      const [frame] = await segment.read(after.sequence, segment.bytes, 1);
      if (frame === undefined) return 0;
      const { header } = decodeFrame(frame);
      return segment.itemsAfter - (header.itemsTotal - header.items);
    } catch {
      // Damaged or unreadable: rather all of it than too little.
      return segment.items;
    }
  }

  /** Never throws: a file that can't be removed is found again at the next start, and let go then. */
  async #remove(segment: Segment): Promise<void> {
    if (!this.#segments.includes(segment)) return;
    this.#segments = this.#segments.filter((one) => one !== segment);
    this.#tail.forget(segment.last);
    try {
      await segment.remove();
    } catch (thrown) {
      const { epoch } = segment;
      this.#parts.log.warn("spool segment not removed", { epoch, error: messageOf(thrown) });
    }
  }
}
