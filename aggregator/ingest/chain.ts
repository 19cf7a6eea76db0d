import type { NextFrame } from "#proto/bus/agent_port.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import { positionOf } from "#proto/codec/envelope.ts";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import type { DropReason, Drops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { FrameDecoder } from "../read/intake.ts";
import type { ChainCommit } from "../read/store.ts";
import type { FramePlace } from "./held_frames.ts";
import { HeldFrames } from "./held_frames.ts";
import type { LaneCounts } from "./lane_counts.ts";

export type Offered = "taken" | "repeat" | "held" | "hold_full" | "undecodable";

/** Agents close an epoch after 15 min: one that nothing was taken of for so long has no frame still to come. */
const epochLifeMaxMs = 60 * 60_000;

type EpochPlace = { readonly epoch: number; readonly place: FramePlace };

export type ChainParts = {
  /** Frames are read by what those before them in their epoch say. */
  readonly needsEpoch: boolean;
  readonly newDecoder: () => FrameDecoder;
  readonly counts: LaneCounts;
  /**
   * Decodes a data frame and appends it unless it is in a committed block already; gives what was not kept. `undecodable` where it makes no sense,
   * or where the frames that it leans on are missing (then there is no decoder).
   */
  readonly append: (
    frame: Frame,
    chain: Chain,
    decoder: FrameDecoder | undefined,
    isNew: boolean,
  ) => Drops;
};

/**
 * Frames of one lane, strictly in order and without a hole: all from its beginning, or from an epoch on that an agent lets us take ahead of
 * what lies before.
 *
 * `cursor` is the last frame taken in order. Frames at or before it are repeats. A frame that does not follow is held
 * while the agent is asked to send the frames between again. An OPEN frame follows when the lane stood, before its
 * epoch, at or before our cursor. After a restart the cursor of metrics begins at the start of the committed epoch, because
 * rows are told against the row before: frames up to `committed` are decoded for that state alone, and not
 * appended again.
 *
 * The counts: header.itemsTotal grows by the items of every frame, so whatever is missing between two frames
 * that are taken one after the other is known to the item, and is dropped with the reason that the agent gives.
 */
export class Chain {
  /** Its first one; 0 for the chain that begins where the lane does. */
  readonly epoch: number;
  /** Where the lane stood before the first frame, and its items up to there. */
  readonly before: Position;
  readonly itemsBefore: number;
  readonly #parts: ChainParts;
  readonly #held = new HeldFrames();
  #cursor: Position;
  /** Committed before this process began. */
  #committed: Position;
  /** Committed as far as known. */
  #stored: Position;
  #itemsTotal: number;
  #takenMs = 0;
  #touchedMs = 0;
  #decoder: FrameDecoder | undefined;
  /** Of epochs that have frames which are not in a committed block, and of the one that goes on: where they begin in the carrier. */
  #epochs: readonly EpochPlace[] = [];
  /** Set when all frames before a place are known to be gone for good. */
  #jump: { readonly to: Position; readonly reason: DropReason } | undefined;

  constructor(parts: ChainParts, from: ChainCommit) {
    const { epoch, before, itemsBefore, position, itemsTotal } = from;
    this.#parts = parts;
    this.epoch = epoch;
    this.before = before;
    this.itemsBefore = itemsBefore;
    this.#committed = position;
    this.#stored = position;
    this.#decoder = this.#decoderMidway();
    this.#cursor = parts.needsEpoch ? { epoch: position.epoch, sequence: 0 } : position;
    this.#itemsTotal = itemsTotal;
  }

  /** Nothing of the lane is there yet. */
  static first(parts: ChainParts): Chain {
    const zero = { epoch: 0, before: origin, itemsBefore: 0, position: origin, itemsTotal: 0 };
    return new Chain(parts, zero);
  }

