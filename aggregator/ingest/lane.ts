import type { LaneId, NextFrame } from "#proto/bus/agent_port.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import { positionOf } from "#proto/codec/envelope.ts";
import { decodeLogs } from "#proto/codec/logs.ts";
import type { MetricsDecoder } from "#proto/codec/metrics.ts";
import { createMetricsDecoder } from "#proto/codec/metrics.ts";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason, Drops } from "#shared/model/account.ts";
import { addDrops, sumDrops, updateDrops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Head } from "../head/contract.ts";
import type { LaneCommit } from "../store/store.ts";
import type { FramePlace } from "./held_frames.ts";
import { HeldFrames } from "./held_frames.ts";

export type Offered = "taken" | "repeat" | "held" | "hold_full" | "undecodable";

/** Agents close an epoch after 15 min; none older than this has a frame still to come. */
const epochLifeMaxMs = 60 * 60_000;

/**
 * One lane (agent, signal) on its way into the head: strictly in order, each frame once.
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
export class Lane {
  readonly id: LaneId;
  readonly #head: Head;
  readonly #held = new HeldFrames();
  #cursor: Position = origin;
  #committed: Position = origin;
  #committedItems = 0;
  #stored = 0;
  #itemsTotal = 0;
  #itemsSeen = 0;
  #dropped: Drops = {};
  #agentDropped: Drops = {};
  #takenMs = 0;
  #decoder: MetricsDecoder | undefined;
  #epochPlace: FramePlace | undefined;
  /** Set when all frames before a place are known to be gone for good. */
  #jump: { readonly to: Position; readonly reason: DropReason } | undefined;

  constructor(id: LaneId, head: Head, from?: LaneCommit) {
    this.id = id;
    this.#head = head;
    if (from === undefined) return;
    this.#committed = from.position;
    this.#cursor =
      id.signal === "metrics" ? { epoch: from.position.epoch, sequence: 0 } : from.position;
    this.#itemsTotal = this.#itemsSeen = from.itemsTotal;
    this.#stored = this.#committedItems = from.stored;
    this.#dropped = from.dropped;
    this.#agentDropped = from.agentDropped;
  }

  /** The position that everything has been taken up to, in order. */
  get taken(): Position {
    return later(this.#cursor, this.#committed);
  }
  /** What to ask the agent to go on from: before `taken` while the state of an epoch is being rebuilt. */
  get cursor(): Position {
    return this.#cursor;
  }
  get committed(): Position {
    return this.#committed;
  }
  /** Items in committed blocks. */
  get committedItems(): number {
    return this.#committedItems;
  }
  /** Items of frames that were dropped on the way or here; cumulative. */
  get droppedHere(): Drops {
    return this.#dropped;
  }
  /** Items that the agent dropped before they reached a frame; cumulative. */
  get droppedBefore(): Drops {
    return this.#agentDropped;
  }
  /** Both. */
  get dropped(): Drops {
    return addDrops(this.#dropped, this.#agentDropped);
  }
  /** Items of the lane up to the newest frame ever seen, held ones included. */
  get itemsSeen(): number {
    return this.#itemsSeen;
  }
  /** Every item that is known of has been taken or is known to be gone. */
  get isCaughtUp(): boolean {
    return this.#itemsTotal >= this.#itemsSeen;
  }
  get heldFrames(): number {
    return this.#held.size;
  }
  /** When the newest frame taken was made, Unix ms by the agent's clock. */
  get takenMs(): number {
    return this.#takenMs;
  }

  /** Takes a frame, and the held frames that then follow. */
  offer(frame: Frame, place: FramePlace | undefined): Offered {
    const { header } = frame;
    this.#itemsSeen = Math.max(this.#itemsSeen, header.itemsTotal);
    if (comparePositions(positionOf(header), this.#cursor) <= 0) return "repeat";
    if (!this.#follows(header)) return this.#held.add(frame, place) ? "held" : "hold_full";
    const outcome = this.#take(frame, place);
    this.#takeHeld();
    return outcome;
  }

  /** Items that were made here, and appended: there is no frame of them, and nothing on the way. */
  takeOwn(epoch: number, items: number, drops: Drops): void {
    const before = this.taken;
    this.#cursor =
      before.epoch >= epoch
        ? { epoch: before.epoch, sequence: before.sequence + 1 }
        : { epoch, sequence: 1 };
    this.#itemsTotal += items;
    this.#itemsSeen = this.#itemsTotal;
    this.#stored += items - sumDrops(drops);
    this.#dropped = addDrops(this.#dropped, drops);
  }

  /** The agent's answer to a resend: the first frame that it still has after our cursor. */
  agentHas(answer: NextFrame): void {
    const { next, lostReason } = answer;
    if (next === undefined) return;
    if (next.epoch === this.#cursor.epoch && next.sequence === this.#cursor.sequence + 1) return;
    // Its own predecessor may well be what we have; then it follows without a jump and nothing is lost.
    this.#jump = { to: next, reason: lostReason ?? "unknown_history" };
    this.#takeHeld();
  }

  /** The gap before the held frames will not be filled: go on behind it. */
  giveUp(reason: DropReason): void {
    const first = this.#held.first();
    if (first === undefined) return;
    this.#jump = { to: positionOf(first.frame.header), reason };
    this.#takeHeld();
  }

  /** The agent told its cumulative counts outside of a frame. */
  heard(itemsTotal: number, drops: Readonly<Record<string, number>>): void {
    this.#itemsSeen = Math.max(this.#itemsSeen, itemsTotal);
    this.#agentDropped = updateDrops(this.#agentDropped, drops);
  }

  /** Items appended to the head earlier that were found to be no good when it was frozen. */
  dropAppended(drops: Drops): void {
    this.#stored -= sumDrops(drops);
    this.#dropped = addDrops(this.#dropped, drops);
  }

  /** The lane's state once everything taken so far is in blocks. */
  snapshot(): LaneCommit {
    return {
      lane: this.id,
      position: this.taken,
      itemsTotal: this.#itemsTotal,
      stored: this.#stored,
      dropped: this.#dropped,
      agentDropped: this.#agentDropped,
    };
  }

  noteCommitted(commit: LaneCommit): void {
    this.#committed = commit.position;
    this.#committedItems = commit.stored;
  }

  /** Where in the carrier a restart must begin, to rebuild this lane even if its agent is gone for good. */
  resumePlace(nowMs: number): FramePlace | undefined {
    const held = this.#held.first()?.place;
    const open = nowMs - this.#cursor.epoch < epochLifeMaxMs ? this.#epochPlace : undefined;
    if (held === undefined || open === undefined) return held ?? open;
    return held.sequence < open.sequence ? held : open;
  }

  #follows(header: FrameHeader): boolean {
    if (header.epoch === this.#cursor.epoch && header.sequence === this.#cursor.sequence + 1)
      return true;
    if (this.#jump !== undefined && comparePositions(positionOf(header), this.#jump.to) === 0)
      return true;
    const before = { epoch: header.previousEpoch, sequence: header.previousSequence };
    return header.sequence === 1 && comparePositions(before, this.taken) <= 0;
  }

  #takeHeld(): void {
    for (let held = this.#held.first(); held !== undefined; held = this.#held.first()) {
      const isRepeat = comparePositions(positionOf(held.frame.header), this.#cursor) <= 0;
      if (!isRepeat && !this.#follows(held.frame.header)) return;
      this.#held.removeFirst();
      if (!isRepeat) this.#take(held.frame, held.place);
    }
  }

  #take(frame: Frame, place: FramePlace | undefined): Offered {
    const { header } = frame;
    const isNew = comparePositions(positionOf(header), this.#committed) > 0;
    if (isNew) this.#accountForGap(header);
    if (header.epoch !== this.#cursor.epoch || header.sequence === 1) {
      // In mid-epoch the rows before are unknown, and so is the meaning of what follows.
      this.#decoder = header.sequence === 1 ? createMetricsDecoder() : undefined;
      this.#epochPlace = place;
    }
    this.#cursor = positionOf(header);
    this.#jump = undefined;
    const drops = this.#append(frame, isNew);
    if (!isNew) return "taken";
    this.#itemsTotal = header.itemsTotal;
    this.#stored += header.items - sumDrops(drops);
    this.#dropped = addDrops(this.#dropped, drops);
    this.#agentDropped = updateDrops(this.#agentDropped, header.drops);
    this.#takenMs = header.createdMs;
    return drops.undecodable === undefined ? "taken" : "undecodable";
  }

  /** Items between the frame taken last and this one are gone; a count that went back starts anew from here. */
  #accountForGap(header: FrameHeader): void {
    const missing = header.itemsTotal - header.items - this.#itemsTotal;
    if (missing <= 0) return;
    const reason = this.#jump?.reason ?? "unknown_history";
    this.#dropped = addDrops(this.#dropped, { [reason]: missing });
  }

  #append(frame: Frame, isNew: boolean): Drops {
    if (frame.header.kind !== FrameKind.DATA) return {};
    // A host whose clock runs ahead tells the times that it sees: they are measured by its own clock, or all its data would be lost.
    const nowMs = Math.max(Date.now(), frame.header.createdMs);
    try {
      if (this.id.signal === "logs")
        return isNew ? this.#head.appendLogs(this.id, decodeLogs(frame), nowMs) : {};
      if (this.#decoder === undefined)
        throw new OperatingError("corrupt", "the frames before it in its epoch are missing");
      const decoded = this.#decoder.decode(frame);
      return isNew ? this.#head.appendMetrics(this.id, decoded, nowMs) : {};
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code !== "corrupt") throw thrown;
      this.#decoder = undefined;
      return { undecodable: frame.header.items };
    }
  }
}

function later(a: Position, b: Position): Position {
  return comparePositions(a, b) >= 0 ? a : b;
}
