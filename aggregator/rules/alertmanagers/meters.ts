import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";

/**
 * Why an alert was not sent. queue_full: more waited than queue_max. failed: the Alertmanager did not take it. relabel: alert_relabel_configs
 * dropped it. stopped: it still waited when the process stopped or the Alertmanager left the configuration.
 */
export type DropReason = "queue_full" | "failed" | "relabel" | "stopped";

type Waiting = { readonly alertmanager: string; readonly length: number };

/** Prometheus's `prometheus_notifications_*`, by Alertmanager. */
export class AlertmanagerMeters {
  readonly #sent;
  readonly #errors;
  readonly #dropped;
  readonly #latency;

  constructor(
    metrics: SelfMetrics,
    read: () => { readonly queues: readonly Waiting[]; readonly capacity: number },
  ) {
    const labels = ["alertmanager"] as const;
    this.#sent = metrics.counter(
      "lapwing_notifications_sent_total",
      "Alerts of rules that were sent to an external Alertmanager.",
      labels,
    );
    this.#errors = metrics.counter(
      "lapwing_notifications_errors_total",
      "Alerts of rules that an external Alertmanager did not take.",
      labels,
    );
    this.#dropped = metrics.counter(
      "lapwing_notifications_dropped_total",
      "Alerts of rules that were dropped before an external Alertmanager took them, by reason.",
      ["alertmanager", "reason"],
    );
    this.#latency = metrics.histogram(
      "lapwing_notifications_latency_seconds",
      "How long external Alertmanagers took to answer.",
      [0.01, 0.1, 1, 10],
      labels,
    );
    const length = metrics.gauge(
      "lapwing_notifications_queue_length",
      "Alerts of rules that wait for an external Alertmanager.",
      labels,
    );
    const capacity = metrics.gauge(
      "lapwing_notifications_queue_capacity",
      "Alerts of rules that may wait for each external Alertmanager.",
    );
    const discovered = metrics.gauge(
      "lapwing_notifications_alertmanagers_discovered",
      "External Alertmanagers that get the alerts of rules.",
    );
    metrics.onCollect(() => {
      const { queues, capacity: most } = read();
      length.reset();
      for (const { alertmanager, length: waiting } of queues) length.set({ alertmanager }, waiting);
      capacity.set(most);
      discovered.set(queues.length);
    });
  }

  sent(alertmanager: string, alerts: number): void {
    this.#sent.inc({ alertmanager }, alerts);
  }

  failed(alertmanager: string, alerts: number): void {
    this.#errors.inc({ alertmanager }, alerts);
    this.dropped(alertmanager, "failed", alerts);
  }

  dropped(alertmanager: string, reason: DropReason, alerts: number): void {
    if (alerts > 0) this.#dropped.inc({ alertmanager, reason }, alerts);
  }

  answered(alertmanager: string, seconds: number): void {
    this.#latency.observe({ alertmanager }, seconds);
  }
}
