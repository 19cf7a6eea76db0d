import type { LaneCommit } from "../read/store.ts";
import type { DropReason, Drops } from "#shared/model/account.ts";
import { addDrops, sumDrops, updateDrops } from "#shared/model/account.ts";

/** A lane's items, cumulative over its agent's life; all of its chains count here. */
export class LaneCounts {
  /** Taken, and not found to be no good. */
  #stored = 0;
  #seen = 0;
  #dropped: Drops = {};
  #agentDropped: Drops = {};

  constructor(from?: LaneCommit) {
    if (from === undefined) return;
    this.#stored = from.stored;
    this.#seen = from.ahead.at(-1)?.itemsTotal ?? from.itemsTotal;
    this.#dropped = from.dropped;
    this.#agentDropped = from.agentDropped;
  }

  get stored(): number {
    return this.#stored;
  }
  /** Up to the newest frame ever seen or reported. */
  get seen(): number {
    return this.#seen;
  }
  /** Of frames: on the way or here. */
  get dropped(): Drops {
    return this.#dropped;
  }
  /** Before they reached a frame. */
  get agentDropped(): Drops {
    return this.#agentDropped;
  }

  /** The lane has so many items at least. */
  heardOf(itemsTotal: number): void {
    this.#seen = Math.max(this.#seen, itemsTotal);
  }
  agentDrops(drops: Readonly<Record<string, number>>): void {
    this.#agentDropped = updateDrops(this.#agentDropped, drops);
  }
  took(items: number, drops: Drops): void {
    this.#stored += items - sumDrops(drops);
    this.#dropped = addDrops(this.#dropped, drops);
  }
  /** Items that were taken turned out to be no good. */
  dropTaken(drops: Drops): void {
    this.took(0, drops);
  }
  /** Items that will not come. */
  lost(reason: DropReason, items: number): void {
    if (items > 0) this.#dropped = addDrops(this.#dropped, { [reason]: items });
  }
}
