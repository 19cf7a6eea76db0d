import { isTurnOver, nextTurn } from "#shared/async/turns.ts";
import { messageOf } from "#shared/errors.ts";
import type { Clock } from "#shared/runtime/clock.ts";
import type { Logger } from "#shared/runtime/log.ts";
import { RepeatedWarning } from "#shared/runtime/repeated_warning.ts";
import type { SelfMetrics } from "#shared/runtime/self_metrics.ts";
import type { Labels } from "#shared/model/labels.ts";
import type { ChannelParts } from "#aggregator/channels/channel.ts";
import type { NotifiedAlert } from "#aggregator/channels/notification.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { AlertmanagerConfig } from "./config/alertmanager_config.ts";
import { AlertHistory } from "./history/alert_history.ts";
import { NotifyMeters } from "./meters.ts";
import { NotifierHealth } from "./notifier_health.ts";
import {
  type PostedAlert,
  type ReceivedAlert,
  alertFault,
  isResolved,
  receivedAlert,
} from "./pipeline/alert.ts";
import { AlertPipeline } from "./pipeline/alert_pipeline.ts";
import type { Delivery, Settled } from "./pipeline/deliveries.ts";
import type { AlertGroup } from "./pipeline/alert_group.ts";
import { notificationOf, notifiedAlert } from "./pipeline/notification_of.ts";
import { type LogEntry, NotificationLog } from "./pipeline/notification_log.ts";
import {
  type ReadParts,
  type ReadSettings,
  type Settings,
  noSettings,
  readSettings,
} from "./read_settings.ts";
import type { WebParts } from "./web_parts.ts";
import { RememberedAlerts, alertsAfterStart } from "./remembered_alerts.ts";
import { Sender } from "./sender.ts";
import { stateOf } from "./silences/silence.ts";
import { RecurringSilences } from "./silences/recurring_silences.ts";
import { SilenceBook } from "./silences/silence_book.ts";
import { TestSends } from "./test_send.ts";
import { NotifyState } from "./state/notify_state.ts";

export type AlertmanagerParts = ReadParts & {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: SelfMetrics;
  readonly catalog: Pick<Catalog, "fenced" | "transaction">;
  readonly tenant: string;
  readonly web?: WebParts;
};
/** The loop looks at the clock at least so often. */
const sleepMaxMs = 1_000;
const maintainEveryMs = 60_000;
/** A wall clock that moved so much more or less than time passed was set. */
const clockJumpMinMs = 5_000;
/** How long a stop waits for answers. */
const stopMaxMs = 3_000;
/** Alerts that are taken in one go. */
const putAtOnce = 100;

/** Lapwing's own Alertmanager: the pipeline with a clock, channels, and a memory in the catalog. */
export class Alertmanager {
  readonly startedMs: number;
  readonly silences: SilenceBook;
  readonly pipeline: AlertPipeline;
  readonly state: NotifyState;
  readonly testSends: TestSends;
  readonly recurring: RecurringSilences;
  readonly history: AlertHistory;
  readonly web: WebParts | undefined;
  readonly #parts: AlertmanagerParts;
  readonly #meters: NotifyMeters;
  readonly #sender: Sender;
  readonly #remembered: RememberedAlerts;
  readonly #stateFailures: RepeatedWarning;
  readonly #sendFailures: RepeatedWarning;
  readonly #stopped = new AbortController();
  #settings: Settings;
  #channelParts: ChannelParts;
  #wake = new AbortController();
  readonly #ended = new AbortController();
  readonly #health = new NotifierHealth();
  readonly #attempts = new Set<Promise<void>>();
  #running: Promise<void> = Promise.resolve();
  /** Why the file that is there now is not in force, or undefined. */
  fault: string | undefined;

