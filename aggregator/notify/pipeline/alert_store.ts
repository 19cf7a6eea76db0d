import { type ReceivedAlert, isResolved, mergedAlert } from "./alert.ts";

/** Every alert that is known, by fingerprint. Resolved ones leave with the next cleaning. */
export class AlertStore {
  readonly #alerts = new Map<string, ReceivedAlert>();
  /** 0 for no limit. */
  readonly #alertsMax: number;

  constructor(alertsMax: number) {
    this.#alertsMax = alertsMax;
  }

  get size(): number {
    return this.#alerts.size;
  }

  values(): MapIterator<ReceivedAlert> {
    return this.#alerts.values();
  }

  /** The alert as it is kept: merged with what was known. undefined where there are too many. */
  put(alert: ReceivedAlert): ReceivedAlert | undefined {
    const known = this.#alerts.get(alert.fingerprint);
    if (known === undefined && this.#alertsMax > 0 && this.#alerts.size >= this.#alertsMax)
      return undefined;
    const kept = known === undefined ? alert : mergedAlert(known, alert);
    this.#alerts.set(alert.fingerprint, kept);
    return kept;
  }

  /** Puts an alert in the place of a known one, as it is. */
  replace(alert: ReceivedAlert): void {
    this.#alerts.set(alert.fingerprint, alert);
  }

  /** Forgets the resolved ones. */
  clean(nowMs: number): void {
    for (const [fingerprint, alert] of this.#alerts)
      if (isResolved(alert, nowMs)) this.#alerts.delete(fingerprint);
  }
}
