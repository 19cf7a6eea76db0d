import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SentAlert } from "../sent_alerts.ts";
import { AlertQueue } from "./alert_queue.ts";
import type { AlertingConfig } from "./config.ts";
import { endpointsOf } from "./endpoints.ts";
import { AlertmanagerMeters } from "./meters.ts";
import { relabelledAlerts } from "./relabelled_alerts.ts";

export type AlertmanagersParts = {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly fetch: typeof fetch;
  /** Gives alerts to Lapwing's own Alertmanager. */
  readonly sendOwn: (alerts: readonly SentAlert[]) => void;
};

/** What APIs show of the Alertmanagers. */
export type AlertmanagersView = {
  /** URLs of POST /api/v2/alerts. */
  readonly active: readonly string[];
  readonly dropped: readonly string[];
};

/** Everyone who gets the alerts of rules: Lapwing's own Alertmanager, and external ones. */
export class Alertmanagers {
  readonly #parts: AlertmanagersParts;
  readonly #meters: AlertmanagerMeters;
  readonly #failures: RepeatedWarning;
  #config: AlertingConfig;
  #queues: AlertQueue[] = [];
  #dropped: readonly string[] = [];
  /** Of Alertmanagers that left the configuration. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(config: AlertingConfig, parts: AlertmanagersParts) {
    const { clock, log, metrics } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#failures = new RepeatedWarning(log, clock, "an external Alertmanager took no alerts");
    this.#meters = new AlertmanagerMeters(metrics, () => ({
      queues: this.#queues.map(({ endpoint, length }) => ({ alertmanager: endpoint.url, length })),
      capacity: this.#config.queue_max,
    }));
    this.configure(config);
  }

  get view(): AlertmanagersView {
    return { active: this.#queues.map(({ endpoint }) => endpoint.url), dropped: this.#dropped };
  }

  /** Why alerts may reach no one now, or undefined. `ownTrouble`: of Lapwing's own Alertmanager. */
  trouble(ownTrouble: string | undefined): string | undefined {
    const { own_alertmanager: isOwn } = this.#config;
    if (isOwn && ownTrouble !== undefined) return ownTrouble;
    if (this.#queues.length === 0) return isOwn ? undefined : "no Alertmanager gets the alerts";
    return this.#queues.every(({ isFailing }) => isFailing)
      ? "no external Alertmanager takes alerts"
      : undefined;
  }

  /** Alertmanagers whose settings stay keep what waits for them. */
  configure(config: AlertingConfig): void {
    this.#config = config;
    const { active, dropped } = endpointsOf(config.alertmanagers);
    this.#dropped = dropped;
    const before = new Set(this.#queues);
    this.#queues = active.map((endpoint) => {
      const same = [...before].find((queue) => Bun.deepEquals(queue.endpoint, endpoint));
      if (same !== undefined) before.delete(same);
      return same ?? this.#newQueue(endpoint);
    });
    for (const queue of before) {
      const leaving = queue.stop().finally(() => this.#leaving.delete(leaving));
      this.#leaving.add(leaving);
    }
  }

  send(alerts: readonly SentAlert[]): void {
    const { alert_relabel_configs: rules, own_alertmanager: isOwn, queue_max: most } = this.#config;
    const wanted = relabelledAlerts(alerts, rules);
    if (wanted.length === 0) return;
    if (isOwn) this.#parts.sendOwn(wanted);
    for (const queue of this.#queues) queue.put(wanted, most);
  }

  /** Sends what waits, for a few seconds. */
  async stop(): Promise<void> {
    await Promise.all([...this.#queues.map((queue) => queue.stop()), ...this.#leaving]);
  }

  #newQueue(endpoint: AlertQueue["endpoint"]): AlertQueue {
    const { clock, fetch } = this.#parts;
    return new AlertQueue(endpoint, {
      clock,
      fetch,
      meters: this.#meters,
      onFailure: (alertmanager, alerts, error) =>
        this.#failures.warn(() => ({ alertmanager, alerts, error })),
    });
  }
}
