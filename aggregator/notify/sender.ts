import type { ChannelParts, SendOutcome } from "#aggregator/channels/channel.ts";
import { messageOf } from "#shared/errors.ts";
import type { Delivery } from "./pipeline/deliveries.ts";

/** Attempts of one integration: those that run, and those that wait for a place. */
type Lane = { running: number; readonly waiting: Set<() => void> };
type Running = { readonly abort: AbortController; readonly startedMs: number };

export type SenderLimits = {
  /** Attempts of one integration at the same time. */
  readonly concurrencyMax: number;
  /** Of all integrations. Bun has 256 requests under way at most, and the rest of the process needs some of them. */
  readonly placesMax?: number;
  /** Beyond so many, an integration gets a single place. */
  readonly sharedMax?: number;
  /** An attempt that has run for so long makes way for an integration that has no place. */
  readonly slowMs?: number;
};

/** Sends notifications, a bounded number at a time: an integration that hangs keeps no other one from its service. */
export class Sender {
  readonly #concurrencyMax: number;
  readonly #placesMax: number;
  readonly #sharedMax: number;
  readonly #slowMs: number;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes in which something waits, those that waited longest first. */
  readonly #waiting = new Set<Lane>();
  readonly #aborts = new Map<Delivery, AbortController>();
  /** Attempts that hold a place, the oldest first. */
  readonly #running = new Set<Running>();
  #places = 0;
  #makesWay: ReturnType<typeof setTimeout> | undefined;

  constructor({ concurrencyMax, placesMax = 192, sharedMax = 96, slowMs = 10_000 }: SenderLimits) {
    this.#concurrencyMax = concurrencyMax;
    this.#placesMax = placesMax;
    this.#sharedMax = sharedMax;
    this.#slowMs = slowMs;
  }

  /** One attempt. Never rejects. A test waits for no other notification; its caller bounds how many there are. */
  async send(delivery: Delivery, parts: ChannelParts, why?: "test"): Promise<SendOutcome> {
    const abort = new AbortController();
    this.#aborts.set(delivery, abort);
    try {
      if (why === "test") return await attempt(delivery, parts, abort.signal);
      const lane = this.#laneOf(delivery);
      if (!(await this.#enter(lane, abort.signal))) return cancelled;
      return await this.#sendIn(lane, delivery, parts, abort);
    } finally {
      this.#aborts.delete(delivery);
    }
  }

  cancel(delivery: Delivery): void {
    this.#aborts.get(delivery)?.abort();
  }

  async #sendIn(
    lane: Lane,
    delivery: Delivery,
    parts: ChannelParts,
    abort: AbortController,
  ): Promise<SendOutcome> {
    const running = { abort, startedMs: performance.now() };
    this.#running.add(running);
    this.#makeWay();
    const outcome = await attempt(delivery, parts, abort.signal);
    this.#running.delete(running);
    lane.running--;
    this.#places--;
    this.#admit();
    return outcome;
  }

  #laneOf({ key: { receiver, integration } }: Delivery): Lane {
    const name = JSON.stringify([receiver, integration]);
    const lane = this.#lanes.get(name) ?? { running: 0, waiting: new Set() };
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Waits for a place; false where the signal comes first. */
  async #enter(lane: Lane, signal: AbortSignal): Promise<boolean> {
    if (lane.waiting.size === 0 && this.#hasPlace(lane)) {
      this.#take(lane);
      return true;
    }
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const enter = () => resolve(true);
    const giveUp = () => {
      lane.waiting.delete(enter);
      if (lane.waiting.size === 0) this.#waiting.delete(lane);
      resolve(false);
    };
    lane.waiting.add(enter);
    this.#waiting.add(lane);
    this.#makeWay();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  }

  #take(lane: Lane): void {
    lane.running++;
    this.#places++;
  }

  #hasPlace({ running }: Lane): boolean {
    if (running === 0) return this.#places < this.#placesMax;
    return running < this.#concurrencyMax && this.#places < this.#sharedMax;
  }

  /** Gives free places to those that wait, one to each lane in turn. */
  #admit(): void {
    for (const lane of this.#waiting) {
      const [next] = lane.waiting;
      if (next === undefined || !this.#hasPlace(lane)) continue;
      lane.waiting.delete(next);
      this.#take(lane);
      // Behind the others; this loop comes to it again.
      this.#waiting.delete(lane);
      if (lane.waiting.size > 0) this.#waiting.add(lane);
      next();
    }
    for (const [name, { running, waiting }] of this.#lanes)
      if (running === 0 && waiting.size === 0) this.#lanes.delete(name);
    this.#makeWay();
  }

  /** While a lane without a place waits, the oldest attempt ends once it is slow; it is tried again later. */
  #makeWay(): void {
    clearTimeout(this.#makesWay);
    const [oldest] = this.#running;
    if (oldest === undefined || !this.#waiting.values().some(({ running }) => running === 0))
      return;
    const leftMs = oldest.startedMs + this.#slowMs - performance.now();
    this.#makesWay = setTimeout(
      () => {
        oldest.abort.abort();
        this.#running.delete(oldest);
        this.#makeWay();
      },
      Math.max(0, leftMs),
    );
  }
}

async function attempt(
  { integration, notification }: Delivery,
  parts: ChannelParts,
  signal: AbortSignal,
): Promise<SendOutcome> {
  try {
    return await integration.send(notification, parts, signal);
  } catch (thrown) {
    // A channel's bug, which must not stop the others.
    return { kind: "failed", reason: "other", error: messageOf(thrown), isRetried: true };
  }
}

const cancelled: SendOutcome = {
  kind: "failed",
  reason: "contextDeadlineExceeded",
  error: "cancelled before it was sent",
  isRetried: true,
};
