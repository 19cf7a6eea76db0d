// Hot: guarded by `bench ingest`.
import type { CommittedPosition, LaneId, NextFrame } from "#proto/bus/agent_port.ts";
import type { Frame } from "#proto/codec/envelope.ts";
import { positionOf } from "#proto/codec/envelope.ts";
import type { FrameHeader } from "#proto/gen/v1/frame_pb.js";
import { FrameKind } from "#proto/gen/v1/frame_pb.js";
import { OperatingError } from "#shared/errors.ts";
import type { DropReason, Drops } from "#shared/model/account.ts";
import { addDrops } from "#shared/model/account.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Head } from "../read/head.ts";
import type { FrameDecoder } from "../read/intake.ts";
import type { LaneCommit } from "../read/store.ts";
import { committedOf } from "../catalog/lane_commit.ts";
import type { ChainParts, Offered } from "./chain.ts";
import { Chain } from "./chain.ts";
import type { FramePlace } from "./held_frames.ts";
import { intakeOf, signalsOf } from "./intakes.ts";
import { LaneCounts } from "./lane_counts.ts";

/**
 * Chains of a lane beside each other; what an agent wants to be taken ahead beyond these is held like any other frame that does not
 * follow. Agents ask for fewer (agent/spool/backlog.ts).
 */
const chainsMax = 16;

/**
 * One lane (agent, signal) on its way into the head: each frame once, and in order within a chain.
 *
 * Nearly always there is one chain. An agent that comes back with a backlog opens an epoch that is marked `ahead`: where that does not follow, another
 * chain begins with it, and goes on beside the one before, which the backlog belongs to. A chain that has reached the next one
 * goes on as that. So what has been taken of a lane is all up to a position, and some spans beyond it.
 */
export class Lane {
  readonly id: LaneId;
  readonly #counts: LaneCounts;
  readonly #parts: ChainParts;
  /** In order of their epochs; the first one begins where the lane does. */
  #chains: readonly [Chain, ...Chain[]];
  #committed: LaneCommit | undefined;
  #toldBacklogMs = 0;

