import { type Route, allRoutes, groupLabelsOf, routesOf } from "../routing/route.ts";
import { labelsKey } from "#shared/model/labels.ts";
import type { ReceivedAlert } from "./alert.ts";
import { AlertGroup } from "./alert_group.ts";
import type { Now } from "./now.ts";
import type { Timers } from "./timers.ts";

export type DispatcherParts = {
  readonly route: Route;
  readonly timers: Timers;
  readonly now: Now;
  /** Calls `onSettled` when every integration has answered. */
  readonly flush: (group: AlertGroup, nowMs: number, onSettled: () => void) => void;
  /** Groups that may be there; alerts that would need another one are not notified. 0 for no limit. */
  readonly groupsMax: number;
  readonly onGroupRefused: () => void;
};

/** Puts alerts into the groups of their routes, and flushes each group when it is due (Alertmanager, dispatch). */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  /** By route, then by the labels of the group. */
  readonly #groups: ReadonlyMap<Route, Map<string, AlertGroup>>;
  #count = 0;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#groups = new Map(allRoutes(parts.route).map((route) => [route, new Map()]));
  }

  get groups(): AlertGroup[] {
    return [...this.#groups.values()].flatMap((groups) => [...groups.values()]);
  }

  get size(): number {
    return this.#count;
  }

  put(alert: ReceivedAlert): void {
    for (const route of routesOf(this.#parts.route, alert.labels)) this.#putInto(route, alert);
  }

  /** Groups that were there before a reload are due when they were, where their times are the same. */
  takeOver(before: Dispatcher): void {
    const known = new Map(before.groups.map((group) => [placeOf(group), group]));
    const { timerMs } = this.#parts.now();
    for (const group of this.groups) {
      const same = known.get(placeOf(group));
      if (same === undefined || !hasSameTimes(same.route, group.route)) continue;
      group.mutedBy = same.mutedBy;
      this.#schedule(group, Math.max(same.flushMs, timerMs));
    }
  }

  stop(): void {
    for (const group of this.groups) group.cancelFlush();
  }

  #putInto(route: Route, alert: ReceivedAlert): void {
    const groups = this.#groups.get(route);
    if (groups === undefined) return;
    const labels = groupLabelsOf(route, alert.labels);
    const key = labelsKey(labels);
    const known = groups.get(key);
    if (known !== undefined) return known.set(alert);
    const { groupsMax, onGroupRefused, now } = this.#parts;
    if (groupsMax > 0 && this.#count >= groupsMax) return onGroupRefused();
    const group = new AlertGroup(route, labels);
    group.set(alert);
    groups.set(key, group);
    this.#count++;
    const { wallMs, timerMs } = now();
    // An alert that waited elsewhere already does not wait again.
    const isOld = alert.startsAtMs + route.groupWaitMs < wallMs;
    this.#schedule(group, timerMs + (isOld ? 0 : route.groupWaitMs));
  }

  #schedule(group: AlertGroup, dueMs: number): void {
    group.cancelFlush();
    group.flushMs = dueMs;
    group.cancelFlush = this.#parts.timers.at(dueMs, () => this.#flush(group));
  }

  #flush(group: AlertGroup): void {
    const moment = this.#parts.now();
    if (group.isEmpty) return this.#remove(group);
    this.#parts.flush(group, moment.wallMs, () => {
      if (group.isEmpty) this.#remove(group);
    });
    // After the flush: what it sends is given up before the group is due again.
    if (!this.#has(group)) return;
    // Counted from when it was due, so that small delays do not add up.
    const { groupIntervalMs } = group.route;
    const isVeryLate = moment.timerMs - group.flushMs >= groupIntervalMs;
    this.#schedule(group, (isVeryLate ? moment.timerMs : group.flushMs) + groupIntervalMs);
  }

  #has(group: AlertGroup): boolean {
    return this.#groups.get(group.route)?.get(labelsKey(group.labels)) === group;
  }

  #remove(group: AlertGroup): void {
    group.cancelFlush();
    if (!this.#has(group)) return;
    this.#groups.get(group.route)?.delete(labelsKey(group.labels));
    this.#count--;
  }
}

function placeOf({ route, key }: AlertGroup): string {
  return JSON.stringify([route.id, key]);
}

function hasSameTimes(a: Route, b: Route): boolean {
  return a.groupWaitMs === b.groupWaitMs && a.groupIntervalMs === b.groupIntervalMs;
}
