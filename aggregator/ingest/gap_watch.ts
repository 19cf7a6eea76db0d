import type { Receiver } from "#proto/bus/agent_port.ts";
import type { Position } from "#shared/model/position.ts";
import { comparePositions } from "#shared/model/position.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import type { Chain } from "./chain.ts";
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
  readonly chain: Chain;
  /** Where the agent says its lane ends, or undefined when only a held frame shows the gap. Of the last chain only. */
  agentLast: Position | undefined;
  /** Of an earlier chain: how far the agent has sent what lies before its newest part; undefined when all of it. */
  agentSent: Position | undefined;
  /** The cursor when it was last seen to move, and when that was. */
  cursor: Position;
  movedMs: number;
  askAtMs: number;
  askWaitMs: number;
  /** When the agent last answered a question or sent a heartbeat. */
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
  readonly #watches = new Map<Chain, Watch>();

  constructor(parts: GapWatchParts) {
    this.#parts = parts;
  }

  /** A frame came before its turn. */
  noticed(lane: Lane): void {
    for (const chain of lane.chains)
      if (chain.heldFrames > 0 || chain !== lane.chains.at(-1)) this.#watch(lane, chain);
  }

  /** The agent told where its lane ends, and how far it has sent of a backlog while more of that comes by itself. */
  heard(lane: Lane, last: Position, backlogSent?: Position): void {
    const newest = lane.chains.at(-1);
    for (const chain of lane.chains) {
      const isBehind = chain !== newest || comparePositions(last, chain.taken) > 0;
      if (!isBehind && !this.#watches.has(chain)) continue;
      const watch = this.#watch(lane, chain);
      watch.agentLast = { epoch: last.epoch, sequence: last.sequence };
      watch.agentSent = chain === newest ? undefined : backlogSent;
      watch.reachedMs = this.#parts.clock.monotonic();
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#parts.clock.sleep(tickMs, signal);
      const due = [...this.#watches.values()].map((watch) => this.#look(watch));
      await Promise.all(due);
    }
  }

  #watch(lane: Lane, chain: Chain): Watch {
    const known = this.#watches.get(chain);
    if (known !== undefined) return known;
    const now = this.#parts.clock.monotonic();
    const watch: Watch = {
      lane,
      chain,
      agentLast: undefined,
      agentSent: undefined,
      cursor: chain.cursor,
      movedMs: now,
      askAtMs: now + patienceMs,
      askWaitMs: patienceMs,
      reachedMs: now,
    };
    this.#watches.set(chain, watch);
    return watch;
  }

  async #look(watch: Watch): Promise<void> {
    const { lane, chain } = watch;
    const now = this.#parts.clock.monotonic();
    const { agentSent } = watch;
    // What was not sent yet is not missing, as long as the agent is there to send it.
    const isToCome =
      agentSent !== undefined &&
      comparePositions(agentSent, chain.cursor) <= 0 &&
      now - watch.reachedMs < emptyHandedMs;
    if (isToCome || comparePositions(chain.cursor, watch.cursor) !== 0) {
      // Frames are coming in: give them time before asking again.
      Object.assign(watch, { cursor: chain.cursor, movedMs: now, askAtMs: now + patienceMs });
      watch.askWaitMs = patienceMs;
    }
    const isLast = chain === lane.chains.at(-1);
    const isBehind =
      watch.agentLast !== undefined && comparePositions(watch.agentLast, chain.taken) > 0;
    const isDone = isLast ? chain.heldFrames === 0 && !isBehind : !lane.chains.includes(chain);
    if (isDone) {
      this.#watches.delete(chain);
      return;
    }
    if (now < watch.askAtMs) return;
    watch.askWaitMs = Math.min(watch.askWaitMs * 2, askWaitMaxMs);
    watch.askAtMs = now + watch.askWaitMs;
    await this.#ask(watch);
  }

  async #ask(watch: Watch): Promise<void> {
    const { receiver, log, clock, gapTimeoutMs } = this.#parts;
    const { lane, chain } = watch;
    const after = chain.cursor;
    const answer = await receiver.requestResend(lane.id, after);
    const now = clock.monotonic();
    if (answer === undefined) {
      if (now - Math.max(watch.reachedMs, watch.movedMs) < gapTimeoutMs) return;
      log.warn("gap given up: its agent is gone", { ...lane.id, after });
      return lane.giveUp(chain, "lost_with_agent");
    }
    watch.reachedMs = now;
    // A late answer must not be taken for one about where the lane stands by now.
    if (comparePositions(after, chain.cursor) !== 0 || !lane.chains.includes(chain)) return;
    lane.agentHas(chain, answer);
    // It goes back there, and says so in its next heartbeat.
    if (watch.agentSent !== undefined) watch.agentSent = after;
    if (answer.next !== undefined || chain.heldFrames === 0) return;
    // The agent is there, and has nothing that could fill the gap before what we hold.
    if (now - watch.movedMs < emptyHandedMs) return;
    log.warn("gap given up: its agent has nothing for it", { ...lane.id, after });
    lane.giveUp(chain, answer.lostReason ?? "unknown_history");
  }
}