  /** Begins with this OPEN frame, which is still to be offered. */
  static ahead(parts: ChainParts, header: FrameHeader): Chain {
    const { epoch, itemsTotal } = header;
    const before = { epoch: header.previousEpoch, sequence: header.previousSequence };
    const position = { epoch, sequence: 0 };
    return new Chain(parts, { epoch, before, itemsBefore: itemsTotal, position, itemsTotal });
  }

  /** The position that everything has been taken up to, in order. */
  get taken(): Position {
    return comparePositions(this.#cursor, this.#committed) >= 0 ? this.#cursor : this.#committed;
  }
  /** What to ask the agent to go on from: before `taken` while the state of an epoch is being rebuilt. */
  get cursor(): Position {
    return this.#cursor;
  }
  get itemsTotal(): number {
    return this.#itemsTotal;
  }
  get heldFrames(): number {
    return this.#held.size;
  }
  /** When the newest frame taken was made, Unix ms by the agent's clock; at least when its epoch began. 0 where there is none. */
  get takenMs(): number {
    return Math.max(this.#takenMs, this.taken.epoch);
  }

  /** The chain's state once everything taken so far is in blocks. */
  snapshot(): ChainCommit {
    const { epoch, before, itemsBefore, taken: position } = this;
    return { epoch, before, itemsBefore, position, itemsTotal: this.#itemsTotal };
  }

  /** All frames up to a position are in committed blocks. */
  noteCommitted(position: Position): void {
    this.#stored = position;
    const [first] = this.#epochs;
    if (first === undefined || first.epoch >= position.epoch) return;
    // The last one up to there may go on: it has the rows that the next frames lean on.
    const from = this.#epochs.findLastIndex(({ epoch }) => epoch <= position.epoch);
    this.#epochs = this.#epochs.slice(from);
  }

  /** Whether frames were taken that are not in a committed block. */
  get #isAhead(): boolean {
    return comparePositions(this.taken, this.#stored) > 0;
  }

  /** Whether it is the next one, so that nothing lies between. */
  follows(header: FrameHeader): boolean {
    if (header.epoch === this.#cursor.epoch && header.sequence === this.#cursor.sequence + 1)
      return true;
    if (this.#jump !== undefined && comparePositions(positionOf(header), this.#jump.to) === 0)
      return true;
    const before = { epoch: header.previousEpoch, sequence: header.previousSequence };
    return header.sequence === 1 && comparePositions(before, this.taken) <= 0;
  }

  /** Takes a frame, and the held frames that then follow. */
  offer(frame: Frame, place: FramePlace | undefined): Offered {
    const { header } = frame;
    if (comparePositions(positionOf(header), this.#cursor) <= 0) return "repeat";
    if (!this.follows(header)) return this.#held.add(frame, place) ? "held" : "hold_full";
    const outcome = this.#take(frame, place);
    this.#takeHeld();
    return outcome;
  }

  /** Items that were made here, and appended: there is no frame of them, and nothing on the way. */
  takeOwn(epoch: number, items: number): void {
    const before = this.taken;
    this.#cursor =
      before.epoch >= epoch
        ? { epoch: before.epoch, sequence: before.sequence + 1 }
        : { epoch, sequence: 1 };
    this.#itemsTotal += items;
  }

  /** Held frames of an epoch and of those after it, for the chain that begins there. */
  handOver(to: Chain): void {
    for (const { frame, place } of this.#held.removeFrom(to.epoch)) to.offer(frame, place);
  }

  /** Goes on as the next chain, which all frames up to are taken of or known to be gone. */
  absorb(next: Chain, reason: DropReason): void {
    this.#parts.counts.lost(reason, next.itemsBefore - this.#itemsTotal);
    this.#cursor = next.#cursor;
    this.#committed = next.#committed;
    this.#itemsTotal = next.#itemsTotal;
    this.#takenMs = next.#takenMs;
    this.#touchedMs = next.#touchedMs;
    this.#decoder = next.#decoder;
    this.#epochs = [...this.#epochs, ...next.#epochs];
    this.#jump = next.#jump;
    this.#held.removeFrom(0);
    next.handOver(this);
  }

  /** The agent's answer to a resend: the first frame that it still has after our cursor. */
  agentHas({ next, lostReason = "unknown_history" }: NextFrame): void {
    if (next === undefined) return;
    if (next.epoch === this.#cursor.epoch && next.sequence === this.#cursor.sequence + 1) return;
    // Its own predecessor may well be what we have; then it follows without a jump and nothing is lost. What is held need not come again.
    const held = this.#held.first();
    const first = held === undefined ? next : positionOf(held.frame.header);
    this.#jump = { to: comparePositions(first, next) < 0 ? first : next, reason: lostReason };
    this.#takeHeld();
  }

  /** The gap before the held frames will not be filled: go on behind it. False where none is held. */
  giveUp(reason: DropReason): boolean {
    const first = this.#held.first();
    if (first === undefined) return false;
    this.#jump = { to: positionOf(first.frame.header), reason };
    this.#takeHeld();
    return true;
  }

  /**
   * Where in the carrier a restart must begin, to rebuild this chain even if its agent is gone for good. `isLast`: nothing of the lane lies
   * behind it, so that it may be at its end.
   */
  resumePlace(nowMs: number, isLast: boolean): FramePlace | undefined {
    const held = this.#held.first()?.place;
    const isInUse = !isLast || this.#isAhead || nowMs - this.#touchedMs < epochLifeMaxMs;
    const open = isInUse ? this.#firstPlace() : undefined;
    if (held === undefined || open === undefined) return held ?? open;
    return held.sequence < open.sequence ? held : open;
  }

  /** An older epoch may have come after a newer one. */
  #firstPlace(): FramePlace | undefined {
    let first: FramePlace | undefined;
    for (const { place } of this.#epochs)
      if (first === undefined || place.sequence < first.sequence) first = place;
    return first;
  }

  #takeHeld(): void {
    for (let held = this.#held.first(); held !== undefined; held = this.#held.first()) {
      const isRepeat = comparePositions(positionOf(held.frame.header), this.#cursor) <= 0;
      if (!isRepeat && !this.follows(held.frame.header)) return;
      this.#held.removeFirst();
      if (!isRepeat) this.#take(held.frame, held.place);
    }
  }

  #take(frame: Frame, place: FramePlace | undefined): Offered {
    const { header } = frame;
    const { counts, append } = this.#parts;
    const isNew = comparePositions(positionOf(header), this.#committed) > 0;
    // A count that went back starts over from here.
    if (isNew)
      counts.lost(
        this.#jump?.reason ?? "unknown_history",
        header.itemsTotal - header.items - this.#itemsTotal,
      );
    if (header.epoch !== this.#cursor.epoch || header.sequence === 1) {
      // In mid-epoch the rows before are unknown, and so is the meaning of what follows.
      this.#decoder = header.sequence === 1 ? this.#parts.newDecoder() : this.#decoderMidway();
      if (place !== undefined) this.#epochs = [...this.#epochs, { epoch: header.epoch, place }];
    }
    this.#cursor = positionOf(header);
    this.#jump = undefined;
    this.#touchedMs = Date.now();
    const drops = append(frame, this, this.#decoder, isNew);
    const isUndecodable = drops.undecodable !== undefined;
    if (isUndecodable) this.#decoder = this.#decoderMidway();
    if (!isNew) return "taken";
    this.#itemsTotal = header.itemsTotal;
    counts.took(header.items, drops);
    counts.agentDrops(header.drops);
    this.#takenMs = header.createdMs;
    return isUndecodable ? "undecodable" : "taken";
  }

  /** For frames whose epoch was not read from its start. */
  #decoderMidway(): FrameDecoder | undefined {
    return this.#parts.needsEpoch ? undefined : this.#parts.newDecoder();
  }

  /** Items that the lane has between the frames taken here and the next chain. */
  itemsUpTo(next: Chain): number {
    return Math.max(0, next.itemsBefore - this.#itemsTotal);
  }
}