  constructor(id: LaneId, head: Head, from?: LaneCommit) {
    this.id = id;
    this.#committed = from;
    this.#counts = new LaneCounts(from);
    const { needsEpoch } = signalsOf(head).of(id.signal);
    const intake = intakeOf(head, id.signal);
    this.#parts = {
      needsEpoch,
      newDecoder: () => intake.newDecoder(),
      counts: this.#counts,
      append: (frame, chain, decoder, isNew) =>
        isNew || needsEpoch ? this.#append(frame, chain, decoder, isNew) : {},
    };
    this.#chains = [Chain.first(this.#parts)];
    if (from === undefined) return;
    const { position, itemsTotal } = from;
    const base = { epoch: 0, before: origin, itemsBefore: 0, position, itemsTotal };
    const ahead = from.ahead.map((chain) => new Chain(this.#parts, chain));
    this.#chains = [new Chain(this.#parts, base), ...ahead];
  }

  /** In order; the last one is of what is new. */
  get chains(): readonly [Chain, ...Chain[]] {
    return this.#chains;
  }
  /** The position that everything has been taken up to, in order. */
  get taken(): Position {
    return this.#chains[0].taken;
  }
  /** As the last commit has it. */
  get committed(): CommittedPosition {
    const { id: lane } = this;
    const committed = this.#committed;
    return committed === undefined ? { lane, position: origin } : committedOf(committed);
  }
  /** Items in committed blocks. */
  get committedItems(): number {
    return this.#committed?.stored ?? 0;
  }
  /** Items of frames that were dropped on the way or here; cumulative. */
  get droppedHere(): Drops {
    return this.#counts.dropped;
  }
  /** Items that the agent dropped before they reached a frame; cumulative. */
  get droppedBefore(): Drops {
    return this.#counts.agentDropped;
  }
  /** Both. */
  get dropped(): Drops {
    return addDrops(this.droppedHere, this.droppedBefore);
  }
  /** Items of the lane up to the newest frame ever seen, held ones included. */
  get itemsSeen(): number {
    return this.#counts.seen;
  }
  get heldFrames(): number {
    return this.#chains.reduce((sum, { heldFrames }) => sum + heldFrames, 0);
  }
  /** Items that are known of between the chains: what an outage left. */
  get backlogItems(): number {
    let items = 0;
    for (const [i, chain] of this.#chains.entries()) {
      const next = this.#chains[i + 1];
      if (next !== undefined) items += chain.itemsUpTo(next);
    }
    return items;
  }

  /** Whether there is anything that the last commit does not have. */
  get hasMoved(): boolean {
    const { ahead = [], position = origin } = this.#committed ?? {};
    const [base, ...more] = this.#chains;
    return (
      comparePositions(base.taken, position) > 0 ||
      more.length !== ahead.length ||
      more.some(({ taken }, i) => comparePositions(taken, ahead[i]?.position ?? origin) > 0)
    );
  }

  /** How old the newest item taken is while newer ones are known of; 0 when there are none. */
  behindMs(nowMs: number): number {
    const newest = this.#newest;
    if (newest.itemsTotal >= this.#counts.seen) return 0;
    return Math.max(0, nowMs - newest.takenMs);
  }

  /** How old the oldest item of the backlog is, as far as known; 0 where there is none. */
  backlogMs(nowMs: number): number {
    if (this.backlogItems === 0) return 0;
    const oldestMs = this.#chains[0].takenMs || this.#toldBacklogMs;
    return oldestMs === 0 ? 0 : Math.max(0, nowMs - oldestMs);
  }

  /** Takes a frame, and the held frames that then follow. */
  offer(frame: Frame, place: FramePlace | undefined): Offered {
    const { header } = frame;
    this.#counts.heardOf(header.itemsTotal);
    if (this.#beginsAhead(header)) this.#begin(header);
    const outcome = this.#chainOf(header.epoch).offer(frame, place);
    if (this.#chains.length > 1) this.#join();
    return outcome;
  }

  /** Items that were made here, and appended: there is no frame of them, and nothing on the way. */
  takeOwn(epoch: number, items: number, drops: Drops): void {
    const [base] = this.#chains;
    base.takeOwn(epoch, items);
    this.#counts.heardOf(base.itemsTotal);
    this.#counts.took(items, drops);
  }

  /** The agent's answer to a resend for a chain: the first frame that it still has after the cursor. */
  agentHas(chain: Chain, answer: NextFrame): void {
    const next = this.#nextOf(chain);
    if (next !== undefined && answer.next !== undefined && answer.next.epoch >= next.epoch) {
      const reason = answer.lostReason ?? "unknown_history";
      // Held frames of a chain are before the next one.
      if (!chain.giveUp(reason)) this.#absorb(chain, next, reason);
    } else chain.agentHas(answer);
    this.#join();
  }

  /** The gap of a chain will not be filled: it goes on behind it. */
  giveUp(chain: Chain, reason: DropReason): void {
    const next = this.#nextOf(chain);
    if (!chain.giveUp(reason) && next !== undefined) this.#absorb(chain, next, reason);
    this.#join();
  }

  /** The agent told its cumulative counts outside of a frame, and when the oldest frame of its backlog was made. */
  heard(itemsTotal: number, drops: Readonly<Record<string, number>>, backlogMs = 0): void {
    this.#counts.heardOf(itemsTotal);
    this.#counts.agentDrops(drops);
    this.#toldBacklogMs = backlogMs;
  }

  /** Items appended to the head earlier that were found to be no good when it was frozen. */
  dropAppended(drops: Drops): void {
    this.#counts.dropTaken(drops);
  }

  /** The lane's state once everything taken so far is in blocks. */
  snapshot(): LaneCommit {
    const [base, ...ahead] = this.#chains;
    const { position, itemsTotal } = base.snapshot();
    return {
      lane: this.id,
      position,
      itemsTotal,
      ahead: ahead.map((chain) => chain.snapshot()),
      stored: this.#counts.stored,
      dropped: this.#counts.dropped,
      agentDropped: this.#counts.agentDropped,
    };
  }

  noteCommitted(commit: LaneCommit): void {
    this.#committed = commit;
    const [base, ...more] = this.#chains;
    base.noteCommitted(commit.position);
    for (const chain of more) {
      const known = commit.ahead.find(({ epoch }) => epoch === chain.epoch);
      if (known !== undefined) chain.noteCommitted(known.position);
    }
  }

  /** Where in the carrier a restart must begin, to rebuild this lane even if its agent is gone for good. */
  resumePlace(nowMs: number): FramePlace | undefined {
    const newest = this.#newest;
    let first: FramePlace | undefined;
    for (const chain of this.#chains) {
      const place = chain.resumePlace(nowMs, chain === newest);
      if (place !== undefined && place.sequence < (first?.sequence ?? Infinity)) first = place;
    }
    return first;
  }

  get #newest(): Chain {
    return this.#chains.at(-1) ?? this.#chains[0];
  }

  /** The one that frames of an epoch belong to. */
  #chainOf(epoch: number): Chain {
    if (this.#chains.length === 1) return this.#chains[0];
    return this.#chains.findLast((chain) => epoch >= chain.epoch) ?? this.#chains[0];
  }

  #nextOf(chain: Chain): Chain | undefined {
    const at = this.#chains.indexOf(chain);
    return at === -1 ? undefined : this.#chains[at + 1];
  }

  #beginsAhead(header: FrameHeader): boolean {
    if (!header.ahead || header.sequence !== 1) return false;
    const newest = this.#newest;
    return (
      header.epoch > newest.epoch &&
      this.#chains.length < chainsMax &&
      comparePositions(positionOf(header), newest.cursor) > 0 &&
      !newest.follows(header)
    );
  }

  #begin(header: FrameHeader): void {
    const before = this.#newest;
    const chain = Chain.ahead(this.#parts, header);
    this.#chains = [...this.#chains, chain];
    before.handOver(chain);
  }

  /** Chains that have reached the next one go on as that. */
  #join(): void {
    for (let at = 0; at + 1 < this.#chains.length;) {
      const [chain, next] = [this.#chains[at], this.#chains[at + 1]];
      if (chain === undefined || next === undefined) return;
      if (comparePositions(next.before, chain.taken) <= 0)
        this.#absorb(chain, next, "unknown_history");
      else at++;
    }
  }

  #absorb(chain: Chain, next: Chain, reason: DropReason): void {
    chain.absorb(next, reason);
    const [base, ...ahead] = this.#chains;
    this.#chains = [base, ...ahead.filter((one) => one !== next)];
  }

  #append(frame: Frame, chain: Chain, decoder: FrameDecoder | undefined, isNew: boolean): Drops {
    const { header } = frame;
    if (header.kind !== FrameKind.DATA) return {};
    // A host whose clock runs ahead tells the times that it sees: they are measured by its own clock, or all its data would be lost.
    const nowMs = Math.max(Date.now(), header.createdMs);
    try {
      if (decoder === undefined)
        throw new OperatingError("corrupt", "the frames before it in its epoch are missing");
      const append = decoder.decode(frame);
      return isNew ? append(this.id, nowMs, chain !== this.#newest) : {};
    } catch (thrown) {
      if (!(thrown instanceof OperatingError) || thrown.code !== "corrupt") throw thrown;
      return { undecodable: header.items };
    }
  }
}
