import type { Clock } from "#shared/runtime/clock.ts";

/** A pause is made up for at most so far: after a quiet time there is no flood. */
const burstMs = 250;
const chunkMaxBytes = 64 * 1024;

/** Keeps what is sent of a backlog to a rate. */
export class BacklogPace {
  readonly #clock: Clock;
  readonly #ownRate: number;
  #toldRate = Infinity;
  #dueMs = 0;

  /** Bytes a second. */
  constructor(clock: Clock, rate: number) {
    this.#clock = clock;
    this.#ownRate = rate;
  }

  /** What the aggregator asks for, bytes a second; 0 for no limit of its own. */
  limitTo(rate: number): void {
    this.#toldRate = rate > 0 ? rate : Infinity;
  }

  get rate(): number {
    return Math.min(this.#ownRate, this.#toldRate);
  }

  /** What is sent at a time; between two of these what is new goes first. */
  get chunkBytes(): number {
    return Math.min(chunkMaxBytes, (this.rate * burstMs) / 1_000);
  }

  /** How long to wait before the next of them, 0 or more. */
  waitMs(): number {
    return Math.max(0, this.#dueMs - this.#clock.monotonic());
  }

  sent(bytes: number): void {
    const nowMs = this.#clock.monotonic();
    this.#dueMs = Math.max(this.#dueMs, nowMs - burstMs) + (bytes / this.rate) * 1_000;
  }
}
