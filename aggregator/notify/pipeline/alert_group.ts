import type { Labels } from "#shared/model/labels.ts";
import { compareAlertLabels, labelSetText } from "../routing/label_sets.ts";
import type { Route } from "../routing/route.ts";
import type { ReceivedAlert } from "./alert.ts";

/** Alerts of one route with the same values of the labels it groups by. */
export class AlertGroup {
  readonly route: Route;
  readonly labels: Labels;
  /** The same for every notification of the group, such as `{}/{team="a"}:{alertname="X"}`. */
  readonly key: string;
  /** Time intervals that mute it, as of its last flush. */
  mutedBy: readonly string[] = [];
  /** When it is flushed next, by the timers' clock. */
  flushMs = 0;
  cancelFlush: () => void = () => {};
  /** In the order of notifications. */
  #alerts: ReceivedAlert[] = [];
  readonly #byFingerprint = new Map<string, ReceivedAlert>();

  constructor(route: Route, labels: Labels) {
    this.route = route;
    this.labels = labels;
    this.key = `${route.key}:${labelSetText(labels)}`;
  }

  get alerts(): readonly ReceivedAlert[] {
    return this.#alerts;
  }

  get isEmpty(): boolean {
    return this.#alerts.length === 0;
  }

  /** Adds an alert, or puts it in the place of the one with its labels. */
  set(alert: ReceivedAlert): void {
    const place = this.#placeOf(alert.labels);
    const isKnown = this.#byFingerprint.has(alert.fingerprint);
    this.#alerts.splice(place, isKnown ? 1 : 0, alert);
    this.#byFingerprint.set(alert.fingerprint, alert);
  }

  /** Removes those of the alerts that have not come again since. */
  removeUnchanged(alerts: readonly ReceivedAlert[]): void {
    const gone = new Set<ReceivedAlert>();
    for (const alert of alerts) {
      if (this.#byFingerprint.get(alert.fingerprint) !== alert) continue;
      this.#byFingerprint.delete(alert.fingerprint);
      gone.add(alert);
    }
    if (gone.size > 0) this.#alerts = this.#alerts.filter((alert) => !gone.has(alert));
  }

  /** The first place whose alert does not come before these labels. */
  #placeOf(labels: Labels): number {
    let [low, high] = [0, this.#alerts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#alerts[middle];
      if (other !== undefined && compareAlertLabels(other.labels, labels) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
