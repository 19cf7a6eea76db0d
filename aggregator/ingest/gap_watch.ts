import type { Receiver } from "#proto/bus/agent_port.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions } from "#shared/model/position.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Lane } from "./lane.ts";
import type { Lanes } from "./lanes.ts";

type GapWatchParts = {
  readonly receiver: Receiver;
  readonly lanes: Lanes;
  readonly clock: Clock;
  readonly log: Logger;
  /** A gap whose agent can't be reached for this long is given up. */
  readonly gapTimeoutMs: number;
};

type Watch = {
  readonly lane: Lane;
  /** Where the agent says its lane ends, or undefined when only a held frame shows the gap. */
  agentLast: Position | undefined;
  /** The cursor when it was last seen to move, and when that was. */
  cursor: Position;
  movedMs: number;
  askAtMs: number;
  askWaitMs: number;
  /** When the agent last answered a question or told of itself. */
  reachedMs: number;
};

const tickMs = 250;
/** Frames on their way overtake a question; so a gap must stand this long before we ask. */
const patienceMs = 1_000;
const askWaitMaxMs = 30_000;
/** How long an agent may answer that it has nothing before we believe that it will stay so. */
const emptyHandedMs = 30_000;

/** Sees to it that gaps are filled: asks agents to send again, and gives up on what is gone for good. */
export class GapWatch {
  readonly #parts: GapWatchParts;
  readonly #watches = new Map<Lane, Watch>();

  constructor(parts: GapWatchParts) {
    this.#parts = parts;
  }

  /** A frame came before its turn. */
  noticed(lane: Lane): void {
    this.#watch(lane);
  }

  /** The agent told where its lane ends. */
  heard(lane: Lane, last: Position): void {
    const isBehind = comparePositions(last, lane.taken) > 0;
    const known = this.#watches.get(lane);
    if (known === undefined && !isBehind) return;
    const watch = this.#watch(lane);
    watch.agentLast = { epoch: last.epoch, sequence: last.sequence };
    watch.reachedMs = this.#parts.clock.monotonic();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(tickMs, signal);
      const due = [...this.#watches.values()].map((watch) => this.#look(watch));
      await Promise.all(due);
    }
  }

  #watch(lane: Lane): Watch {
    const known = this.#watches.get(lane);
    if (known !== undefined) return known;
    const now = this.#parts.clock.monotonic();
    const watch: Watch = {
      lane,
      agentLast: undefined,
      cursor: lane.cursor,
      movedMs: now,
      askAtMs: now + patienceMs,
      askWaitMs: patienceMs,
      reachedMs: now,
    };
    this.#watches.set(lane, watch);
    return watch;
  }

  async #look(watch: Watch): Promise<void> {
    const { lane } = watch;
    const now = this.#parts.clock.monotonic();
    if (comparePositions(lane.cursor, watch.cursor) !== 0) {
      // Frames are coming in: give them time before asking again.
      Object.assign(watch, { cursor: lane.cursor, movedMs: now, askAtMs: now + patienceMs });
      watch.askWaitMs = patienceMs;
    }
    const isBehind =
      watch.agentLast !== undefined && comparePositions(watch.agentLast, lane.taken) > 0;
    if (lane.heldFrames === 0 && !isBehind) {
      this.#watches.delete(lane);
      return;
    }
    if (now < watch.askAtMs) return;
    watch.askWaitMs = Math.min(watch.askWaitMs * 2, askWaitMaxMs);
    watch.askAtMs = now + watch.askWaitMs;
    await this.#ask(watch);
  }

  async #ask(watch: Watch): Promise<void> {
    const { receiver, log, clock, gapTimeoutMs } = this.#parts;
    const { lane } = watch;
    const after = lane.cursor;
    const answer = await receiver.requestResend(lane.id, after);
    const now = clock.monotonic();
    if (answer === undefined) {
      if (now - Math.max(watch.reachedMs, watch.movedMs) < gapTimeoutMs) return;
      log.warn("gap given up: its agent is gone", { ...lane.id, after });
      return lane.giveUp("lost_with_agent");
    }
    watch.reachedMs = now;
    // A late answer must not be taken for one about where the lane stands by now.
    if (comparePositions(after, lane.cursor) !== 0) return;
    lane.agentHas(answer);
    if (answer.next !== undefined || lane.heldFrames === 0) return;
    // The agent is there, and has nothing that could fill the gap before what we hold.
    if (now - watch.movedMs < emptyHandedMs) return;
    log.warn("gap given up: its agent has nothing for it", { ...lane.id, after });
    lane.giveUp(answer.lostReason ?? "unknown_history");
  }
}