  /** A file with mistakes does not keep a process from starting: it keeps alerts then, notifies no receiver, and `fault` says why. */
  static async open(settings: Settings, parts: AlertmanagerParts): Promise<Alertmanager> {
    const { clock, log, catalog, tenant } = parts;
    const state = new NotifyState(catalog, tenant);
    const known = await state.load(clock.now());
    let fault: string | undefined;
    let read: ReadSettings;
    try {
      read = await readSettings(settings, parts);
    } catch (thrown) {
      fault = messageOf(thrown);
      log.error("the configuration of the Alertmanager is not used", { error: fault });
      read = await noSettings(parts);
    }
    const history = await AlertHistory.open(parts);
    return new Alertmanager(settings, parts, { state, known, read, fault, history });
  }

  private constructor(
    settings: Settings,
    parts: AlertmanagerParts,
    opened: {
      readonly state: NotifyState;
      readonly known: Awaited<ReturnType<NotifyState["load"]>>;
      readonly read: ReadSettings;
      readonly history: AlertHistory;
      readonly fault: string | undefined;
    },
  ) {
    const { state, known, read, fault, history } = opened;
    const { clock, log, metrics } = parts;
    this.#parts = parts;
    this.#settings = settings;
    this.#channelParts = read.channelParts;
    this.startedMs = clock.now();
    this.state = state;
    this.web = parts.web;
    this.history = history;
    history.limitBy(() => this.#historyLimits());
    this.fault = fault;
    this.#stateFailures = new RepeatedWarning(log, clock, "notifications could not be recorded");
    this.#sendFailures = new RepeatedWarning(log, clock, "notifications failed");
    this.#meters = new NotifyMeters(metrics, () => this.#sizes());
    this.#meters.wasRead(fault === undefined, clock.now());
    this.#sender = new Sender({ concurrencyMax: settings.alertmanager.concurrency_max });
    this.silences = new SilenceBook(
      {
        now: () => clock.now(),
        limits: () => this.#silenceLimits(),
        save: (changed) => state.saveSilences(changed),
        remove: (ids) => state.removeSilences(ids),
      },
      known.silences,
    );
    this.recurring = new RecurringSilences(
      this.silences,
      {
        now: () => clock.now(),
        save: (recurrence) => state.saveRecurrence(recurrence),
        remove: (id) => state.removeRecurrence(id),
      },
      known.recurrences,
    );
    this.#remembered = new RememberedAlerts(state, known.alerts);
    this.pipeline = this.#newPipeline(read.config, known.entries);
    this.testSends = new TestSends({
      now: () => clock.now(),
      sender: this.#sender,
      state,
      config: () => this.pipeline.config,
      channelParts: () => this.#channelParts,
      externalUrl: () => this.#externalUrl(),
    });
    const { resolve_timeout: timeoutMs } = read.config.global;
    for (const alert of alertsAfterStart(known.alerts, clock.now(), timeoutMs))
      this.pipeline.put(alert);
  }

  start(): void {
    this.#running = this.#run();
  }

  /**
   * Reads the file again, and gives what puts it in force. Throws OperatingError("bad_request") with all mistakes: then the one of
   * before stays in force.
   */
  async prepare(settings: Settings): Promise<() => void> {
    const { clock } = this.#parts;
    try {
      const { config, channelParts } = await readSettings(settings, this.#parts);
      this.fault = undefined;
      return () => {
        this.#settings = settings;
        this.#channelParts = channelParts;
        this.pipeline.configure(config);
        this.#wake.abort();
      };
    } catch (thrown) {
      this.fault = messageOf(thrown);
      throw thrown;
    } finally {
      this.#meters.wasRead(this.fault === undefined, clock.now());
    }
  }

  /**
   * Takes alerts of other servers, or of the rules here, whose changes the history has from the rules themselves. Returns what is wrong
   * with those that are not taken; the others are, and survive a crash once this resolves.
   */
  async put(posted: readonly PostedAlert[], origin: "servers" | "rules" = "servers") {
    const faults: string[] = [];
    const kept: ReceivedAlert[] = [];
    const nowMs = this.#parts.clock.now();
    for (const [i, each] of posted.entries()) {
      if (i % putAtOnce === putAtOnce - 1 && isTurnOver()) await nextTurn();
      const alert = receivedAlert(each, nowMs, this.pipeline.config.global.resolve_timeout);
      this.#meters.received(isResolved(alert, nowMs));
      const fault = alertFault(alert);
      if (fault !== undefined) {
        this.#meters.invalid();
        faults.push(fault);
        continue;
      }
      const taken = this.pipeline.put(alert);
      if (taken !== undefined) {
        kept.push(taken);
        if (origin === "servers") this.history.received(taken.labels, isResolved(taken, nowMs));
      } else {
        this.#meters.refused();
        faults.push(`too many alerts (limit: ${this.#settings.alertmanager.alerts_max})`);
      }
    }
    this.#wake.abort();
    await this.#recorded(this.#remembered.save(kept));
    return faults;
  }

  /** Why notifications may reach no one now, or undefined. */
  trouble(): string | undefined {
    return this.#health.trouble(this.#parts.clock.monotonic());
  }

  /** Waits a while for answers; notifications that have none by then are sent again after the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    await this.#running;
    const { clock } = this.#parts;
    await Promise.race([Promise.all(this.#attempts), clock.sleep(stopMaxMs, this.#ended.signal)]);
    this.#ended.abort();
    this.pipeline.stop();
    await this.history.stop();
    await this.state.close();
  }

  #newPipeline(config: AlertmanagerConfig, entries: readonly LogEntry[]): AlertPipeline {
    const { clock } = this.#parts;
    const { alerts_max: alertsMax, groups_max: groupsMax } = this.#settings.alertmanager;
    return new AlertPipeline(config, {
      now: () => ({ wallMs: clock.now(), timerMs: clock.monotonic() }),
      silencer: this.silences,
      log: new NotificationLog(this.#settings.alertmanager.data_retention, entries),
      limits: { alertsMax, groupsMax },
      random: Math.random,
      externalUrl: () => this.#externalUrl(),
      onSuppressed: (reason, alerts) => this.#meters.suppressed(reason, alerts),
      onGroupRefused: () => this.#meters.refusedGroup(),
      onNoted: (entry) => void this.#recorded(this.state.saveEntry(entry)),
      onSettled: (delivery, settled) => void this.#settled(delivery, settled),
      attempt: (delivery) => this.#begin(delivery),
      cancel: (delivery) => this.#sender.cancel(delivery),
      renderLabels: (group, alerts) => this.#renderLabels(group, alerts),
    });
  }

  /** The labels of a group's route, which are templates, for the alerts that it has now. */
  routeLabels(group: AlertGroup): Labels {
    const nowMs = this.#parts.clock.now();
    return this.#renderLabels(
      group,
      group.alerts.map((alert) => notifiedAlert(alert, nowMs)),
    );
  }

  #renderLabels(group: AlertGroup, alerts: readonly NotifiedAlert[]): Labels {
    const { labels } = group.route;
    if (Object.keys(labels).length === 0) return labels;
    const externalUrl = this.#externalUrl();
    const rest = { alerts, externalUrl, routeLabels: labels, kept: {} };
    const { text } = this.#channelParts.textsOf(
      notificationOf(group, { ...rest, reason: "unknown" }),
    );
    return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, text(value)]));
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    const { signal } = this.#stopped;
    let [wallMs, timerMs] = [clock.now(), clock.monotonic()];
    let maintainedMs = timerMs;
    await this.#recorded(this.recurring.keepUp());
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const jumpMs = clock.now() - wallMs - (clock.monotonic() - timerMs);
      if (Math.abs(jumpMs) >= clockJumpMinMs) this.pipeline.clockWasSet(jumpMs);
      [wallMs, timerMs] = [clock.now(), clock.monotonic()];
      this.#health.turned(timerMs);
      while (!signal.aborted && this.pipeline.runOne()) if (isTurnOver()) await nextTurn();
      if (timerMs - maintainedMs >= maintainEveryMs) {
        maintainedMs = timerMs;
        await this.#maintain();
      }
      const dueMs = this.pipeline.dueMs ?? Infinity;
      await clock.sleep(Math.min(dueMs - clock.monotonic(), sleepMaxMs), this.#wake.signal);
    }
  }

  #begin(delivery: Delivery): void {
    const attempt = this.#attempt(delivery).finally(() => this.#attempts.delete(attempt));
    this.#attempts.add(attempt);
  }

  /** The row comes first, so that no notification is without a trace. */
  async #attempt(delivery: Delivery): Promise<void> {
    const { channel } = delivery.integration;
    if (delivery.attempts === 1) {
      this.#meters.notified(channel);
      // A catalog that is away keeps no alert from people.
      await this.#recorded(this.state.begin(delivery));
    }
    const outcome = await this.#sender.send(delivery, this.#channelParts);
    if (this.#ended.signal.aborted) return;
    this.#meters.attempted(channel, outcome.kind === "sent");
    this.pipeline.attempted(delivery, outcome);
    this.#wake.abort();
  }

  async #settled(delivery: Delivery, settled: Settled): Promise<void> {
    const { integration, key, notification, attempts } = delivery;
    const error = settled.kind === "failed" ? settled.error : undefined;
    this.#health.settled(error, this.#parts.clock.monotonic());
    if (settled.kind === "failed") {
      const { reason } = settled;
      this.#meters.failed(integration.channel, reason);
      const { receiver, integration: name, groupKey } = key;
      const fields = { receiver, integration: name, group: groupKey, attempts, reason, error };
      this.#sendFailures.warn(() => fields);
    }
    await this.#recorded(this.state.settle(delivery, settled, this.#parts.clock.now()));
    if (settled.kind !== "sent") return;
    const firing = this.#firing();
    await this.#recorded(
      this.#remembered.resolved(notification.alerts, (fingerprint) => firing().has(fingerprint)),
    );
  }

  /** Made only where it is asked for. */
  #firing(): () => ReadonlySet<string> {
    let known: ReadonlySet<string> | undefined;
    return () => (known ??= new Set([...this.pipeline.active()].map((alert) => alert.fingerprint)));
  }

  async #maintain(): Promise<void> {
    const kept = new Set([...this.pipeline.active()].map((alert) => alert.fingerprint));
    for (const group of this.pipeline.groups)
      for (const { fingerprint } of group.alerts) kept.add(fingerprint);
    await this.#recorded(this.#remembered.keepOnly((fingerprint) => kept.has(fingerprint)));
    await this.#recorded(this.recurring.keepUp());
    await this.#recorded(this.silences.clean());
    await this.#recorded(this.state.clean(this.#parts.clock.now()));
    await this.#recorded(this.history.maintain(this.pipeline.active()));
  }

  async #recorded(writing: Promise<unknown>): Promise<void> {
    try {
      await writing;
    } catch (thrown) {
      this.#stateFailures.warn(() => ({ error: messageOf(thrown) }));
    }
  }

  #externalUrl(): string {
    const { alertmanager, rules } = this.#settings;
    return (alertmanager.external_url || rules.external_url).replace(/\/+$/, "");
  }

  #silenceLimits() {
    const { silences_max, silence_size_max, data_retention } = this.#settings.alertmanager;
    return { silencesMax: silences_max, bytesMax: silence_size_max, retentionMs: data_retention };
  }

  #historyLimits() {
    const { history_retention: retentionMs, history_max: rowsMax } = this.#settings.alertmanager;
    return { retentionMs, rowsMax };
  }

  #sizes() {
    const nowMs = this.#parts.clock.now();
    const silences = { active: 0, pending: 0, expired: 0 };
    for (const silence of this.silences.all()) silences[stateOf(silence, nowMs)]++;
    const alerts = { active: 0, suppressed: 0 };
    for (const { labels } of this.pipeline.active()) {
      const isHidden =
        this.pipeline.inhibitedBy(labels) !== undefined ||
        this.silences.silencesOf(labels, nowMs).length > 0;
      alerts[isHidden ? "suppressed" : "active"]++;
    }
    return { ...this.pipeline.sizes, alerts, silences };
  }
}
