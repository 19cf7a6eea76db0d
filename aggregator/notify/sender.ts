import type { ChannelParts, SendOutcome } from "#aggregator/channels/channel.ts";
import { messageOf } from "#shared/errors.ts";
import type { Delivery } from "./pipeline/deliveries.ts";

/** Attempts that wait for others of the same integration, and those that run. */
type Lane = { running: number; readonly waiting: (() => void)[] };

/** Sends notifications, a bounded number at a time for each integration: a slow one delays no other. */
export class Sender {
  readonly #concurrencyMax: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #aborts = new Map<Delivery, AbortController>();

  constructor(concurrencyMax: number) {
    this.#concurrencyMax = concurrencyMax;
  }

  /** One attempt. Never rejects. */
  async send(delivery: Delivery, parts: ChannelParts): Promise<SendOutcome> {
    const abort = new AbortController();
    this.#aborts.set(delivery, abort);
    const { receiver, integration } = delivery.key;
    const name = JSON.stringify([receiver, integration]);
    const lane = this.#lanes.get(name) ?? { running: 0, waiting: [] };
    this.#lanes.set(name, lane);
    if (lane.running >= this.#concurrencyMax)
      await new Promise<void>((resolve) => lane.waiting.push(resolve));
    else lane.running++;
    try {
      if (abort.signal.aborted) return cancelled;
      return await delivery.integration.send(delivery.notification, parts, abort.signal);
    } catch (thrown) {
      // A channel's bug, which must not stop the others.
      return { kind: "failed", reason: "other", error: messageOf(thrown), isRetried: true };
    } finally {
      this.#aborts.delete(delivery);
      const next = lane.waiting.shift();
      if (next !== undefined) next();
      else if (--lane.running === 0) this.#lanes.delete(name);
    }
  }

  cancel(delivery: Delivery): void {
    this.#aborts.get(delivery)?.abort();
  }
}

const cancelled: SendOutcome = {
  kind: "failed",
  reason: "contextDeadlineExceeded",
  error: "cancelled before it was sent",
  isRetried: true,
};
