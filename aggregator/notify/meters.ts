import type { FailureReason } from "#aggregator/channels/channel.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { SuppressedReason } from "./pipeline/suppression.ts";

type Sizes = {
  readonly alerts: { readonly active: number; readonly suppressed: number };
  readonly silences: Readonly<Record<"active" | "pending" | "expired", number>>;
  readonly groups: number;
  readonly deliveries: number;
  readonly log: number;
};

/** Alertmanager's metrics, with our names. */
export class NotifyMeters {
  readonly #received;
  readonly #invalid;
  readonly #refused;
  readonly #notifications;
  readonly #failed;
  readonly #attempts;
  readonly #failedAttempts;
  readonly #suppressed;
  readonly #refusedGroups;
  readonly #isRead;
  readonly #readAt;

  constructor(metrics: SelfMetrics, sizes: () => Sizes) {
    const counter = <Name extends string>(
      name: string,
      help: string,
      labels: readonly Name[] = [],
    ) => metrics.counter(`lapwing_alertmanager_${name}`, help, labels);
    const gauge = <Name extends string>(name: string, help: string, labels: readonly Name[] = []) =>
      metrics.gauge(`lapwing_alertmanager_${name}`, help, labels);
    this.#received = counter("alerts_received_total", "Received alerts.", ["status"]);
    this.#invalid = counter("alerts_invalid_total", "Received alerts that were invalid.");
    this.#refused = counter("alerts_limited_total", "Alerts refused because of alerts_max.");
    this.#notifications = counter("notifications_total", "Attempted notifications.", [
      "integration",
    ]);
    this.#failed = counter("notifications_failed_total", "Failed notifications.", [
      "integration",
      "reason",
    ]);
    this.#attempts = counter("notification_requests_total", "Attempts to send a notification.", [
      "integration",
    ]);
    this.#failedAttempts = counter(
      "notification_requests_failed_total",
      "Failed attempts to send a notification.",
      ["integration"],
    );
    this.#suppressed = counter(
      "notifications_suppressed_total",
      "Alerts that were not sent for being silenced, inhibited, or outside of active intervals.",
      ["reason"],
    );
    this.#refusedGroups = counter(
      "aggregation_group_limit_reached_total",
      "Alerts that were not grouped because of groups_max.",
    );
    this.#isRead = gauge(
      "config_last_reload_successful",
      "Whether the last reload of the configuration file was successful.",
    );
    this.#readAt = gauge(
      "config_last_reload_success_timestamp_seconds",
      "When the configuration file was last reloaded successfully.",
    );
    const alerts = gauge("alerts", "Alerts by state.", ["state"]);
    const silences = gauge("silences", "Silences by state.", ["state"]);
    const groups = gauge("dispatcher_aggregation_groups", "Groups of alerts.");
    const queue = gauge("notifications_queue_length", "Notifications under way.");
    const log = gauge("nflog_entries", "Entries of the notification log.");
    metrics.onCollect(() => {
      const now = sizes();
      for (const [state, number] of Object.entries(now.alerts)) alerts.set({ state }, number);
      for (const [state, number] of Object.entries(now.silences)) silences.set({ state }, number);
      groups.set(now.groups);
      queue.set(now.deliveries);
      log.set(now.log);
    });
  }

  received(isResolved: boolean): void {
    this.#received.inc({ status: isResolved ? "resolved" : "firing" });
  }

  invalid(): void {
    this.#invalid.inc();
  }

  refused(): void {
    this.#refused.inc();
  }

  refusedGroup(): void {
    this.#refusedGroups.inc();
  }

  suppressed(reason: SuppressedReason, alerts: number): void {
    this.#suppressed.inc({ reason }, alerts);
  }

  notified(integration: string): void {
    this.#notifications.inc({ integration });
  }

  failed(integration: string, reason: FailureReason): void {
    this.#failed.inc({ integration, reason });
  }

  attempted(integration: string, isSent: boolean): void {
    this.#attempts.inc({ integration });
    if (!isSent) this.#failedAttempts.inc({ integration });
  }

  wasRead(isGood: boolean, nowMs: number): void {
    this.#isRead.set(isGood ? 1 : 0);
    if (isGood) this.#readAt.set(nowMs / 1_000);
  }
}
