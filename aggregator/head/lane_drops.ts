import type { LaneId } from "#proto/bus/agent_port.ts";
import type { DropReason, Drops } from "#shared/model/account.ts";

/** Counts of drops by lane. */
export class LaneDrops {
  readonly #lanes = new Map<string, { readonly lane: LaneId; readonly drops: Drops }>();

  add(lane: LaneId, reason: DropReason): void {
    const key = JSON.stringify([lane.tenant, lane.agent, lane.signal]);
    let known = this.#lanes.get(key);
    if (known === undefined) this.#lanes.set(key, (known = { lane, drops: {} }));
    known.drops[reason] = (known.drops[reason] ?? 0) + 1;
  }

  list(): { readonly lane: LaneId; readonly drops: Drops }[] {
    return [...this.#lanes.values()];
  }
}
