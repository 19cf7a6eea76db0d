import { assertNever } from "#shared/assert.ts";
import type { FailureReason, SendOutcome } from "#aggregator/channels/channel.ts";
import type { Notification } from "#aggregator/channels/notification.ts";
import type { Integration } from "../config/integration.ts";
import { type LogEntry, type LogKey, type NotificationLog, keyOf } from "./notification_log.ts";
import type { Now } from "./now.ts";
import type { Timers } from "./timers.ts";

/** One notification on its way to one integration. */
export type Delivery = {
  readonly id: string;
  readonly key: LogKey;
  readonly integration: Integration;
  readonly notification: Notification;
  readonly createdMs: number;
  /** How often it was tried, the running attempt included. */
  attempts: number;
};

/** What became of a delivery, once and for all. */
export type Settled =
  | { readonly kind: "sent"; readonly answer: string; readonly entry: LogEntry }
  | {
      readonly kind: "failed";
      readonly reason: FailureReason;
      readonly error: string;
      /** Whether it failed for good before its time was over. */
      readonly isFinal: boolean;
    };

export type DeliveryParts = {
  readonly timers: Timers;
  readonly now: Now;
  readonly log: NotificationLog;
  /** Starts an attempt, whose outcome comes back by attempted(). */
  readonly attempt: (delivery: Delivery) => void;
  /** The running attempt is of no use any more. */
  readonly cancel: (delivery: Delivery) => void;
  readonly onSettled: (delivery: Delivery, settled: Settled) => void;
  /** An entry of the log that nothing was sent for. */
  readonly onNoted: (entry: LogEntry) => void;
  /** 0 to 1: spreads retries. */
  readonly random: () => number;
};

export type Order = {
  readonly key: LogKey;
  readonly integration: Integration;
  readonly notification: Notification;
  /** What the log is to hold once it is sent. */
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly repeatIntervalMs: number;
  /** Attempts end after so long. */
  readonly timeoutMs: number;
  readonly onSettled: (isSent: boolean) => void;
};

type Running = {
  readonly delivery: Delivery;
  readonly order: Order;
  readonly cancels: (() => void)[];
  backoffMs: number;
  isAttempting: boolean;
  last: Extract<SendOutcome, { kind: "failed" }> | undefined;
};

/** Go's exponential backoff with its defaults, as Alertmanager uses it. */
const backoff = { firstMs: 500, factor: 1.5, spread: 0.5, maxMs: 60_000 } as const;

/** Deliveries that are under way, at most one for each group and integration. They go on over a reload. */
export class Deliveries {
  readonly #parts: DeliveryParts;
  readonly #running = new Map<string, Running>();
  #made = 0;
  readonly #run = Bun.randomUUIDv7();

  constructor(parts: DeliveryParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#running.size;
  }

  isBusy(key: LogKey): boolean {
    return this.#running.has(keyOf(key));
  }

  /** Logs a group as notified where its integration sends nothing of what happened. */
  note(entry: Omit<LogEntry, "notifiedMs" | "expiresMs">, repeatIntervalMs: number): void {
    const { log, now, onNoted } = this.#parts;
    onNoted(log.add(entry, now().wallMs, repeatIntervalMs));
  }

  start(order: Order): void {
    const { timers, now } = this.#parts;
    const { key, integration, notification, timeoutMs } = order;
    const delivery: Delivery = {
      id: `${this.#run}-${this.#made++}`,
      key,
      integration,
      notification,
      createdMs: now().wallMs,
      attempts: 0,
    };
    const running: Running = {
      delivery,
      order,
      cancels: [],
      backoffMs: backoff.firstMs,
      isAttempting: false,
      last: undefined,
    };
    this.#running.set(keyOf(key), running);
    running.cancels.push(timers.at(now().timerMs + timeoutMs, () => this.#giveUp(running)));
    this.#attempt(running);
  }

  /** The outcome of an attempt. What comes after its time is ignored. */
  attempted(delivery: Delivery, outcome: SendOutcome): void {
    const running = this.#running.get(keyOf(delivery.key));
    if (running === undefined || running.delivery !== delivery) return;
    running.isAttempting = false;
    switch (outcome.kind) {
      case "sent":
        return this.#sent(running, outcome);
      case "failed": {
        const { reason, error, isRetried } = outcome;
        if (!isRetried) return this.#failed(running, { reason, error, isFinal: true });
        running.last = outcome;
        return this.#retry(running, outcome.retryAfterMs);
      }
      default:
        return assertNever(outcome);
    }
  }

  /** Ends everything that waits; running attempts are cancelled. */
  stop(): void {
    for (const { delivery, cancels } of this.#running.values()) {
      for (const cancel of cancels) cancel();
      this.#parts.cancel(delivery);
    }
    this.#running.clear();
  }

  #attempt(running: Running): void {
    running.isAttempting = true;
    running.delivery.attempts++;
    this.#parts.attempt(running.delivery);
  }

  #retry(running: Running, retryAfterMs: number | undefined): void {
    const { timers, now, random } = this.#parts;
    const spread = 1 + backoff.spread * (2 * random() - 1);
    const waitMs = Math.max(running.backoffMs * spread, retryAfterMs ?? 0);
    running.backoffMs = Math.min(running.backoffMs * backoff.factor, backoff.maxMs);
    running.cancels.push(timers.at(now().timerMs + waitMs, () => this.#attempt(running)));
  }

  #giveUp(running: Running): void {
    if (running.isAttempting) this.#parts.cancel(running.delivery);
    const { reason, error } = running.last ?? {
      reason: "contextDeadlineExceeded" as const,
      error: "no answer in time",
    };
    this.#failed(running, { reason, error, isFinal: false });
  }

  #sent(running: Running, { answer, kept }: Extract<SendOutcome, { kind: "sent" }>): void {
    const { log, now, onSettled } = this.#parts;
    const { order, delivery } = running;
    const { key, firing, resolved, repeatIntervalMs, notification } = order;
    const entry = log.add(
      { ...key, firing, resolved, kept: kept ?? notification.kept },
      now().wallMs,
      repeatIntervalMs,
    );
    this.#end(running);
    onSettled(delivery, { kind: "sent", answer, entry });
    order.onSettled(true);
  }

  #failed(
    running: Running,
    failure: { reason: FailureReason; error: string; isFinal: boolean },
  ): void {
    this.#end(running);
    this.#parts.onSettled(running.delivery, { kind: "failed", ...failure });
    running.order.onSettled(false);
  }

  #end({ cancels, delivery }: Running): void {
    for (const cancel of cancels) cancel();
    this.#running.delete(keyOf(delivery.key));
  }
}
