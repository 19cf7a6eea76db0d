import type { NotificationReason } from "#aggregator/channels/notification.ts";
import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { AlertmanagerConfig } from "../config/alertmanager_config.ts";
import { receivedAlert } from "../pipeline/alert.ts";
import { AlertPipeline } from "../pipeline/alert_pipeline.ts";
import type { Delivery } from "../pipeline/deliveries.ts";
import { NotificationLog } from "../pipeline/notification_log.ts";

/** An alert of the past that fired. Unix milliseconds. */
export type PastAlert = {
  readonly labels: Labels;
  readonly firedMs: number;
  /** undefined where it fires at the end. */
  readonly endedMs: number | undefined;
};

export type VirtualNotification = {
  readonly atMs: number;
  readonly receiver: string;
  /** Such as `webhook[0]`. */
  readonly integration: string;
  readonly reason: NotificationReason;
  readonly status: "firing" | "resolved";
  readonly groupLabels: Labels;
  /** Places of the alerts in what was given: those that fire in it, and those that are resolved. */
  readonly firing: readonly number[];
  readonly resolved: readonly number[];
};

const logRetentionMs = 120 * 3_600_000;
const hourMs = 3_600_000;

/**
 * The notifications that a configuration makes of alerts until `endMs`, in the order of time: by the pipeline that notifies people, with a clock
 * that jumps from one event to the next. Every attempt succeeds, and no silence holds. `signal` stops it: throws its reason.
 */
export async function notificationsOf(
  alerts: readonly PastAlert[],
  config: AlertmanagerConfig,
  { endMs, signal }: { readonly endMs: number; readonly signal?: AbortSignal },
): Promise<readonly VirtualNotification[]> {
  const world = new VirtualNotifier(alerts, config, endMs);
  while (world.step()) {
    signal?.throwIfAborted();
    if (isTurnOver()) await nextTurn();
  }
  return world.sent;
}

type Event = { readonly atMs: number; readonly place: number; readonly isEnd: boolean };

class VirtualNotifier {
  readonly sent: VirtualNotification[] = [];
  readonly #alerts: readonly PastAlert[];
  readonly #endMs: number;
  readonly #events: readonly Event[];
  readonly #pipeline: AlertPipeline;
  readonly #begun: Delivery[] = [];
  /** By fingerprint: the place of the alert that came last. */
  readonly #places = new Map<string, number>();
  #next = 0;
  #nowMs: number;

  constructor(alerts: readonly PastAlert[], config: AlertmanagerConfig, endMs: number) {
    this.#alerts = alerts;
    this.#endMs = endMs;
    this.#events = alerts
      .flatMap(({ firedMs, endedMs }, place): Event[] => [
        { atMs: firedMs, place, isEnd: false },
        ...(endedMs === undefined ? [] : [{ atMs: endedMs, place, isEnd: true }]),
      ])
      // An end comes before what begins at the same time: the same alert may fire again.
      .toSorted((a, b) => a.atMs - b.atMs || Number(b.isEnd) - Number(a.isEnd));
    this.#nowMs = this.#events[0]?.atMs ?? endMs;
    this.#pipeline = new AlertPipeline(config, {
      now: () => ({ wallMs: this.#nowMs, timerMs: this.#nowMs }),
      silencer: { silencesOf: () => [] },
      log: new NotificationLog(logRetentionMs),
      limits: { alertsMax: 0, groupsMax: 0 },
      externalUrl: () => "",
      renderLabels: ({ route }) => route.labels,
      random: () => 0.5,
      attempt: (delivery) => this.#begun.push(delivery),
      cancel: () => {},
      onSuppressed: () => {},
      onGroupRefused: () => {},
      onNoted: () => {},
      onSettled: (delivery) => this.#settled(delivery),
    });
  }

  /** Does what comes next; false at the end. */
  step(): boolean {
    const delivery = this.#begun.shift();
    if (delivery !== undefined) {
      this.#pipeline.attempted(delivery, { kind: "sent", answer: "" });
      return true;
    }
    const event = this.#events[this.#next];
    const eventMs = event?.atMs ?? Infinity;
    const dueMs = this.#pipeline.dueMs ?? Infinity;
    const nextMs = Math.min(eventMs, dueMs);
    if (nextMs > this.#endMs) return false;
    this.#nowMs = Math.max(this.#nowMs, nextMs);
    if (event === undefined || dueMs < eventMs) return this.#pipeline.runOne();
    this.#next++;
    this.#put(event);
    return true;
  }

  #put({ place, isEnd }: Event): void {
    const alert = this.#alerts[place];
    if (alert === undefined) return;
    const { labels, firedMs, endedMs } = alert;
    // One that fires does so until its end is given.
    const endsAtMs = (isEnd ? endedMs : undefined) ?? this.#endMs + hourMs;
    const received = receivedAlert(
      { labels, annotations: {}, generatorUrl: "", startsAtMs: firedMs, endsAtMs },
      this.#nowMs,
      0,
    );
    this.#places.set(received.fingerprint, place);
    this.#pipeline.put(received);
  }

  #settled({ key, notification }: Delivery): void {
    const placesOf = (status: string) =>
      notification.alerts.flatMap((alert) =>
        alert.status === status ? (this.#places.get(alert.fingerprint) ?? []) : [],
      );
    const { receiver, integration } = key;
    const { reason, status, groupLabels } = notification;
    const alerts = { firing: placesOf("firing"), resolved: placesOf("resolved") };
    this.sent.push({
      atMs: this.#nowMs,
      receiver,
      integration,
      reason,
      status,
      groupLabels,
      ...alerts,
    });
  }
}
