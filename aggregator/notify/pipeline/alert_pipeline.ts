import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { SendOutcome } from "#aggregator/channels/channel.ts";
import type { AlertmanagerConfig } from "../config/alertmanager_config.ts";
import type { ReceivedAlert } from "./alert.ts";
import { isResolved } from "./alert.ts";
import type { AlertGroup } from "./alert_group.ts";
import { AlertStore } from "./alert_store.ts";
import { Deliveries, type Delivery, type DeliveryParts } from "./deliveries.ts";
import { Dispatcher } from "./dispatcher.ts";
import { type FlushParts, flushGroup } from "./flush.ts";
import { Inhibitor } from "./inhibitor.ts";
import type { NotificationLog } from "./notification_log.ts";
import type { Now } from "./now.ts";
import type { Silencer } from "./suppression.ts";
import { Timers } from "./timers.ts";

export type PipelineLimits = {
  /** Alerts that are kept; others are refused. 0 for no limit. */
  readonly alertsMax: number;
  /** Groups that are kept; alerts that would need others are not notified. 0 for no limit. */
  readonly groupsMax: number;
};

export type PipelineParts = Pick<
  DeliveryParts,
  "attempt" | "cancel" | "onSettled" | "onNoted" | "random"
> &
  Pick<FlushParts, "externalUrl" | "onSuppressed"> & {
    readonly now: Now;
    readonly silencer: Silencer;
    readonly log: NotificationLog;
    readonly limits: PipelineLimits;
    readonly onGroupRefused: () => void;
    readonly renderLabels: (group: AlertGroup, alerts: readonly NotifiedAlert[]) => Labels;
  };

/** How often resolved alerts are forgotten. */
const cleanEveryMs = 60_000;

/**
 * Alertmanager from the alerts to the channels: store, groups, inhibition, mute times, silences, deduplication, retries. It holds no
 * clock, timer or socket: the caller runs runOne() when `dueMs` has come, and attempted() with the outcome of an attempt. So tests and
 * backtests run weeks in seconds.
 */
export class AlertPipeline {
  readonly #parts: PipelineParts;
  readonly #timers = new Timers();
  readonly #store: AlertStore;
  readonly #deliveries: Deliveries;
  #config: AlertmanagerConfig;
  #inhibitor: Inhibitor;
  #dispatcher: Dispatcher;

  constructor(config: AlertmanagerConfig, parts: PipelineParts) {
    this.#parts = parts;
    this.#config = config;
    this.#store = new AlertStore(parts.limits.alertsMax);
    this.#deliveries = new Deliveries({ ...parts, timers: this.#timers });
    this.#inhibitor = new Inhibitor(config);
    this.#dispatcher = this.#newDispatcher();
    this.#scheduleCleaning();
  }

  get config(): AlertmanagerConfig {
    return this.#config;
  }

  /** When there is something to do next, by the timers' clock. */
  get dueMs(): number | undefined {
    return this.#timers.dueMs;
  }

  /** Does one thing that is due; false where nothing is. */
  runOne(): boolean {
    return this.#timers.runOne(this.#parts.now().timerMs);
  }

  get groups(): readonly AlertGroup[] {
    return this.#dispatcher.groups;
  }

  get sizes() {
    return {
      alerts: this.#store.size,
      groups: this.#dispatcher.size,
      deliveries: this.#deliveries.size,
      log: this.#parts.log.size,
    };
  }

  /** Takes an alert as receivedAlert() gives it. The alert as it is kept, or undefined where there are too many. */
  put(alert: ReceivedAlert): ReceivedAlert | undefined {
    const kept = this.#store.put(alert);
    if (kept === undefined) return undefined;
    this.#inhibitor.add(kept);
    this.#dispatcher.put(kept);
    return kept;
  }

  /** Alerts that are not resolved. */
  *active(): Generator<ReceivedAlert> {
    const { wallMs } = this.#parts.now();
    for (const alert of this.#store.values()) if (!isResolved(alert, wallMs)) yield alert;
  }

  /** The fingerprint of the alert that inhibits one with these labels, or undefined. */
  inhibitedBy(labels: Labels): string | undefined {
    return this.#inhibitor.sourceOf(labels, this.#parts.now().wallMs);
  }

  /** The fingerprint of the alert that inhibits one with these labels because of `dependencies`, or undefined. */
  causeOf(labels: Labels): string | undefined {
    return this.#inhibitor.causeOf(labels, this.#parts.now().wallMs);
  }

  attempted(delivery: Delivery, outcome: SendOutcome): void {
    this.#deliveries.attempted(delivery, outcome);
  }

  /** Puts another configuration in force: alerts are grouped again; unchanged groups are due when they were. */
  configure(config: AlertmanagerConfig): void {
    this.#config = config;
    this.#inhibitor = new Inhibitor(config);
    const before = this.#dispatcher;
    before.stop();
    this.#dispatcher = this.#newDispatcher();
    const known = new Map(this.#store.values().map((alert) => [alert.fingerprint, alert]));
    // Resolved alerts of which an integration has not heard are in groups alone.
    for (const group of before.groups)
      for (const alert of group.alerts)
        if (!known.has(alert.fingerprint)) known.set(alert.fingerprint, alert);
    for (const alert of known.values()) {
      this.#inhibitor.add(alert);
      this.#dispatcher.put(alert);
    }
    this.#dispatcher.takeOver(before);
  }

  /** The wall clock was set: alerts fire as long as they would have, and repeats are due when they would have been. */
  clockWasSet(byMs: number): void {
    this.#parts.log.shift(byMs);
    const { wallMs } = this.#parts.now();
    for (const alert of this.#store.values().toArray()) {
      if (isResolved(alert, wallMs - byMs)) continue;
      const moved = { ...alert, endsAtMs: alert.endsAtMs + byMs, updatedAtMs: wallMs };
      this.#store.replace(moved);
      this.#inhibitor.add(moved);
      this.#dispatcher.put(moved);
    }
  }

  stop(): void {
    this.#dispatcher.stop();
    this.#deliveries.stop();
  }

  #newDispatcher(): Dispatcher {
    const { now, limits, onGroupRefused, silencer, log, externalUrl, onSuppressed, renderLabels } =
      this.#parts;
    const { groupsMax } = limits;
    const lent = { silencer, log, externalUrl, onSuppressed, renderLabels };
    const [config, inhibitor, deliveries] = [this.#config, this.#inhibitor, this.#deliveries];
    return new Dispatcher({
      route: config.route,
      timers: this.#timers,
      now,
      groupsMax,
      onGroupRefused,
      flush: (group, nowMs, onSettled) =>
        flushGroup(group, { ...lent, config, inhibitor, deliveries }, nowMs, onSettled),
    });
  }

  #scheduleCleaning(): void {
    this.#timers.at(this.#parts.now().timerMs + cleanEveryMs, () => {
      this.#scheduleCleaning();
      const { wallMs } = this.#parts.now();
      this.#store.clean(wallMs);
      this.#inhibitor.clean(wallMs);
      this.#parts.log.clean(wallMs);
    });
  }
}
