import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
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
type Change = Omit<AlertChange, "id" | "atMs">;
/** Changed in place: thousands of alerts are looked at with each evaluation. */
type Known = { -readonly [Name in keyof OpenAlert]: OpenAlert[Name] };

/** Alerts of other servers. */
const received = "";

/**
 * Compares alerts with what they were, and returns what changed. It knows pending and firing alerts only, so it needs memory for those
 * that the rules hold anyway. After a start it goes on from the alerts that the catalog has as pending or firing.
 */
export class ChangeWatch {
  /** By group, then by labels. */
  readonly #open = new Map<string, Map<string, Known>>();
  /** An alert keeps its label set from evaluation to evaluation. */
  readonly #keys = new WeakMap<Labels, string>();

  constructor(known: readonly OpenAlert[]) {
    for (const alert of known) this.#of(alert.group).set(labelsKey(alert.labels), { ...alert });
  }

  /** All rules of a group after an evaluation, whose alerts stay as they are meanwhile. Makes pauses. */
  async evaluated(group: GroupPlace, rules: readonly ObservedRule[]): Promise<Change[]> {
    const open = this.#of(group);
    const changes: Change[] = [];
    const seen = new Set<string>();
    const unsettled = new Set<string>();
    for (const { name, alerts, isSettled } of rules) {
      if (!isSettled) unsettled.add(name);
      for (const { labels, state, value } of alerts) {
        if (isTurnOver()) await nextTurn();
        if (state === "inactive") continue;
        const key = this.#keyOf(labels);
        seen.add(key);
        const known = open.get(key);
        // A start makes firing alerts pending until they are restored.
        if (known?.state === state || (known?.state === "firing" && !isSettled)) {
          known.value = value;
          continue;
        }
        open.set(key, { labels, state, value, group });
        changes.push({ labels, state, value, group });
      }
    }
    for (const [key, alert] of open) {
      if (isTurnOver()) await nextTurn();
      if (!seen.has(key) && !unsettled.has(alert.labels["alertname"] ?? ""))
        changes.push(this.#close(key, alert));
    }
    return changes;
  }

  /** An alert that another server has sent. */
  received(labels: Labels, isResolved: boolean): Change[] {
    const open = this.#of(undefined);
    const key = labelsKey(labels);
    const before = open.get(key);
    if (isResolved) return before === undefined ? [] : [this.#close(key, before)];
    if (before !== undefined) return [];
    const alert = { labels, state: "firing", value: undefined, group: undefined } as const;
    open.set(key, { ...alert });
    return [alert];
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

  #keyOf(labels: Labels): string {
    const found = this.#keys.get(labels);
    if (found !== undefined) return found;
    const made = labelsKey(labels);
    this.#keys.set(labels, made);
    return made;
  }

  #of(group: GroupPlace | undefined): Map<string, Known> {
    const place = group === undefined ? received : JSON.stringify([group.file, group.name]);
    const found = this.#open.get(place);
    if (found !== undefined) return found;
    const made = new Map<string, Known>();
    this.#open.set(place, made);
    return made;
  }
}
