import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import { type ReceivedAlert, isResolved } from "./pipeline/alert.ts";
import type { NotifyState } from "./state/notify_state.ts";

/** Rows of one transaction: SQLite keeps the thread meanwhile. */
const writtenAtOnce = 400;

type AlertRows = Pick<NotifyState, "saveAlerts" | "removeAlerts">;

/**
 * The alerts in the catalog. Written is what a restart needs: that an alert is there, and whether it fires; not each time that its
 * sender repeats it.
 */
export class RememberedAlerts {
  readonly #rows: AlertRows;
  /** By fingerprint: what was written, shortened. */
  readonly #written = new Map<string, string>();

  constructor(rows: AlertRows, known: readonly ReceivedAlert[]) {
    this.#rows = rows;
    for (const alert of known) this.#written.set(alert.fingerprint, markOf(alert));
  }

  /** Writes those that are new or changed. */
  async save(alerts: readonly ReceivedAlert[]): Promise<void> {
    const changed = alerts.filter(
      (alert) => this.#written.get(alert.fingerprint) !== markOf(alert),
    );
    for (let from = 0; from < changed.length; from += writtenAtOnce) {
      const some = changed.slice(from, from + writtenAtOnce);
      await this.#rows.saveAlerts(some);
      for (const alert of some) this.#written.set(alert.fingerprint, markOf(alert));
      if (isTurnOver()) await nextTurn();
    }
  }

  /** Writes that alerts are resolved which receivers were notified of as such: they must not fire again after a restart. */
  async resolved(alerts: readonly NotifiedAlert[], fires: (fingerprint: string) => boolean) {
    const over = alerts.flatMap((alert): ReceivedAlert[] => {
      const { fingerprint, labels, annotations, startsAtMs, endsAtMs, generatorUrl } = alert;
      if (endsAtMs === undefined || !this.#written.has(fingerprint) || fires(fingerprint))
        return [];
      const times = { startsAtMs, endsAtMs, updatedAtMs: endsAtMs };
      return [{ fingerprint, labels, annotations, ...times, generatorUrl, hasTimeout: false }];
    });
    await this.save(over);
  }

  /** Forgets all but these. */
  async keepOnly(isKept: (fingerprint: string) => boolean): Promise<void> {
    const gone = [...this.#written.keys()].filter((fingerprint) => !isKept(fingerprint));
    for (let from = 0; from < gone.length; from += writtenAtOnce) {
      const some = gone.slice(from, from + writtenAtOnce);
      await this.#rows.removeAlerts(some);
      for (const fingerprint of some) this.#written.delete(fingerprint);
      if (isTurnOver()) await nextTurn();
    }
  }
}

/** Alerts as they go on after a start: what fired fires until its sender had time to repeat it. */
export function alertsAfterStart(
  alerts: readonly ReceivedAlert[],
  nowMs: number,
  resolveTimeoutMs: number,
): ReceivedAlert[] {
  return alerts.map((alert) => {
    if (isResolved(alert, alert.updatedAtMs)) return alert;
    const endsAtMs = Math.max(alert.endsAtMs, nowMs + resolveTimeoutMs);
    return { ...alert, endsAtMs, updatedAtMs: nowMs, hasTimeout: true };
  });
}

/** Without annotations: values in them change with each evaluation, and the sender repeats them soon after a start. */
function markOf(alert: ReceivedAlert): string {
  const fires = !isResolved(alert, alert.updatedAtMs);
  return `${fires} ${alert.startsAtMs}`;
}
