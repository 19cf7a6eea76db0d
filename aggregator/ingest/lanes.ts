import type { CommittedPosition, LaneId } from "#proto/bus/agent_port.ts";
import type { LaneAccount } from "#shared/model/account.ts";
import { sumDrops } from "#shared/model/account.ts";
import { comparePositions, origin } from "#shared/model/position.ts";
import type { Head } from "../head/contract.ts";
import type { LaneCommit } from "../store/store.ts";
import { Lane } from "./lane.ts";
import { isOwn } from "./own_agent.ts";

/** All lanes ever heard of, by (tenant, agent, signal). */
export class Lanes {
  readonly #head: Head;
  readonly #lanes = new Map<string, Lane>();

  constructor(head: Head, recovered: readonly LaneCommit[]) {
    this.#head = head;
    for (const commit of recovered)
      this.#lanes.set(keyOf(commit.lane), new Lane(commit.lane, head, commit));
  }

  get(id: LaneId): Lane {
    const key = keyOf(id);
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane = new Lane(id, this.#head);
    this.#lanes.set(key, lane);
    return lane;
  }

  all(): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  /** Of those that agents have. */
  committed(): CommittedPosition[] {
    return [...this.#lanes.values()]
      .filter((lane) => !isOwn(lane.id))
      .filter((lane) => comparePositions(lane.committed, origin) > 0)
      .map((lane) => ({ lane: lane.id, position: lane.committed }));
  }

  /**
   * The loss account: collected = stored + inFlight + dropped. In flight is whatever the agent says it collected and
   * that is neither in a committed block nor known to be dropped: in its spool, on the wire, or in the head. What is made here comes last.
   */
  account(tenant: string, agent?: string): LaneAccount[] {
    return [...this.#lanes.values()]
      .filter((lane) => lane.id.tenant === tenant)
      .filter((lane) => agent === undefined || lane.id.agent === agent)
      .toSorted((a, b) => Number(isOwn(a.id)) - Number(isOwn(b.id)))
      .map((lane) => accountOf(lane));
  }

  /** How old the newest item taken from the agent is while more is known to come; 0 when all has been taken. */
  behindMs(tenant: string, account: Pick<LaneAccount, "agent" | "signal">, nowMs: number): number {
    const lane = this.#lanes.get(keyOf({ tenant, agent: account.agent, signal: account.signal }));
    return lane === undefined || lane.isCaughtUp ? 0 : Math.max(0, nowMs - lane.takenMs);
  }
}

function accountOf(lane: Lane): LaneAccount {
  const { droppedHere, droppedBefore, committedItems: stored } = lane;
  const inFlight = Math.max(0, lane.itemsSeen - stored - sumDrops(droppedHere));
  return {
    agent: lane.id.agent,
    signal: lane.id.signal,
    collected: lane.itemsSeen + sumDrops(droppedBefore),
    stored,
    inFlight,
    dropped: lane.dropped,
  };
}

function keyOf(id: LaneId): string {
  return `${id.tenant}/${id.agent}/${id.signal}`;
}
