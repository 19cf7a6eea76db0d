import type { CommittedPosition, LaneId } from "#proto/bus/agent_port.ts";
import type { LaneAccount } from "#shared/model/account.ts";
import { sumDrops } from "#shared/model/account.ts";
import { upTo } from "#shared/model/spans.ts";
import type { Head } from "../read/head.ts";
import type { LaneCommit } from "../read/store.ts";
import { Lane } from "./lane.ts";
import { isOwn } from "../read/own_agent.ts";

/** As LaneAccount of the API has it. */
export type LaneLag = {
  readonly behindMs: number;
  readonly backlogItems: number;
  readonly backlogAgeMs: number;
};

/** All lanes ever heard of, by (tenant, agent, signal). */
export class Lanes {
  readonly #head: Head;
  readonly #lanes = new Map<string, Lane>();
  /** By (tenant, agent): questions about one agent do not look at those of all. */
  readonly #byAgent = new Map<string, Lane[]>();

  constructor(head: Head, recovered: readonly LaneCommit[]) {
    this.#head = head;
    for (const commit of recovered) this.#add(new Lane(commit.lane, head, commit));
  }

  get(id: LaneId): Lane {
    const key = keyOf(id);
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    return this.#add(new Lane(id, this.#head));
  }

  #add(lane: Lane): Lane {
    this.#lanes.set(keyOf(lane.id), lane);
    const agentKey = agentKeyOf(lane.id);
    const known = this.#byAgent.get(agentKey);
    if (known === undefined) this.#byAgent.set(agentKey, [lane]);
    else known.push(lane);
    return lane;
  }

  all(): IterableIterator<Lane> {
    return this.#lanes.values();
  }

  /** Of those that agents have. */
  committed(): CommittedPosition[] {
    return [...this.#lanes.values()]
      .filter((lane) => !isOwn(lane.id))
      .map((lane) => lane.committed)
      .filter(({ position, ahead = [] }) => upTo(position, ahead).length > 0);
  }

  /**
   * The loss account: collected = stored + inFlight + dropped. In flight is whatever the agent says it collected and
   * that is neither in a committed block nor known to be dropped: in its spool, on the wire, or in the head. What is made here comes last.
   */
  account(tenant: string, agent?: string): LaneAccount[] {
    const lanes =
      agent === undefined
        ? [...this.#lanes.values()].filter((lane) => lane.id.tenant === tenant)
        : (this.#byAgent.get(agentKeyOf({ tenant, agent })) ?? []);
    return lanes
      .toSorted((a, b) => Number(isOwn(a.id)) - Number(isOwn(b.id)))
      .map((lane) => accountOf(lane));
  }

  /** How far what can be queried of a lane lags, and what an outage has left; all 0 when all has been taken. */
  lag(tenant: string, account: Pick<LaneAccount, "agent" | "signal">, nowMs: number): LaneLag {
    const lane = this.#lanes.get(keyOf({ tenant, agent: account.agent, signal: account.signal }));
    return {
      behindMs: lane?.behindMs(nowMs) ?? 0,
      backlogItems: lane?.backlogItems ?? 0,
      backlogAgeMs: lane?.backlogMs(nowMs) ?? 0,
    };
  }
}

export function accountOf(lane: Lane): LaneAccount {
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

function agentKeyOf({ tenant, agent }: Omit<LaneId, "signal">): string {
  return `${tenant}/${agent}`;
}

function keyOf(id: LaneId): string {
  return `${id.tenant}/${id.agent}/${id.signal}`;
}
