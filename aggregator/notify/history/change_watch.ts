import { type Labels, labelsKey } from "#shared/model/labels.ts";
import type { AlertChange, ChangeState, GroupPlace, OpenAlert } from "./alert_change.ts";

/** An alerting rule after an evaluation of its group. */
export type ObservedRule = {
  readonly name: string;
  readonly alerts: Iterable<ObservedAlert>;
  /** False while its alerts are those of before: it has failed, or alerts of before a start are not restored yet. */
  readonly isSettled: boolean;
};
export type ObservedAlert = {
  readonly labels: Labels;
  readonly state: "inactive" | "pending" | "firing";
  readonly value: number;
};
type Received = { readonly labels: Labels; readonly isResolved: boolean };
type Change = Omit<AlertChange, "id" | "atMs">;

/** Alerts of other servers. */
const received = "";

/**
 * Compares alerts with what they were, and returns what changed. It knows pending and firing alerts only, so it needs memory for those
 * that the rules hold anyway. After a start it goes on from the alerts that the catalog has as pending or firing.
 */
export class ChangeWatch {
  /** By group, then by labels. */
  readonly #open = new Map<string, Map<string, OpenAlert>>();

  constructor(known: readonly OpenAlert[]) {
    for (const alert of known) this.#of(alert.group).set(labelsKey(alert.labels), alert);
  }

  /** All rules of a group after an evaluation. */
  evaluated(group: GroupPlace, rules: readonly ObservedRule[]): Change[] {
    const open = this.#of(group);
    const changes: Change[] = [];
    const seen = new Set<string>();
    const unsettled = new Set<string>();
    for (const { name, alerts, isSettled } of rules) {
      if (!isSettled) unsettled.add(name);
      for (const { labels, state, value } of alerts) {
        const key = labelsKey(labels);
        if (state === "inactive") continue;
        seen.add(key);
        const before = open.get(key)?.state;
        // A start makes firing alerts pending until they are restored.
        const stays = before === state || (before === "firing" && !isSettled);
        open.set(key, { labels, state: stays ? before : state, value, group });
        if (!stays) changes.push({ labels, state, value, group });
      }
    }
    for (const [key, alert] of open)
      if (!seen.has(key) && !unsettled.has(alert.labels["alertname"] ?? ""))
        changes.push(this.#close(key, alert));
    return changes;
  }

  /** Alerts that other servers have sent. */
  received(alerts: Iterable<Received>): Change[] {
    const open = this.#of(undefined);
    const changes: Change[] = [];
    for (const { labels, isResolved } of alerts) {
      const key = labelsKey(labels);
      const before = open.get(key);
      if (isResolved) {
        if (before !== undefined) changes.push(this.#close(key, before));
      } else if (before === undefined) {
        const alert = { labels, state: "firing", value: undefined, group: undefined } as const;
        open.set(key, alert);
        changes.push(alert);
      }
    }
    return changes;
  }

  /** Ends alerts of groups that are no more, and those that other servers no longer send. */
  ended(isGroup: (group: GroupPlace) => boolean, isReceived: (key: string) => boolean): Change[] {
    const changes: Change[] = [];
    for (const [place, open] of this.#open) {
      for (const [key, alert] of open) {
        const isThere = alert.group === undefined ? isReceived(key) : isGroup(alert.group);
        if (!isThere) changes.push(this.#close(key, alert));
      }
      if (open.size === 0) this.#open.delete(place);
    }
    return changes;
  }

  #close(key: string, alert: OpenAlert): Change {
    this.#of(alert.group).delete(key);
    const state: ChangeState = alert.state === "firing" ? "resolved" : "inactive";
    return { ...alert, state };
  }

  #of(group: GroupPlace | undefined): Map<string, OpenAlert> {
    const place = group === undefined ? received : JSON.stringify([group.file, group.name]);
    const found = this.#open.get(place);
    if (found !== undefined) return found;
    const made = new Map<string, OpenAlert>();
    this.#open.set(place, made);
    return made;
  }
}
